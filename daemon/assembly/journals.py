"""Journals for the command line, wherever they are: opened for reading, and moved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.journal_moving.outcomes import Moved, NotMovedError
from adapters.journal_place import NotedPlace, address_of, package_missing, place_for_reading
from adapters.sqlite_journal import JOURNAL_NAME, ReadOnlyJournal
from adapters.state_directory import HeldError
from config.settings import Settings
from daemon.assembly.folding import require_folds
from machines.ports.clock import Clock
from machines.ports.journal import Journal, JournalRefusedError
from machines.state.whole import FOLD_VERSION

__all__ = ["HeldError", "Moved", "NotMovedError", "move_journal", "open_journal_for_reading"]


def open_journal_for_reading(state_dir: str) -> Journal:
    """The journal of a state directory, beside its daemon or without one; nothing is made or changed.

    Raises `FileNotFoundError` where there is none, `JournalDamagedError` and `JournalRefusedError`.
    """
    folder = Path(state_dir)
    noted = place_for_reading(folder)
    if noted is None:
        return ReadOnlyJournal.open(folder / JOURNAL_NAME, fold_version=FOLD_VERSION)
    return _in_postgres(noted, folder)


def move_journal(settings: Settings, clock: Clock, to: str, progress: Callable[[str, int, int], None]) -> Moved:
    """Move the journal of the state directory to `postgresql` or `sqlite`.

    Raises `NotMovedError`, `HeldError`, `JournalRefusedError` and `OSError`; then it is where it was.
    """
    with packages_told():
        from adapters.journal_moving.into_file import move_into_file  # noqa: PLC0415 - an extra
        from adapters.journal_moving.into_postgres import move_into_postgres  # noqa: PLC0415 - an extra
        from adapters.journal_moving.wishes import Wish  # noqa: PLC0415 - an extra
    wish = Wish(
        Path(settings.state_dir),
        settings.journal,
        os.environ,
        settings.instance,
        clock.wall(),
        FOLD_VERSION,
        require_folds,
        progress,
    )
    return move_into_file(wish) if to == "sqlite" else move_into_postgres(wish)


def _in_postgres(noted: NotedPlace, folder: Path) -> Journal:
    address = address_of(noted, folder, os.environ)
    with packages_told():
        from adapters.postgres_journal import ReadOnlyPostgresJournal  # noqa: PLC0415 - an extra
        from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - an extra
    place = PostgresPlace(address, noted.schema)
    try:
        return ReadOnlyPostgresJournal.open(place, fold_version=FOLD_VERSION, journal_id=noted.journal_id)
    except FileNotFoundError as other:
        raise JournalRefusedError(
            f"{other}, and {folder} knows the journal {noted.journal_id}: its address leads to another database, or "
            "the journal was moved from there on another machine"
        ) from other


@contextmanager
def packages_told() -> Iterator[None]:
    """Raise `JournalRefusedError` where the packages of the extra are missing."""
    try:
        yield
    except ImportError as missing:
        raise JournalRefusedError(package_missing(missing)) from missing
