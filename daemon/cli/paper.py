"""What tables are printed on: as wide as the terminal, wider in a pipe, and never too narrow."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

PIPE_CHARACTERS: Final = 200
"""The width of what goes into a file or another program, where COLUMNS does not say otherwise."""
WIDE_CHARACTERS_MIN: Final = 100
"""A terminal of at least so many columns shows every column of a table."""
_NO_LIMIT: Final = 10_000


def paper() -> Console:
    """Standard output."""
    limited = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return Console(width=None if limited else PIPE_CHARACTERS)


def print_table(table: Table, console: Console) -> None:
    """Print a table; where it does not fit, the terminal folds its lines: no identifier or amount is cut."""
    needed = Measurement.get(console, console.options.update(max_width=_NO_LIMIT), table).minimum
    if needed > console.width:
        table.width = needed
    console.print(table, crop=False, soft_wrap=False)


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
