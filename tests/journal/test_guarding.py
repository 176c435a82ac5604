"""The guard of the open journal, without a daemon: what is news, and what is none."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.clocks import SystemClock
from adapters.journal_rows.reading import last_point
from adapters.sqlite_journal import SqliteJournal
from adapters.sqlite_journal.copying import copy_whole_from, end_of
from adapters.sqlite_journal.guarding import FileGuard
from adapters.sqlite_journal.schema import connect
from machines.events import CursorMoved
from machines.ports.journal import JournalDamagedError, PaymentSeen, Proposal

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

    with pytest.raises(JournalDamagedError, match=r"changed by somebody else.*it holds another journal"):
        await journal.append(PROPOSALS)
    await journal.close()


async def test_the_same_events_under_another_id_are_another_journal(tmp_path: Path) -> None:
    """Its chain ends as ours does: the id alone tells it apart."""
    journal = await opened(tmp_path / "journal.sqlite")
    changed_by_a_person(journal.path, "UPDATE meta SET value = 'another' WHERE key = 'journal_id'")

    with pytest.raises(JournalDamagedError, match="it holds another journal"):
        await journal.append(PROPOSALS)
    await journal.close()


async def test_a_log_that_was_cut_short_is_found(tmp_path: Path) -> None:
    """Somebody empties the log in place: the file is as it was, and the newest events are gone."""
    journal = await opened(tmp_path / "journal.sqlite")
    os.truncate(journal.path.with_name("journal.sqlite-wal"), 0)

    with pytest.raises(JournalDamagedError, match="changed by somebody else"):
        await journal.append(PROPOSALS)
    await journal.close()


async def test_a_page_that_holds_no_event_is_looked_at_too(tmp_path: Path) -> None:
    """Which payments were seen is in no chain: a page of theirs that was overwritten is found all the same."""
    journal = await opened(tmp_path / "journal.sqlite")
    await journal.append(PROPOSALS, [PaymentSeen(f"p{number}", b"f", counted=True) for number in range(3)])
    page_bytes, page = changed_by_a_person(journal.path, "SELECT rootpage FROM sqlite_master WHERE name = 'payments'")
    with journal.path.open("r+b") as file:
        file.seek((page - 1) * page_bytes)
        file.write(b"\xff" * page_bytes)

    with pytest.raises(JournalDamagedError, match="changed by somebody else"):
        await journal.append(PROPOSALS)
    await journal.close()


def changed_by_a_person(path: Path, statement: str) -> tuple[int, int]:
    """Run it in a shell of SQLite and fold the log into the file; the bytes of a page, and the first value found."""
    with closing(sqlite3.connect(path, isolation_level=None)) as person:
        (page_bytes,) = person.execute("PRAGMA page_size").fetchone()
        (found,) = person.execute(statement).fetchone() or (0,)
        person.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return page_bytes, found


async def test_what_was_saved_before_is_kept(tmp_path: Path) -> None:
    """The journal was taken away once before at the same event: both rescued copies stand side by side."""
    journal = await opened(tmp_path / "journal.sqlite")
    before = tmp_path / "journal.sqlite.saved-3"
    before.write_bytes(b"what was rescued the first time")
    journal.path.rename(tmp_path / "aside")

    with pytest.raises(JournalDamagedError, match=r"up to event 3, was saved as .*journal\.sqlite\.saved-3-2\. "):
        await journal.append(PROPOSALS)
    await journal.close()

    assert b"what was rescued the first time" == before.read_bytes()
    assert 3 == end_of(before.with_name(f"{before.name}-2")).sequence


async def test_a_copy_takes_nobodys_place(tmp_path: Path) -> None:
    """A file that is there already is neither written over nor removed."""
    taken = tmp_path / "taken"
    taken.write_bytes(b"another's")
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(FileExistsError, match="exists already"):
        copy_whole_from(connection, taken)

    assert b"another's" == taken.read_bytes()


async def test_a_folder_that_cannot_be_looked_at_for_a_moment_ends_no_writer(tmp_path: Path) -> None:
    """What follows a commit raises nothing: the group is durable, and the thread that writes has to live on."""
    folder, aside = tmp_path / "state", tmp_path / "aside"
    journal = await opened(folder / "journal.sqlite")
    await journal.close()
    end = end_of(journal.path)
    with closing(connect(journal.path, 1_000)) as connection:
        last_point(connection)
        guard = FileGuard(journal.path, connection, journal.identity.journal_id, 1_000)
        folder.rename(aside)
        folder.write_bytes(b"a file in its place")
        guard.note()
        folder.unlink()
        aside.rename(folder)

        guard.require_untouched(end)
    assert "" == guard.damage
