"""A torn end is mended; anything else that is not what was written is refused, with the place and the way out."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from adapters.sqlite_journal import verify
from adapters.sqlite_journal.opening import open_file
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.upcasters import EVENT_VERSIONS
from tests.contracts.journal import entry_ids, everything, proposal
from tests.journal.journal_files import alter, ask, opened, write_groups


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.sqlite"


async def refusal(path: Path) -> str:
    """The sentence with which opening is refused."""
    with pytest.raises(JournalDamagedError) as caught:
        async with opened(path):
            pass
    return str(caught.value)


async def test_no_journal_is_made_beside_the_log_of_another(path: Path, tmp_path: Path) -> None:
    """A journal that was moved without its log has its newest events there: it stays, and all three are named."""
    async with opened(path) as journal:
        await journal.append([proposal("kept")])
        log = path.with_name("journal.sqlite-wal").read_bytes()
    path.rename(tmp_path / "moved.sqlite")
    for empty in (False, True):
        path.with_name("journal.sqlite-wal").write_bytes(log)
        if empty:
            path.touch()
        said = await refusal(path)
        assert "The three files journal.sqlite, journal.sqlite-wal and journal.sqlite-shm belong together" in said

    assert log
    assert log == path.with_name("journal.sqlite-wal").read_bytes()


async def test_what_to_move_aside_is_all_of_it(path: Path) -> None:
    """Whoever is told to start a new journal is told of the log as well."""
    await write_groups(path, 5)
    alter(path, "UPDATE events SET data = replace(data, '1.1', '9.9') WHERE sequence = 4")

    assert "together with the files of the same name and -wal and -shm" in await refusal(path)


async def test_a_changed_last_event_takes_its_whole_group_away(path: Path) -> None:
    """The end is torn back to the last whole group, said in a warning, and the journal goes on from there."""
    await write_groups(path, 5)
    alter(path, "UPDATE events SET data = replace(data, '4.1', '9.9') WHERE sequence = 10")
    async with opened(path) as journal:
        assert journal.opening.dropped_events == 2
        assert "goes on after event 8" in journal.opening.warnings[0]
        assert journal.last_sequence == 8
        await journal.append([proposal("next")])
        assert entry_ids(await everything(journal, after=7)) == ["3.1", "next"]
    assert verify(path) is None


async def test_a_group_without_its_end_is_taken_away(path: Path) -> None:
    """Half a group is no group, though every event of it is sound."""
    await write_groups(path, 5, size=3)
    alter(path, "DELETE FROM events WHERE sequence = 15")
    async with opened(path) as journal:
        assert journal.last_sequence == 12
        assert journal.opening.dropped_events == 2


async def test_payments_of_a_torn_group_are_counted_again(path: Path) -> None:
    """A payment whose event is gone is unknown, so that reading it again counts it."""
    await write_groups(path, 3)
    alter(path, "DELETE FROM events WHERE sequence = 6")
    async with opened(path) as journal:
        assert sorted(await journal.payments_seen(["p0", "p1", "p2"])) == ["p0", "p1"]


async def test_a_snapshot_of_a_torn_group_goes_with_it(path: Path) -> None:
    """A snapshot never shows events that are no longer there."""
    await write_groups(path, 3, snapshot_at=6)
    alter(path, "DELETE FROM events WHERE sequence = 6")
    async with opened(path) as journal:
        assert journal.last_sequence == 4
        assert await journal.newest_snapshot() is None


async def test_a_changed_event_in_the_middle_is_refused_by_number_and_time(path: Path) -> None:
    """The message names the event, when it was recorded, the last good one, and what to do."""
    await write_groups(path, 5)
    alter(path, "UPDATE events SET data = replace(data, '2.0', '9.9') WHERE sequence = 5")
    message = await refusal(path)
    assert "event 5 (recorded 2024-01-01T00:00:00Z): its content does not match its hash" in message
    assert "the last good event is 4 of 2024-01-01T00:00:00Z" in message
    assert "Restore the newest backup" in message
    assert ask(path, "SELECT count(*) FROM events") == [(10,)]
    assert verify(path) == 5


@pytest.mark.parametrize("column", ["recorded_at", "effective_at", "cause", "group_end", "version"])
async def test_every_column_is_proven(path: Path, column: str) -> None:
    """No column can be changed without being noticed."""
    await write_groups(path, 5)
    alter(path, f"UPDATE events SET {column} = coalesce({column}, 0) + 7 WHERE sequence = 4")
    assert "event 4" in await refusal(path)


async def test_a_missing_event_in_the_middle_is_refused(path: Path) -> None:
    """A gap is never a torn end, wherever it is."""
    await write_groups(path, 5)
    alter(path, "DELETE FROM events WHERE sequence = 9")
    assert "event 9: missing; event 10 follows event 8" in await refusal(path)


async def test_damage_before_the_snapshot_is_found_on_reading_and_by_verify(path: Path) -> None:
    """Opening proves what follows the snapshot; `read` and `verify` prove the rest."""
    await write_groups(path, 5, snapshot_at=8)
    alter(path, "UPDATE events SET actor = 'somebody' WHERE sequence = 3")
    async with opened(path) as journal:
        assert journal.opening.verified_events == 2
        with pytest.raises(JournalDamagedError, match="event 3"):
            await everything(journal)
    assert verify(path) == 3


async def test_a_damaged_snapshot_is_passed_over(path: Path) -> None:
    """A snapshot whose bytes changed is ignored; everything is replayed and proven instead."""
    await write_groups(path, 5, snapshot_at=8)
    alter(path, "UPDATE snapshots SET state = x'00'")
    async with opened(path) as journal:
        assert await journal.newest_snapshot() is None
        assert journal.opening.verified_events == 10


async def test_a_snapshot_of_another_fold_is_passed_over(path: Path) -> None:
    """A fold that changed reads no old snapshot."""
    await write_groups(path, 5, snapshot_at=8)
    async with opened(path, fold_version=2) as journal:
        assert await journal.newest_snapshot() is None
        assert journal.opening.verified_events == 10


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """Foreign bytes are left as they are."""
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    assert "not readable as a database: file is not a database" in await refusal(path)
    assert path.read_bytes().startswith(b"no database at all")


async def test_a_foreign_database_is_refused(path: Path) -> None:
    """Somebody else's SQLite file is not made into a journal."""
    alter(path, "CREATE TABLE somebody (name TEXT)")
    assert "no journal of solvent" in await refusal(path)
    assert ask(path, "SELECT name FROM sqlite_master") == [("somebody",)]


