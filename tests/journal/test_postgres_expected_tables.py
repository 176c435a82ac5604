"""What else is in the schema: whatever changes, hides or refuses a write is refused, and the sentence names it."""

from __future__ import annotations

import pytest

from adapters.postgres_journal import PostgresPlace, connect
from adapters.postgres_journal.expected_tables import table_faults
from machines.ports.journal import JournalDamagedError
from tests.journal.postgres_places import ask, fresh_place, opened
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres_expected")
FUNCTION = "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


@pytest.fixture
async def place(server: PostgresServer) -> PostgresPlace:
    """A schema of its own, with a journal."""
    made = fresh_place(server)
    async with opened(made):
        pass
    return made


def faults(place: PostgresPlace) -> list[str]:
    """What is found, in words."""
    with connect(place, "test") as connection:
        return [str(fault) for fault in table_faults(connection, place.schema)]


async def test_a_new_journal_has_no_fault(place: PostgresPlace) -> None:
    """What solvent makes is what it expects."""
    assert [] == faults(place)


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (
            f"{FUNCTION}; CREATE TRIGGER swallow BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION theirs()",
            "schema trigger swallow on the table events: a journal has none, it would change what is written",
        ),
        (
            "CREATE RULE silent AS ON INSERT TO payments DO INSTEAD NOTHING",
            "schema rule silent on the table payments: a journal has none, it would change what is written",
        ),
        (
            "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
            "schema row security on the table events: a journal has none, it would hide what is written",
        ),
        (
            "CREATE UNIQUE INDEX once ON events (data)",
            "schema unique index once on the table events: a journal has none, it may refuse what is written",
        ),
        (
            "CREATE TABLE more () INHERITS (events)",
            "schema child more on the table events: a journal has none, its rows are read as the table's",
        ),
        (
            "ALTER TABLE events DROP CONSTRAINT events_pkey; ALTER TABLE events ALTER sequence SET NOT NULL",
            "schema table events: it has no PRIMARY KEY (sequence)",
        ),
        (
            "ALTER TABLE payments ADD CHECK (counted < 9)",
            "schema table payments: a journal has no CHECK ((counted < 9)) there, it may refuse what is written",
        ),
        ("ALTER TABLE events ADD note TEXT", "schema table events: a journal has no column note there"),
        ("ALTER TABLE snapshots DROP digest", "schema table snapshots: its column digest is missing"),
        (
            "ALTER TABLE events ALTER actor SET DEFAULT 'me'",
            (
                "schema table events: its column actor was changed: it is text not null default 'me'::text, "
                "not text not null"
            ),
        ),
        ("DROP TABLE revenue_snapshots", "revenue_snapshots: the table is missing"),
        ("ALTER TABLE payments SET UNLOGGED", "schema table payments: it is no ordinary table that outlives a crash"),
    ],
)
async def test_it_is_refused(place: PostgresPlace, done: str, said: str) -> None:
    """The fault is named, and the journal is not opened."""
    ask(place, done)
    assert [said] == faults(place)
    with pytest.raises(JournalDamagedError, match="is not as solvent made it: ") as refused:
        async with opened(place):
            pass
    assert said in str(refused.value)
    assert "Drop what you know to be yours" in str(refused.value)


async def test_an_index_for_questions_is_left_alone(place: PostgresPlace) -> None:
    """Whoever asks the journal often may have one."""
    ask(place, "CREATE INDEX quick ON events (type)")
    async with opened(place) as journal:
        assert [] == [each for each in journal.opening.warnings if "schema" in each and "fsync" not in each]


async def test_a_table_of_somebody_else_is_told_of(place: PostgresPlace) -> None:
    """It changes nothing, and is kept better elsewhere."""
    ask(place, "CREATE TABLE notes (text TEXT); CREATE VIEW newest AS SELECT 1 AS one")
    async with opened(place) as journal:
        said = [each for each in journal.opening.warnings if "(newest, notes)" in each]
    assert 1 == len(said)
