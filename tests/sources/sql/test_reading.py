"""What a table gives, when rows come late, and what of an answer is unknown."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from adapters.sources.construction import SourceUnusableError
from adapters.sources.sql import SqlPayments
from config.instants import SECOND
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader
from tests.contracts.source import drain, ids_of
from tests.sources.sql.shop import COLUMNS, QUERY, SETTLE_S, Shop, sqlite_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop in a file."""
    return sqlite_shop(tmp_path)


@pytest.fixture
async def source(shop: Shop) -> AsyncIterator[SqlPayments]:
    """Its source."""
    made = shop.source()
    yield made
    await made.close()


async def settled(shop: Shop, source: SqlPayments) -> str:
    """The position once everything was read and could not be followed by anything earlier."""
    _, position = await drain(source)
    shop.settle()
    _, position = await drain(source, position)
    return position


async def test_a_row_that_commits_late_is_read(shop: Shop, source: SqlPayments) -> None:
    """A transaction took id 2, then another committed id 3: when 2 appears, it is read."""
    shop.insert(1)
    shop.insert(3)
    _, position = await drain(source)
    shop.insert(2)
    shop.settle()

    entries, _ = await drain(source, position)

    assert "p-2" in ids_of(entries)


async def test_a_gap_in_ids_is_no_end(shop: Shop, source: SqlPayments) -> None:
    """Ids that a rolled-back transaction took are not there, and what follows them is."""
    shop.insert(1)
    shop.insert(1_000)

    assert ["p-1", "p-1000"] == ids_of((await drain(source))[0])


async def test_what_settled_is_not_read_again(shop: Shop, source: SqlPayments) -> None:
    """Behind the anchor nothing can appear, so that a long table is not read over and over."""
    for row_id in range(1, 21):
        shop.insert(row_id)
    position = await settled(shop, source)
    shop.settle()

    read = await source.read(position)

    assert ["p-20"] == ids_of(list(read.entries))


async def test_a_quick_poll_begins_at_the_newest_row(shop: Shop, source: SqlPayments) -> None:
    """Between two settling passes only what is new is read, and nothing is vouched for."""
    for row_id in range(1, 21):
        shop.insert(row_id)
    _, position = await drain(source)
    shop.clock.pass_s(1)
    shop.insert(21)

    read = await source.read(position)

    assert (["p-20", "p-21"], None, position) == (ids_of(list(read.entries)), read.through, read.position)


async def test_a_pass_that_came_to_its_end_vouches(shop: Shop, source: SqlPayments) -> None:
    """Everything before its beginning, less the time in which a transaction may commit."""
    shop.insert(1)

    read = await source.read("")

    assert shop.clock.now - SETTLE_S * SECOND == read.through


async def test_an_emptied_table_is_unknown(shop: Shop, source: SqlPayments) -> None:
    """What gave a row and now gives none is a table that was emptied or a replica behind, and no day without sales."""
    shop.insert(1)
    _, position = await drain(source)
    shop.run("DELETE FROM payments")
    shop.settle()

    with pytest.raises(Ambiguous, match="lacks the row at 1, which it gave before") as refused:
        await drain(source, position)

    assert "give the source another name" in refused.value.reason


async def test_half_a_table_is_unknown(shop: Shop, source: SqlPayments) -> None:
    """A replica that lacks the newest rows lacks the one that was read last."""
    for row_id in range(1, 8):
        shop.insert(row_id)
    _, position = await drain(source)
    shop.run("DELETE FROM payments WHERE id > 5")
    shop.settle()

    with pytest.raises(Ambiguous, match="lacks the row at 7"):
        await drain(source, position)


async def test_another_row_under_the_same_id_is_unknown(shop: Shop, source: SqlPayments) -> None:
    """A restored table that numbers anew is not the table that was read."""
    shop.insert(1)
    position = await settled(shop, source)
    shop.run("DELETE FROM payments")
    shop.insert(1, "another")

    with pytest.raises(Ambiguous, match="lacks the row at 1"):
        await source.read(position)


async def test_a_dropped_column_is_said(shop: Shop, source: SqlPayments) -> None:
    """A query that the table no longer fits fails with what the database says."""
    shop.insert(1)
    _, position = await drain(source)
    shop.run("ALTER TABLE payments RENAME COLUMN amount TO total")

    with pytest.raises(CallError, match="no such column: amount"):
        await source.read(position)


async def test_a_missing_column_is_named(shop: Shop) -> None:
    """A query without a column of the CSV says which, and how to name one."""
    source = shop.source(query=QUERY.replace(", kind", ""))
    shop.insert(1)

    with pytest.raises(Permanent, match=r"kind is missing.*with AS"):
        await source.read("")
    await source.close()


async def test_a_locked_table_is_unknown(shop: Shop, tmp_path: Path) -> None:
    """Who holds the table for longer than the time limit makes the read fail, and it works afterwards."""
    source = shop.source(call_timeout_s=1)
    shop.insert(1)
    holder = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(Transient, match="locked"):
        await source.read("")
    holder.execute("ROLLBACK")
    holder.close()

    assert ["p-1"] == ids_of((await drain(source))[0])
    await source.close()