async def test_unreadable_pages_are_refused(path: Path) -> None:
    """Overwritten pages in the middle of the file are damage, not a torn end."""
    await write_groups(path, 400)
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096 // 3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(bytes(content))
    assert "Nothing was changed" in await refusal(path)


async def test_a_file_cut_short_is_refused(path: Path) -> None:
    """A file that lost its last pages is damage: the pages may belong anywhere."""
    await write_groups(path, 400)
    path.write_bytes(path.read_bytes()[: 20 * 4096])
    assert "Nothing was changed" in await refusal(path)


async def test_a_newer_schema_is_refused(path: Path) -> None:
    """A file of a newer solvent is left alone."""
    await write_groups(path, 1)
    alter(path, "PRAGMA user_version = 99")
    assert "written by a newer solvent: its schema is version 99" in await refusal(path)


async def test_a_newer_event_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event in a version from the future is said so, not guessed at and not taken for a torn end."""
    monkeypatch.setattr("machines.event_codec.EVENT_VERSIONS", dict(EVENT_VERSIONS) | {"EntryRejected": 2})
    await write_groups(path, 1, size=1)
    assert "newer solvent: event 1: this version of solvent reads EntryRejected up to version 1, found version 2" in (
        await refusal(path)
    )


async def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A directory in the file's place is the operator's to solve, not damage."""
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(JournalRefusedError, match="cannot be opened"):
        async with opened(tmp_path / "journal.sqlite"):
            pass


async def test_the_file_and_its_directory_are_private(tmp_path: Path) -> None:
    """The key for customer ids is in there: 0600 in 0700, the write-ahead log too."""
    path = tmp_path / "state" / "journal.sqlite"
    async with opened(path) as journal:
        await journal.append([proposal("a")])
        modes = {each.name: each.stat().st_mode & 0o777 for each in [path.parent, *path.parent.iterdir()]}
    assert modes == {"state": 0o700, "journal.sqlite": 0o600, "journal.sqlite-wal": 0o600, "journal.sqlite-shm": 0o600}


async def test_two_journals_have_two_names_and_two_keys(tmp_path: Path) -> None:
    """Identity and key are drawn at random at creation."""
    async with opened(tmp_path / "a.sqlite") as first, opened(tmp_path / "b.sqlite") as second:
        assert first.identity.journal_id != second.identity.journal_id
        assert first.customer_key != second.customer_key
        assert len(first.customer_key) == 32


async def test_a_creation_that_crashed_is_done_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema is made whole or not at all: an empty file left by a crash becomes a journal."""

    def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("adapters.sqlite_journal.schema.set_meta", crash)
        with pytest.raises(KeyboardInterrupt):
            open_file(path, 1, os.urandom, 100, lambda: 0)
    async with opened(path) as journal:
        assert journal.opening.created


def test_verify_says_where_there_is_no_journal(path: Path) -> None:
    """Verification never makes a file."""
    with pytest.raises(FileNotFoundError):
        verify(path)
    path.write_bytes(b"x" * 5000)
    with pytest.raises(sqlite3.DatabaseError):
        verify(path)


async def test_verify_reports_its_progress(path: Path) -> None:
    """Long work is shown."""
    await write_groups(path, 3)
    calls: list[tuple[int, int]] = []
    assert verify(path, lambda done, total: calls.append((done, total))) is None
    assert calls == [(6, 6)]
