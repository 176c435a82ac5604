"""The rows of a file that is known to be whole, as entries."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from adapters.payments_file_lines import OverlongLine, PaymentsLines
from machines.ports.sources import Entry

RAW_CHARACTERS_MAX = 200


def entries_of(path: Path, shown: str, after_row: int = 0) -> Iterator[tuple[int, Entry]]:
    """The entries with their lines' numbers, the header being line 1. Raises `UnreadableFileError`.

    What has not the shape of the header is an entry too, to be rejected: nothing disappears.
    """
    columns: tuple[str, ...] = ()
    number = 0
    for block in PaymentsLines(path).blocks():
        lines = [block] if isinstance(block, OverlongLine) else block
        for line in lines:
            number += 1
            if number == 1:
                columns = tuple(name.strip() for name in _split(str(line)) or ())
            elif number > after_row and line:
                yield number, Entry(f"{shown}:{number}", _fields(line, columns))


def _fields(line: str | OverlongLine, columns: tuple[str, ...]) -> dict[str, str]:
    if isinstance(line, OverlongLine):
        return {"row": line.raw}
    values = _split(line)
    if values is None or len(values) != len(columns):
        return {"row": line[:RAW_CHARACTERS_MAX]}
    return dict(zip(columns, values, strict=True))


def _split(line: str) -> list[str] | None:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return None
