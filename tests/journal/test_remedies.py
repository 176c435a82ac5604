"""A journal that cannot be written says which file it is, and what a person does about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.clocks import SystemClock
from adapters.journal_rows.limits import JournalLimits
from adapters.sqlite_journal import SqliteJournal
from adapters.sqlite_journal.remedies import remedy
from machines.events import CursorMoved
from machines.ports.journal import JournalRefusedError, Proposal

PROPOSALS = (Proposal(CursorMoved("payments", "1-0", ""), "test", 0),) * 100
LIMITS = JournalLimits(busy_timeout_ms=1)


async def opened(path: Path) -> SqliteJournal:
    """A journal that waits for nobody."""
    return await SqliteJournal.open(path, clock=SystemClock(), fold_version=1, limits=LIMITS)


@contextmanager
def held(path: Path, *, alone: bool = False) -> Iterator[None]:
    """Somebody writes the file; `alone` nobody else may even read it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as person:
        if alone:
            person.execute("PRAGMA locking_mode=EXCLUSIVE")
        person.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_full_disk_names_the_folder_and_what_shows_its_room(tmp_path: Path) -> None:
    """Also where the start itself is refused: nothing else says where the journal is."""
    journal = await opened(tmp_path / "journal.sqlite")
    await journal._writer.change(lambda connection: connection.execute("PRAGMA max_page_count=1").fetchall())

    with pytest.raises(JournalRefusedError) as refused:
        await journal.append(PROPOSALS)
    await journal.close()
    assert (
        f"the journal {journal.path} cannot be written: database or disk is full; nothing was acknowledged. Make room "
        f"on its file system (`df -h {tmp_path}`, `df -i {tmp_path}`), then start again; a daemon that runs tries "
        "again by itself"
    ) == str(refused.value)


async def test_a_file_that_somebody_holds_is_named(tmp_path: Path) -> None:
    """Of a journal that runs, and of one that is to be opened."""
    path = tmp_path / "journal.sqlite"
    journal = await opened(path)
    with (
        held(path),
        pytest.raises(JournalRefusedError, match=r"is locked; nothing .* End what holds the file") as refused,
    ):
        await journal.append(PROPOSALS)
    await journal.close()
    assert f"`fuser {path}`" in str(refused.value)

    with (
        held(path, alone=True),
        pytest.raises(JournalRefusedError, match=r"opened: database is locked\. End what holds"),
    ):
        await opened(path)


def test_other_words_of_sqlite_tell_nothing(tmp_path: Path) -> None:
    """No remedy is made up; the folder's name is quoted for a shell."""
    assert "" == remedy(sqlite3.OperationalError("disk I/O error"), tmp_path)
    full = sqlite3.OperationalError("database or disk is full")
    assert "`df -h 'my state'`" in remedy(full, Path("my state/journal.sqlite"))
