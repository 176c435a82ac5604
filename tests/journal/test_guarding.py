"""The guard of the open journal, without a daemon: what is news, and what is none."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.clocks import SystemClock
from adapters.sqlite_journal import SqliteJournal
from machines.events import CursorMoved
from machines.ports.journal import JournalDamagedError, Proposal

PROPOSALS = (Proposal(CursorMoved("payments", "1-0", ""), "test", 0),)


async def opened(path: Path) -> SqliteJournal:
    """A journal with three events."""
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=1)
    for _ in range(3):
        await journal.append(PROPOSALS)
    return journal


async def test_a_checkpoint_by_somebody_else_is_no_damage(tmp_path: Path) -> None:
    """The file changed and the log shrank; both hold what was written."""
    journal = await opened(tmp_path / "journal.sqlite")
    with closing(sqlite3.connect(journal.path)) as person:
        person.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    await journal.append(PROPOSALS)

    assert 4 == journal.last_sequence
    await journal.close()


async def test_damage_once_found_is_damage_for_ever(tmp_path: Path) -> None:
    """The right file moved back heals nothing in this life: what was written meanwhile is in nobody's file."""
    journal = await opened(tmp_path / "journal.sqlite")
    aside = tmp_path / "aside"
    journal.path.rename(aside)
    with pytest.raises(JournalDamagedError, match="deleted or moved"):
        await journal.append(PROPOSALS)
    aside.rename(journal.path)

    with pytest.raises(JournalDamagedError, match="was saved as"):
        await journal.append(PROPOSALS)
    await journal.close()


async def test_another_journal_written_over_it_is_found_by_its_id(tmp_path: Path) -> None:
    """The same inode, another journal: nothing is appended to it."""
    other = await opened(tmp_path / "other.sqlite")
    await other.close()
    journal = await opened(tmp_path / "journal.sqlite")
    with closing(sqlite3.connect(journal.path)) as person:
        person.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(other.path, journal.path)

    with pytest.raises(JournalDamagedError, match="changed by somebody else"):
        await journal.append(PROPOSALS)
    await journal.close()
