"""How far an import is, on standard error, where a person watches."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn


class ImportProgress:
    """A bar for the file, then one for what the daemon has yet to take; silent where nobody watches."""

    def __init__(self, name: str, console: Console | None = None) -> None:
        """`name` is the file's; the console defaults to standard error."""
        self._name = name
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        watched = console is not None or sys.stderr.isatty()
        self._progress = Progress(
            *columns, console=console or Console(stderr=True), transient=True, disable=not watched
        )
        self._reading: TaskID | None = None
        self._taking: TaskID | None = None
        self._most = 0

    def read(self, done_bytes: int, total_bytes: int | None) -> None:
        """The file was read so far."""
        if self._reading is None:
            self._reading = self._progress.add_task(f"sending {self._name}", total=total_bytes)
        self._progress.update(self._reading, completed=done_bytes)

    def waiting(self, left_entries: int) -> None:
        """So many entries are still to be taken by the daemon."""
        if self._taking is None:
            self._taking = self._progress.add_task("the daemon counts", total=None)
        self._most = max(self._most, left_entries)
        self._progress.update(self._taking, total=self._most, completed=self._most - left_entries)

    def __enter__(self) -> Self:
        if not self._progress.disable:  # older releases of rich print a line even where they are disabled
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._progress.disable:
            self._progress.stop()
