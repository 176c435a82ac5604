"""A payments file, plain or `.gz` or standard input, row by row in bounded memory.

One line is one row: no field of a payment may hold a line end, so a quote that is never closed spoils its own line and
no other. A row that cannot be read is handed on as a `RejectedRow`, a file that cannot be read ends in
`UnreadableFileError`.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final, TextIO

import msgspec

from adapters.payments_file_lines import LINE_BYTES_MAX, OverlongLine, PaymentsLines, UnreadableFileError
from config.customer import reveal
from config.instants import instant_text
from config.money import amount_text
from config.suggestions import did_you_mean
from machines.revenue.payments import FieldError, Payment
from machines.revenue.reading_fields import FIELDS, REQUIRED_FIELDS, PaymentReader

__all__ = [
    "LINE_BYTES_MAX",
    "PaymentsFile",
    "RejectedRow",
    "UnreadableFileError",
    "write_payments_csv",
]

RAW_CHARACTERS_MAX: Final = 200
"""How much of a rejected row is kept to be read again."""
WHOLE_ROW: Final = "row"
"""The field of a rejection that concerns no single field."""


class RejectedRow(msgspec.Struct, frozen=True, gc=False):
    """A row that could not be taken. `row_number` is its line in the file, the header being line 1."""

    row_number: int
    field: str
    reason: str
    raw: str
    """The row as it stands, at most `RAW_CHARACTERS_MAX` characters."""


class PaymentsFile:
    """The payments of one file, to be iterated once; nothing is opened before.

    Yields `(row_number, Payment)` or a `RejectedRow` per row, in file order; blank lines are passed over. Raises
    `UnreadableFileError` when the file cannot be opened, is empty, binary, not UTF-8, cut off, or has a wrong header.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """`path` may be `-` for standard input."""
        self._lines = PaymentsLines(path)

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return self._lines.name

    @property
    def bytes_total(self) -> int | None:
        """The size on disk; None before iterating and where it is unknown (standard input, a pipe)."""
        return self._lines.bytes_total

    @property
    def bytes_read(self) -> int:
        """How far reading has come, in the same bytes as `bytes_total` (compressed ones of a `.gz`)."""
        return self._lines.bytes_read

    def __iter__(self) -> Iterator[tuple[int, Payment] | RejectedRow]:
        """The rows, streamed."""
        blocks = self._lines.blocks()
        header_line, rest = self._header(blocks)
        columns = _columns(header_line, self.name)
        pick: Callable[[list[str]], tuple[str, ...]] | None = None
        if columns != FIELDS[: len(columns)]:
            pick = _picking(columns)
        width = len(columns)
        read = PaymentReader().read
        row_number = 1
        for block in chain((rest,), blocks):
            if isinstance(block, OverlongLine):
                row_number += 1
                yield RejectedRow(row_number, WHOLE_ROW, block.reason, block.raw)
                continue
            for line in block:
                row_number += 1
                fields = line.split(",") if '"' not in line else _quoted(line)
                if fields is None or len(fields) != width:
                    if line:
                        yield RejectedRow(row_number, WHOLE_ROW, _misshapen(fields, columns), line[:RAW_CHARACTERS_MAX])
                    continue
                try:
                    payment = read(*fields) if pick is None else read(*pick(fields))
                except FieldError as error:
                    yield RejectedRow(row_number, error.field, str(error), line[:RAW_CHARACTERS_MAX])
                    continue
                yield row_number, payment

    def _header(self, blocks: Iterator[list[str] | OverlongLine]) -> tuple[str, list[str]]:
        """The first line, and what came with it."""
        first = next(blocks, None)
        if not first:
            raise UnreadableFileError(
                f"{self.name} is empty: expected a payments file whose first line is {','.join(REQUIRED_FIELDS)}"
            )
        if isinstance(first, OverlongLine):
            raise UnreadableFileError(
                f"{self.name} is no payments file: its first line is longer than {LINE_BYTES_MAX} bytes"
            )
        return first[0], first[1:]


def write_payments_csv(payments: Iterable[Payment], to: str | os.PathLike[str] | TextIO) -> int:
    """Write payments as a file that `PaymentsFile` reads back equal, all columns; how many rows were written."""
    if isinstance(to, str | os.PathLike):
        with Path(to).open("w", encoding="utf-8", newline="") as file:
            return write_payments_csv(payments, file)
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(FIELDS)
    rows = 0
    for rows, payment in enumerate(payments, start=1):  # noqa: B007 - the last number is the answer
        writer.writerow(
            (
                payment.payment_id,
                reveal(payment.customer_id),
                amount_text(payment.amount_micros),
                payment.currency,
                payment.status,
                instant_text(payment.created_at),
                payment.kind.value,
                payment.interval.value,
                payment.stream,
            )
        )
    return rows


def _columns(header_line: str, name: str) -> tuple[str, ...]:
    """The columns in file order, checked: every wrong one is named at once."""
    columns = _quoted(header_line)
    if columns is None:
        raise UnreadableFileError(f"{name}, line 1: a quote in the header is never closed")
    found = tuple(column.strip() for column in columns)
    wrong = [f"{column} is missing" for column in REQUIRED_FIELDS if column not in found]
    wrong += [f"{column} stands twice" for column in FIELDS if found.count(column) > 1]
    unknown = [column for column in found if column not in FIELDS]
    wrong += [f"{column[:40]!r} is unknown{did_you_mean(column, FIELDS)}" for column in unknown[:10]]
    if wrong:
        raise UnreadableFileError(
            f"{name}, line 1: expected the columns {','.join(REQUIRED_FIELDS)} in any order, with or without "
            f"interval and stream, but {'; '.join(wrong)}"
        )
    return found


def _picking(columns: tuple[str, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function from a row in file order to the fields in the order of `FIELDS`."""
    if "stream" in columns and "interval" not in columns:
        required = itemgetter(*(columns.index(field) for field in REQUIRED_FIELDS))
        stream = columns.index("stream")
        return lambda row: (*required(row), "", row[stream])
    return itemgetter(*(columns.index(field) for field in FIELDS if field in columns))


def _quoted(line: str) -> list[str] | None:
    """The fields of a line that may have quotes, by the rules of RFC 4180; None where it breaks them."""
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return None


def _misshapen(fields: list[str] | None, columns: tuple[str, ...]) -> str:
    """Why a row has not the shape of the header."""
    if fields is None:
        return "a quote is out of place or never closed on this line; a field cannot hold a line end"
    return f"expected {len(columns)} fields ({','.join(columns)}), found {len(fields)}"
