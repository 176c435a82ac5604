"""Payment files: every line is a payment or a rejected row; a file that is none says so in a sentence."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Final

from adapters.payments_csv import PaymentsFile, RejectedRow
from adapters.payments_file_lines import UnreadableFileError
from tests.fuzzing.target import Answer, Target, require_told

_HEAD: Final = b"payment_id,customer_id,amount,currency,status,created_at,kind,interval,stream\n"
_ROWS: Final = (
    b"p-1,c-1,49.90,EUR,completed,2024-05-17T09:00:00Z,payment,month,\n"
    b'p-2,"c,2",12,EUR,failed,2024-05-18T09:00:00+02:00,payment,year,shop\r\n'
    b"\n"
    b'"p-3","c""3",0.5,USD,completed,2024-05-19T09:00:00Z,refund,one_off,"shop"\n'
)
_DOCUMENTS: Final = (
    _HEAD + _ROWS,
    b"\xef\xbb\xbf"
    + _HEAD.replace(b",interval", b"")
    + b"p-1,c-1,49.90,EUR,completed,2024-05-17T09:00:00Z,payment,shop",
    b"kind,payment_id,customer_id,created_at,currency,status,amount\npayment,p,c,2024-05-17T09:00:00Z,EUR,completed,1\n",
    gzip.compress(_HEAD + _ROWS, mtime=0),
)


def check(data: bytes) -> Answer:
    """One file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "payments.csv"
        path.write_bytes(data)
        rows = 0
        try:
            for rows, row in enumerate(PaymentsFile(path), start=1):  # noqa: B007 - the last number is the answer
                if isinstance(row, RejectedRow):
                    require_told(row.reason)
                    assert row.field.isprintable()
                    assert row.row_number >= 2
        except UnreadableFileError as error:
            require_told(str(error).replace(folder, ""))
            return Answer("unreadable", max(1, rows))
    if not data.startswith(b"\x1f\x8b"):
        wanted = sum(1 for line in data.split(b"\n")[1:] if line.removesuffix(b"\r"))
        assert rows == wanted, f"{wanted} lines, {rows} answers"
    return Answer("read", max(1, rows))


TARGET: Final = Target("rows", _DOCUMENTS, check, share=15)
