"""Reading the journal of another process: `solvent status` beside a running daemon, or after a dead one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, Self, TypeVar
from urllib.parse import quote

from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.read_only import ReadOnlyRowsJournal
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.schema import UNREADABLE_FILE, is_blank
from config.errors import printable, shown
from machines.ports.journal import JournalDamagedError, JournalRefusedError

_MENDING: Final = "A torn end is mended when the daemon starts; a damaged middle needs a backup"
_Result = TypeVar("_Result")


class ReadOnlyJournal(ReadOnlyRowsJournal[sqlite3.Connection]):
    """The journal of a state directory, which another process may hold."""

    def __init__(self, path: Path, connection: sqlite3.Connection, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        super().__init__(str(path), connection, fold_version, limits, mending=_MENDING)
        self._path = path

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        fold_version: int,
        limits: JournalLimits = JournalLimits(),  # noqa: B008 - frozen
    ) -> Self:
        """Open the file, never making one.

        Raises `FileNotFoundError` where there is no journal, `JournalDamagedError` for a file that is none of ours,
        and `JournalRefusedError` where it cannot be opened.
        """
        if not path.is_file():
            raise FileNotFoundError(f"there is no journal at {path}")
        connection = None
        try:
            # Without a write-ahead log nobody has the journal open; `immutable` then makes no log beside it either.
            still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro{still}",
                uri=True,
                timeout=limits.busy_timeout_ms / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
            _require_written(connection, path)
            require_ours(connection, path)
            return cls(path, connection, fold_version, limits)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, UNREADABLE_FILE):
                _raise_understood(path, error)
            raise

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _asked(self, run: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return run(self._connection)
        except sqlite3.Error as error:
            _raise_understood(self._path, error)


def _require_written(connection: sqlite3.Connection, path: Path) -> None:
    if is_blank(connection):
        raise FileNotFoundError(f"the journal at {path} holds nothing yet")


def _raise_understood(path: Path, error: Exception) -> NoReturn:
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
        raise JournalRefusedError(
            f"the journal {path} cannot be read: {shown(str(error))}; read it as the user that the daemon runs as"
        ) from error
    why = printable(str(error)) or "its table meta lacks what every journal has"
    raise JournalDamagedError(f"the journal {path} is not readable as a database: {why}; restore a backup") from error
