"""Rows of a query as entries: every value as the text that the column of the CSV would hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from config.suggestions import did_you_mean
from machines.ports.faults import Permanent
from machines.ports.sources import Entry
from machines.revenue.reading_fields import FIELDS, REQUIRED_FIELDS

VALUE_CHARACTERS_MAX: Final = 4_096
_ROW_CHARACTERS: Final = 16


def check_columns(columns: Sequence[str], cursor_column: str) -> None:
    """Raise `Permanent` unless the columns are the CSV's and the cursor's."""
    wrong = [f"{name} is missing" for name in (*REQUIRED_FIELDS, cursor_column) if name not in columns]
    wrong += [f"{name} stands twice" for name in dict.fromkeys(columns) if columns.count(name) > 1]
    wrong += [
        f"{name[:40]!r} is unknown{did_you_mean(name, FIELDS)}"
        for name in columns
        if name not in FIELDS and name != cursor_column
    ]
    if wrong:
        raise Permanent(
            f"expected the columns {','.join(REQUIRED_FIELDS)} and the cursor's {cursor_column}, with or without "
            f"interval and stream, but {'; '.join(dict.fromkeys(wrong))}: name them in the query with AS"
        )


def row_of(fields: Mapping[str, str]) -> str:
    """What a row is recognised by."""
    identity = fields.get("payment_id", "")
    return hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:_ROW_CHARACTERS]


def entry_of(cursor: str, row: str, fields: dict[str, str]) -> Entry:
    """The entry of a row."""
    return Entry(f"{cursor}/{row}", fields)


def fields_of(columns: Sequence[str], values: Sequence[Any]) -> dict[str, str]:
    """The fields of a row. A value that cannot be read stays as it is, to be rejected with its row and nothing else."""
    fields: dict[str, str] = {}
    for name, value in zip(columns, values, strict=True):
        if name not in FIELDS or (value is None and name not in REQUIRED_FIELDS):
            continue
        text = _amount(value) if name == "amount" else _text(value)
        fields[name] = text[:VALUE_CHARACTERS_MAX].encode(errors="replace").decode()
    return fields


def _amount(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, float):
        return f"{value!r}, a float: CAST it"
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()  # without a zone where the column has none, and refused for it: whose noon was it?
    if isinstance(value, bytes | bytearray | memoryview):
        return "(bytes, expected text)"
    return str(value)
