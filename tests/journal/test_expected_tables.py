"""The file holds the tables of its schema and nothing that would write along with the daemon."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.expected_tables import UNDONE, table_faults
from adapters.sqlite_journal.migrations import STEPS
from machines.ports.journal import JournalDamagedError
from tests.journal.journal_files import alter, opened, write_groups

OLD = Path(__file__).parents[1] / "fixtures" / "journals" / "v0_1" / JOURNAL_NAME
TRIGGER = "CREATE TRIGGER tr AFTER INSERT ON events BEGIN DELETE FROM payments; END"
PAYMENTS = "payment_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, counted INTEGER NOT NULL"
OTHERWISE = "customer_hash BLOB NOT NULL, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID"


def faults(path: Path) -> list[str]:
    """What is found in a file."""
    with closing(sqlite3.connect(path)) as connection:
        return [str(fault) for fault in table_faults(connection)]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal of two groups."""
    await write_groups(tmp_path / "journal.sqlite", 2)
    return tmp_path / "journal.sqlite"


async def test_new_old_migrated_and_analysed_files_are_as_they_are_meant_to_be(path: Path, tmp_path: Path) -> None:
    """Also where a migration left another wording of the same columns."""
    old = Path(shutil.copy(OLD, tmp_path / "old.sqlite"))
    assert ([], []) == (faults(path), faults(old))
    async with opened(old):
        pass
    alter(old, "ANALYZE")
    assert [] == faults(old)


def test_each_migration_has_its_counterpart() -> None:
    """A step without one would make every older journal look changed."""
    assert {step.to_schema for step in STEPS} == UNDONE.keys()


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([TRIGGER], "schema trigger tr on the table events: a journal has no such trigger"),
        (["CREATE VIEW seen AS SELECT * FROM payments"], "schema view seen: a journal has no such view"),
        (["CREATE UNIQUE INDEX once ON payments (sequence)"], "schema index once on the table payments"),
        (["CREATE TABLE notes (note)"], "schema table notes: a journal has no such table"),
        (["ALTER TABLE payments ADD COLUMN note TEXT"], "schema table payments: it is not the one of schema 2"),
        (
            ["DROP TABLE payments", f"CREATE TABLE payments ({PAYMENTS} CHECK (counted < 9), {OTHERWISE}"],
            "schema table payments: it is not the one of schema 2",
        ),
        (["DROP TABLE revenue_snapshots"], "revenue_snapshots: the table is missing"),
        (["PRAGMA user_version=1"], "it is that of schema 2, and the file's user_version says 1"),
        (["PRAGMA user_version=0"], "its user_version says 0"),
    ],
)
async def test_a_changed_schema_is_named_and_no_daemon_opens_it(path: Path, statements: list[str], told: str) -> None:
    """The thing has a name, and the file stays as it is."""
    for statement in statements:
        alter(path, statement)
    before = path.read_bytes()

    assert told in faults(path)[0]
    with pytest.raises(JournalDamagedError, match=r"is not as solvent made it: .*Nothing was changed") as refused:
        async with opened(path):
            pass
    assert told in str(refused.value)
    assert before == path.read_bytes()
