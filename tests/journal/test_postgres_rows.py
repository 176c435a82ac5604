"""Both stores hold the same rows of the same events."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.journal_rows.definitions import EVENT_COLUMNS
from adapters.postgres_journal import PostgresJournal, ReadOnlyPostgresJournal
from adapters.postgres_journal.literals import ARRAY_ROWS_MIN, bound_rows, literal, understood
from adapters.sqlite_journal import SqliteJournal
from machines.events import Recorded
from machines.ports.journal import JournalRefusedError, PaymentSeen, Proposal, Snapshot
from tests.contracts.journal import START, SetClock, entry_ids, everything, outlive_retention, proposal
from tests.fixtures.event_samples import one_of_each
from tests.journal.journal_files import ask as ask_file
from tests.journal.journal_files import opened as opened_file
from tests.journal.postgres_places import ask, fresh_place, opened
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres_rows")

KEPT = Path(__file__).parents[1] / "fixtures" / "journals" / "v0_2" / "journal.sqlite"
TABLES = {
    "events": "sequence",
    "payments": "payment_id",
    "snapshots": "sequence",
    "revenue_snapshots": "sequence",
    "economic_scaling_log": "sequence",
    "component_activation_states": "component",
    "revenue_threshold_config": "sequence, level",
}


def no_chance(size: int) -> bytes:
    """The same name and key for every journal, so that hashes can be compared."""
    return bytes(size)


async def feed(journal: SqliteJournal | PostgresJournal, events: list[Recorded]) -> None:
    """Half of the events one by one, the other half as one group with payments."""
    proposals = [Proposal(each.event, each.actor, each.effective_at, each.cause) for each in events]
    half = len(proposals) // 2
    for each in proposals[:half]:
        await journal.append([each])
    seen = [PaymentSeen(f"p{index}'\x00", b"\x00\xff'", counted=index % 2 == 0) for index in range(30)]
    await journal.append(proposals[half:], [*seen, seen[3]])
    await journal.write_snapshot(Snapshot(half, b"state"))
    await journal.close()


def rows_of_file(path: Path, table: str) -> list[tuple[object, ...]]:
    """All rows of a table of the file, by its key."""
    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {TABLES[table]}"
        return connection.execute(query).fetchall()


async def test_every_row_is_the_one_that_sqlite_has(server: PostgresServer, tmp_path: Path) -> None:
    """A whole kept journal fed to both: events with their hashes, payments, snapshots and the tables for people."""
    place, path = fresh_place(server), tmp_path / "journal.sqlite"
    kept = tmp_path / "kept.sqlite"
    kept.write_bytes(KEPT.read_bytes())
    async with opened_file(kept) as old:
        events = await everything(old)
    assert len(events) > 50
    clock = SetClock()
    await feed(await SqliteJournal.open(path, clock=clock, fold_version=1, random_bytes=no_chance), events)
    await feed(
        await PostgresJournal.open(place, clock=clock, fold_version=1, fencing=None, random_bytes=no_chance), events
    )
    for table, key in TABLES.items():
        expected = sorted(map(in_parts if table == "snapshots" else tuple, rows_of_file(path, table)))
        columns = ", ".join(name for (name,) in ask(place, COLUMNS.format(place.schema, table)))
        found = [tuple(map(understood, row)) for row in ask(place, f"SELECT {columns} FROM {table} ORDER BY {key}")]
        assert len(expected) > 0, table
        assert expected == sorted(found), table


def in_parts(row: tuple[object, ...]) -> tuple[object, ...]:
    """A snapshot as PostgreSQL has it: the state stands beside it."""
    *facts, state = row
    assert state == b"state"
    return (*facts, b"")


COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = '{}' AND table_name = '{}'"
    " ORDER BY ordinal_position"
)


async def test_every_kind_of_event_can_be_stored(server: PostgresServer) -> None:
    """One of each, in one group, read back as it was."""
    async with opened(fresh_place(server)) as journal:
        samples = one_of_each()
        await journal.append([Proposal(event, "test", START) for event in samples])
        assert [each.event for each in await everything(journal)] == list(samples)


async def test_columns_have_the_types_of_the_file(server: PostgresServer) -> None:
    """INTEGER is bigint, BLOB is bytea, TEXT is text, in the same order."""
    place = fresh_place(server)
    async with opened(place):
        pass
    found = ask(
        place,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'events'"
        f" AND table_schema = '{place.schema}' ORDER BY ordinal_position",
    )
    assert ", ".join(name for name, _ in found) == EVENT_COLUMNS
    assert {"bigint", "text", "bytea"} == {kind for _, kind in found}


async def test_retention_drops_what_is_old_and_covered(server: PostgresServer) -> None:
    """As in the file: whole old groups that every kept snapshot covers go, and the chain is proven from its anchor."""
    place, clock = fresh_place(server), SetClock()
    async with opened(place, retention_days=30) as journal:
        journal._clock = clock
        await outlive_retention(journal, clock)
    async with opened(place, retention_days=30) as journal:
        assert journal.opening.verified_events == 0
        assert [each.sequence for each in await journal.append([proposal("next")])] == [121]
    assert ask(place, "SELECT value FROM meta WHERE key = 'anchor_sequence'") == [("50",)]


async def test_a_reader_reads_beside_the_daemon_and_writes_nothing(server: PostgresServer) -> None:
    """It sees each event as it is committed; every write is refused."""
    place = fresh_place(server)
    async with opened(place) as journal:
        await journal.append([proposal("a")], [PaymentSeen("p", b"f", counted=True)])
        reader = ReadOnlyPostgresJournal.open(place, fold_version=1)
        await journal.append([proposal("b")])
        await journal.write_snapshot(Snapshot(2, b"state"))
        assert entry_ids(await everything(reader)) == ["a", "b"]
        assert (reader.last_sequence, reader.identity) == (2, journal.identity)
        assert await reader.newest_snapshot() == Snapshot(2, b"state")
        assert await reader.payments_seen(["p", "q"]) == {"p": PaymentSeen("p", b"f", counted=True)}
        for refused in (reader.append([proposal("c")]), reader.write_snapshot(Snapshot(2, b""))):
            with pytest.raises(JournalRefusedError, match="reading only"):
                await refused
        await reader.close()


@pytest.mark.parametrize(
    "value", ["", "a'b''c\\", "\x00", "\ue000", "\ue0000", "\ue000\x00\ue0001", "?", "%s", "é\U0001f600", 0, -(1 << 63)]
)
def test_a_value_comes_back_as_it_went(server: PostgresServer, value: str | int) -> None:
    """Quotes, NUL, the mark that stands for it, signs that a driver could take for its own."""
    ((found,),) = ask(fresh_place(server), f"SELECT {literal(value)}")
    assert value == understood(int(found) if isinstance(value, int) else found)


def test_a_number_beyond_64_bits_is_refused() -> None:
    """Before it reaches the server."""
    with pytest.raises(OverflowError, match="more than 64 bits"):
        literal(1 << 63)


async def test_what_cannot_be_stored_fails_alone(server: PostgresServer, tmp_path: Path) -> None:
    """A number beyond 64 bits is its caller's error; those that waited with it are written."""
    del tmp_path
    async with opened(fresh_place(server)) as journal:
        with pytest.raises(OverflowError):
            await journal.append([proposal("lost"), Proposal(proposal("b").event, "actor", 1 << 70)])
        await journal.append([proposal("c")])
        assert entry_ids(await everything(journal)) == ["c"]