async def test_a_query_that_takes_too_long_is_ended(shop: Shop) -> None:
    """The database is told to stop: no query of ours goes on in it."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    source = shop.source(
        query=f"{endless} SELECT id, {COLUMNS} FROM payments, n WHERE id >= :cursor AND i < 0 ORDER BY id LIMIT :limit",
        call_timeout_s=1,
    )
    shop.insert(1)

    with pytest.raises(Transient, match="interrupted"):
        await source.read("")
    await source.close()


async def test_nothing_is_written(shop: Shop) -> None:
    """The database itself refuses to write, whatever a query might come to."""
    source = shop.source()
    with source._database.reading() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.connection.cursor().execute("DELETE FROM payments")
    await source.close()


async def test_more_rows_of_one_instant_than_a_page_are_said(shop: Shop) -> None:
    """A page that ends where it began would be asked for ever."""
    query = f"SELECT {COLUMNS} FROM payments WHERE created_at >= :cursor ORDER BY created_at LIMIT :limit"
    source = shop.source(query=query, cursor_type="time", cursor_column="created_at", rows_max=3)
    for row_id in range(3):
        shop.insert(row_id)

    with pytest.raises(Permanent, match="3 rows and more have the cursor 2026-11-20T12:00:00Z: raise rows_max"):
        await drain(source)
    await source.close()


async def test_rows_of_one_instant_across_pages(shop: Shop) -> None:
    """Two rows on each instant and pages of three: each row is read."""
    query = f"SELECT {COLUMNS} FROM payments WHERE created_at >= :cursor ORDER BY created_at LIMIT :limit"
    source = shop.source(query=query, cursor_type="time", cursor_column="created_at", rows_max=3)
    for row_id in range(10):
        shop.insert(row_id, created_at=f"2026-11-{10 + row_id // 2}T12:00:00Z")

    entries, position = await drain(source)

    assert {f"p-{row_id}" for row_id in range(10)} == set(ids_of(entries))
    shop.settle()
    assert "p-9" in ids_of((await drain(source, position))[0])
    await source.close()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (QUERY.replace("ORDER BY id", "ORDER BY id DESC"), "not ordered by id"),
        (QUERY.replace("id >= :cursor", "id >= :cursor - 5"), "not ordered by id from :cursor on"),
        (QUERY.replace("LIMIT :limit", "LIMIT :limit + 5"), "more rows than :limit"),
    ],
)
async def test_a_query_that_means_something_else_is_found_out(shop: Shop, query: str, sentence: str) -> None:
    """An order or a limit that is not what was promised would lose rows."""
    source = shop.source(query=query, cursor_start="7")
    for row_id in range(1, 21):
        shop.insert(row_id)

    with pytest.raises(Permanent, match=sentence):
        await drain(source)
    await source.close()


async def test_one_bad_row_is_its_own_affair(tmp_path: Path) -> None:
    """A float, a time without a zone, a missing id: each row is rejected with its reason, the others count."""
    shop = sqlite_shop(tmp_path, amount="REAL")
    shop.insert(1, amount=49.9)
    shop.insert(2, amount=49, created_at="2026-11-20T12:00:00")
    shop.insert(3, amount=None, payment_id="p-3")
    source = shop.source()

    entries, _ = await drain(source)

    assert [
        "amount: expected a decimal amount such as 19.99, found '49.9, a float: CAST it'",
        "amount: expected a decimal amount such as 19.99, found '49.0, a float: CAST it'",
        "amount: expected a decimal amount such as 19.99, found ''",
    ] == [rejection(entry.fields) for entry in entries]
    await source.close()


async def test_a_time_without_a_zone_is_refused(shop: Shop, source: SqlPayments) -> None:
    """Whose noon it was is not known."""
    shop.insert(1, created_at=datetime(2026, 11, 20, 12).isoformat())  # noqa: DTZ001 - that is the point

    entries, _ = await drain(source)

    assert "created_at: expected a zone, such as 2024-01-31T09:00:00Z, found '2026-11-20T12:00:00'" == rejection(
        entries[0].fields
    )


def rejection(fields: dict[str, str]) -> str:
    """Why the fields are no payment."""
    with pytest.raises(FieldError) as refused:
        PaymentReader().read_fields(fields)
    return f"{refused.value.field}: {refused.value}"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"query": "DELETE FROM payments"}, "expected a SELECT"),
        ({"query": f"{QUERY}; SELECT 1"}, "expected one statement, found several"),
        ({"query": QUERY.replace("FROM", "INTO copy FROM")}, "found the word INTO"),
        ({"query": f"WITH gone AS (DELETE FROM payments RETURNING *) {QUERY}"}, "found the word DELETE"),
        ({"query": f"{QUERY} FOR UPDATE"}, "found the word UPDATE"),
        ({"query": QUERY.replace(":limit", "5")}, ":limit is missing"),
        ({"query": QUERY.replace("id >= :cursor", "id >= :cursor AND id < :end")}, ":end is unknown"),
        ({"cursor_start": "first"}, "cursor_start: expected a whole number"),
        ({"cursor_start": "\u0667"}, "cursor_start: expected a whole number"),
        ({"cursor_type": "time", "cursor_start": "2026-01-01"}, "cursor_start: expected a time with its zone"),
    ],
)
def test_settings_that_can_never_work_are_refused(shop: Shop, changed: dict[str, str], sentence: str) -> None:
    """Before the daemon starts, and with a sentence."""
    with pytest.raises(SourceUnusableError, match=sentence):
        shop.source(**changed)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "names no file"),
        ("nothing://host/x", "kind of database that is not known"),
        ("oracle+oracledb://u:hidden-word@host/x", "needs the package oracledb"),
        ("no url", "the url is none"),
    ],
)
def test_an_address_that_can_never_work_is_refused(shop: Shop, url: str, sentence: str) -> None:
    """And never shown, for it holds a password."""
    shop.url = url
    with pytest.raises(SourceUnusableError, match=sentence) as refused:
        shop.source()

    assert "hidden-word" not in str(refused.value)


def test_words_in_texts_and_comments_are_no_statements(shop: Shop) -> None:
    """What stands in quotes or comments writes nothing."""
    shop.source(query=QUERY.replace("WHERE", "/* delete; */ WHERE kind <> 'update; it''s' AND \"kind\" <> '' AND"))
