"""A copy of the journal of a state directory, wherever that journal is: one moment of it, in a private file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from adapters.backups.errors import BackupError, NoJournalError
from adapters.journal_place import NotedPlace, address_of, package_missing, place_for_reading
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import copy_whole
from machines.ports.examination import Fault
from machines.ports.journal import JournalDamagedError, JournalRefusedError


def require_journal(state_dir: Path) -> None:
    """Raise `NoJournalError` where the state directory has no journal and knows none."""
    if _noted(state_dir) is None and not (state_dir / JOURNAL_NAME).is_file():
        raise NoJournalError(f"{state_dir} has no {JOURNAL_NAME}: name the --state-dir of `solvent run`")


def is_elsewhere(state_dir: Path) -> bool:
    """Whether the journal is in PostgreSQL; raises `BackupError`."""
    return _noted(state_dir) is not None


def known_journal_id(state_dir: Path) -> str:
    """Which journal that is; empty where the journal is the file. Raises `BackupError`."""
    noted = _noted(state_dir)
    return "" if noted is None else noted.journal_id


def room_needed_bytes(state_dir: Path) -> int:
    """How large the copy is at most, as far as that can be told from here."""
    files = (state_dir / f"{JOURNAL_NAME}{suffix}" for suffix in ("", "-wal"))
    return sum(each.stat().st_size for each in files if each.exists())


def copy_journal(state_dir: Path, environ: Mapping[str, str], target: Path) -> None:
    """Write the journal as it is at this moment into the new file `target`, while its daemon goes on.

    Raises `BackupError`, `OSError` and `sqlite3.Error`; then there is no `target`.
    """
    noted = _noted(state_dir)
    if noted is None:
        copy_whole(state_dir / JOURNAL_NAME, target)
        return
    with _server_told():
        from adapters.journal_moving.exporting import export_now  # noqa: PLC0415 - an extra, where it is wished

        export_now(address_of(noted, state_dir, environ), noted.schema, noted.journal_id, target)


def schema_faults(state_dir: Path, environ: Mapping[str, str]) -> list[Fault]:
    """What the tables in PostgreSQL have that a journal's have not; of the file, its examination tells.

    Raises `BackupError`.
    """
    noted = _noted(state_dir)
    if noted is None:
        return []
    with _server_told():
        from adapters.journal_moving.exporting import schema_faults_now  # noqa: PLC0415 - an extra, where it is wished

        return schema_faults_now(address_of(noted, state_dir, environ), noted.schema)


@contextmanager
def _server_told() -> Iterator[None]:
    """Whatever keeps from reading PostgreSQL, as `BackupError`."""
    try:
        yield
    except ImportError as missing:
        raise BackupError(package_missing(missing)) from missing
    except (JournalRefusedError, JournalDamagedError) as refused:
        raise BackupError(str(refused)) from refused


def _noted(state_dir: Path) -> NotedPlace | None:
    try:
        return place_for_reading(state_dir)
    except JournalRefusedError as refused:
        raise BackupError(str(refused)) from refused