def test_a_file_has_the_tables_that_are_compared(tmp_path: Path) -> None:
    """A table that is added to the file must be compared here as well."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(KEPT.read_bytes())
    names = {name for (name,) in ask_file(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names - {"meta"} == set(TABLES)


AWKWARD = (
    "",
    "NULL",
    "null",
    "it's",
    'a "quote"',
    "back\\slash",
    "\\x00",
    "{a,b}",
    "a,b",
    " ",
    "é€𝄞",
    "a\x00b",
    "\ue000",
    "\n\t",
)


def test_many_rows_come_back_as_they_were(server: PostgresServer) -> None:
    """As one constant for each column, texts, bytes and numbers are what they were, NULL among them."""
    place = fresh_place(server)
    given = [
        (number - 50, AWKWARD[number % len(AWKWARD)], bytes((number, 0, 255)), None if number % 3 else number)
        for number in range(ARRAY_ROWS_MIN * 3)
    ]
    table = f"public.rows_{place.schema}"
    ask(place, f"CREATE TABLE {table} (a BIGINT, b TEXT, c BYTEA, d BIGINT)")
    statement = bound_rows(f"INSERT INTO {table} VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", given)
    assert statement.count("unnest") == 1
    ask(place, statement)
    found = ask(place, f"SELECT * FROM {table} ORDER BY a")
    assert given == [tuple(map(understood, row)) for row in found]


def test_a_column_of_nothing_needs_no_type(server: PostgresServer) -> None:
    """Rows of which a column is NULL throughout are stored as well."""
    place = fresh_place(server)
    table = f"public.rows_{place.schema}"
    ask(place, f"CREATE TABLE {table} (a BIGINT, b BIGINT)")
    given = [(number, None) for number in range(ARRAY_ROWS_MIN)]
    ask(place, bound_rows(f"INSERT INTO {table} VALUES (?, ?)", given))
    assert given == ask(place, f"SELECT * FROM {table} ORDER BY a")


def test_a_number_of_more_than_64_bits_among_many_is_refused() -> None:
    """As it is alone."""
    with pytest.raises(OverflowError, match="64 bits"):
        bound_rows("INSERT INTO any_table VALUES (?)", [(1 << 63,)] * ARRAY_ROWS_MIN)
