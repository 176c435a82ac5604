"""An older journal's tables are brought up to date once, with the file as it was kept beside it."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from adapters.journal_rows.limits import Migrated
from adapters.sqlite_journal import JOURNAL_NAME, ReadOnlyJournal, SqliteJournal
from adapters.sqlite_journal.migrations import STEPS, migrating
from adapters.sqlite_journal.schema import SCHEMA_VERSION
from machines.events import JournalMigrated
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from tests.contracts.journal import SetClock, everything, proposal
from tests.journal.journal_files import alter, ask, opened

OLD = Path(__file__).parents[1] / "fixtures" / "journals" / "v0_1" / JOURNAL_NAME
COPY = "journal-before-schema-2.sqlite"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of schema 1."""
    return Path(shutil.copy(OLD, tmp_path))


def schema_of(path: Path) -> object:
    """The file's schema and the columns of the table that changed."""
    ((version,),) = ask(path, "PRAGMA user_version")
    return version, [row[1] for row in ask(path, "PRAGMA table_info(revenue_threshold_config)")][10:]


async def test_it_is_migrated_once(path: Path) -> None:
    """The first opening changes the tables, records it and warns; the second finds nothing to do."""
    async with opened(path) as journal:
        first = journal.opening
        events = await everything(journal)
    async with opened(path) as journal:
        assert (None, ()) == (journal.opening.migrated, journal.opening.warnings)

    assert Migrated(1, 2, COPY) == first.migrated
    assert COPY in first.warnings[0]
    assert JournalMigrated(1, 2, COPY) == events[-1].event
    assert (SCHEMA_VERSION, ["set_by", "until", "reason"]) == schema_of(path)


async def test_the_file_is_kept_as_it_was(path: Path) -> None:
    """The copy beside it is private, of the old schema, and holds every event that there was."""
    before = ask(path, "SELECT * FROM events")
    async with opened(path):
        pass
    copy = path.with_name(COPY)

    assert (1, []) == schema_of(copy)
    assert before == ask(copy, "SELECT * FROM events")
    assert 0o600 == copy.stat().st_mode & 0o777
    journal = ReadOnlyJournal.open(copy, fold_version=1)
    assert len(before) == journal.last_sequence
    await journal.close()


async def test_rows_of_before_say_that_the_plan_set_them(path: Path) -> None:
    """What the old version wrote was the plan's."""
    async with opened(path):
        pass

    assert [("plan", None, "")] == ask(path, "SELECT DISTINCT set_by, until, reason FROM revenue_threshold_config")


async def test_a_kept_copy_is_never_written_over(path: Path) -> None:
    """Who went back to the old version and on with it has both copies."""
    async with opened(path):
        pass
    first = path.with_name(COPY).read_bytes()
    shutil.copy(path.with_name(COPY), path)
    alter(path, "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)")
    async with opened(path) as journal:
        migrated = journal.opening.migrated

    assert migrated is not None
    assert first == path.with_name(COPY).read_bytes()
    assert f"journal-before-schema-2-at-{ask(path, 'SELECT max(sequence) - 1 FROM events')[0][0]}.sqlite" == (
        migrated.backup
    )


async def test_a_failing_step_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction: what fails in it leaves the old schema."""
    broken = (
        *STEPS,
        type(STEPS[0])(3, lambda connection: connection.execute("ALTER TABLE nothing ADD COLUMN x") and None),
    )
    monkeypatch.setattr(migrating, "STEPS", broken)
    with pytest.raises(JournalRefusedError, match="cannot be opened"):
        await SqliteJournal.open(path, clock=SetClock(), fold_version=1)

    assert (1, []) == schema_of(path)


async def test_a_copy_that_cannot_be_made_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its copy there is no migration, and half a copy is no copy."""

    def fill_up(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(migrating, "copy_whole", fill_up)
    with pytest.raises(JournalRefusedError, match=rf"no room for the copy {COPY} that is made before: it needs \d"):
        await SqliteJournal.open(path, clock=SetClock(), fold_version=1)

    assert (1, []) == schema_of(path)
    assert not list(path.parent.glob("*before*"))


async def test_a_damaged_journal_is_not_migrated(path: Path) -> None:
    """Rot before the newest snapshot, which opening does not look at, is found by the copy's proof."""
    alter(path, "UPDATE events SET actor = 'somebody' WHERE sequence = 3")
    with pytest.raises(JournalDamagedError, match=r"damaged at event 3\. Nothing was changed"):
        await SqliteJournal.open(path, clock=SetClock(), fold_version=1)

    assert (1, []) == schema_of(path)
    assert not list(path.parent.glob("*before*"))


async def test_reading_migrates_nothing(path: Path) -> None:
    """A command that only reads takes the old schema as it is."""
    before = path.read_bytes()
    journal = ReadOnlyJournal.open(path, fold_version=1)
    events = await everything(journal)
    await journal.close()

    assert (before, journal_length(path)) == (path.read_bytes(), len(events))


def journal_length(path: Path) -> object:
    """How many events the file has."""
    return ask(path, "SELECT count(*) FROM events")[0][0]


async def test_a_new_journal_needs_no_migration(tmp_path: Path) -> None:
    """It is made in the newest schema, without a word of it."""
    async with opened(tmp_path / "new.sqlite") as journal:
        await journal.append([proposal("first")])
        assert journal.opening.migrated is None

    assert {"new.sqlite"} == {each.name for each in tmp_path.iterdir()}


async def test_a_migrated_table_is_the_one_of_a_new_file(path: Path, tmp_path: Path) -> None:
    """Migrated or new: the same columns, in the same order, with the same types."""
    async with opened(path), opened(tmp_path / "new.sqlite"):
        pass
    tables = [name for (name,) in ask(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    assert [ask(tmp_path / "new.sqlite", f"PRAGMA table_xinfo({each})") for each in tables] == [
        ask(path, f"PRAGMA table_xinfo({each})") for each in tables
    ]
