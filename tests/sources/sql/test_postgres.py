"""The SQL source on a real PostgreSQL: the contract, and what only a server can do to a reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest

from config.instants import instant_from_text
from machines.ports.faults import CallError, Permanent, Transient
from machines.ports.sources import PaymentSource
from machines.revenue.reading_fields import PaymentReader
from tests.contracts.source import SourceContract, drain, ids_of
from tests.postgres_server import PostgresServer, postgres_server
from tests.sources.sql.shop import QUERY, SETTLE_S, Shop

BY_TIME = QUERY.replace("id >= :cursor", "made_at >= :cursor").replace("ORDER BY id", "ORDER BY made_at")
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for all tests here."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def shop(server: PostgresServer) -> Iterator[Shop]:
    """A shop with the types that a business uses."""
    made = Shop(
        server.url.replace("postgresql:", "postgresql+psycopg:"), created="TIMESTAMPTZ", amount="NUMERIC(12, 2)"
    )
    yield made
    made.run("DROP TABLE IF EXISTS payments")


@pytest.fixture
async def source(shop: Shop) -> AsyncIterator[PaymentSource]:
    """Its source."""
    made = shop.source()
    yield made
    await made.close()


class PostgresSubject:
    """A table, which is renamed to hide it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.source: PaymentSource = shop.source()
        self.made = [self.source]
        self._rows = 0

    def another(self) -> PaymentSource:
        """On the same table."""
        self.made.append(self.shop.source())
        return self.made[-1]

    async def add(self, *payment_ids: str) -> None:
        """Rows with rising ids."""
        for payment_id in payment_ids:
            self._rows += 1
            self.shop.insert(self._rows, payment_id)
        self.shop.settle()

    async def hide(self) -> None:
        """Renamed."""
        self.shop.run("ALTER TABLE payments RENAME TO away")

    async def show(self) -> None:
        """Renamed back."""
        self.shop.run("ALTER TABLE away RENAME TO payments")


class TestPostgres(SourceContract):
    """The contract."""

    @pytest.fixture
    async def subject(self, shop: Shop) -> AsyncIterator[PostgresSubject]:
        """A shop on the server."""
        made = PostgresSubject(shop)
        yield made
        for source in made.made:
            await source.close()


async def test_a_row_is_read_as_the_csv_would_have_it(shop: Shop, source: PaymentSource) -> None:
    """NUMERIC and TIMESTAMPTZ become the exact payment."""
    shop.insert(1, created_at="2026-11-20T13:00:00+01:00")

    entries, _ = await drain(source)
    read = PaymentReader().read_fields(entries[0].fields)

    assert (49_900_000, "EUR", instant_from_text("2026-11-20T12:00:00Z")) == (
        read.amount_micros,
        read.currency,
        read.created_at,
    )


async def test_a_transaction_that_commits_late_is_read(
    server: PostgresServer, shop: Shop, source: PaymentSource
) -> None:
    """Its id is the lower one, and it became visible after the higher one was read."""
    late = psycopg.connect(server.url)
    columns = "id, payment_id, customer_id, amount, currency, status, created_at, kind"
    late.execute(f"INSERT INTO payments ({columns}) VALUES (1, 'late', 'c', 1, 'EUR', 'completed', now(), 'payment')")
    shop.insert(2, "early")
    _, position = await drain(source)
    late.commit()
    late.close()
    shop.settle()

    entries, _ = await drain(source, position)

    assert "late" in ids_of(entries)


async def test_the_server_refuses_to_write(shop: Shop) -> None:
    """Also through a function that the query calls: the transaction is read-only."""
    shop.run(
        "CREATE OR REPLACE FUNCTION spoil() RETURNS bigint LANGUAGE plpgsql AS "
        "$$ BEGIN DELETE FROM payments; RETURN 0; END $$"
    )
    shop.insert(1)
    source = shop.source(query=QUERY.replace("id >= :cursor", "id >= :cursor + spoil()"))

    with pytest.raises(CallError, match="read-only transaction"):
        await source.read("")
    await source.close()


async def test_a_query_that_takes_too_long_is_ended(shop: Shop) -> None:
    """By the server, so that nothing of ours goes on in it."""
    shop.insert(1)
    source = shop.source(query=QUERY.replace("WHERE", "CROSS JOIN pg_sleep(30) WHERE"), call_timeout_s=1)

    with pytest.raises(Transient, match="statement timeout"):
        await source.read("")
    await source.close()


async def test_a_locked_table_is_unknown(server: PostgresServer, shop: Shop) -> None:
    """Who holds the table makes the read fail within its time limit."""
    source = shop.source(call_timeout_s=1)
    with psycopg.connect(server.url) as holder:
        holder.execute("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Transient, match="timeout"):
            await source.read("")
        holder.rollback()
    await source.close()


@pytest.mark.parametrize("cursor", [{"cursor_start": "2026-11-01T00:00:00Z"}, {}])
async def test_a_cursor_by_time(shop: Shop, cursor: dict[str, Any]) -> None:
    """Many rows on each instant, across pages, from a time with its zone on."""
    shop.run("ALTER TABLE payments ADD COLUMN made_at TIMESTAMPTZ")
    query = BY_TIME.replace("SELECT id", "SELECT made_at")
    source = shop.source(query=query, cursor_column="made_at", cursor_type="time", **cursor)
    for row_id in range(12):
        shop.insert(row_id)
        shop.run("UPDATE payments SET made_at = :at WHERE id = :id", at=f"2026-11-{10 + row_id // 3}T00:00Z", id=row_id)

    entries, position = await drain(source)
    shop.clock.pass_s(SETTLE_S + 1)

    assert {f"p-{row_id}" for row_id in range(12)} == set(ids_of(entries))
    assert "p-11" in ids_of((await drain(source, position))[0])
    await source.close()


async def test_a_refused_right_is_said(shop: Shop) -> None:
    """A user who may not read the table is told what the server says."""
    shop.run("DROP ROLE IF EXISTS stranger")
    shop.run("CREATE ROLE stranger LOGIN")
    shop.insert(1)
    shop.url = shop.url.replace("postgres@", "stranger:hidden-word@")
    source = shop.source()

    with pytest.raises(Permanent, match="permission denied for table payments") as refused:
        await source.read("")

    assert "hidden-word" not in refused.value.reason
    await source.close()


async def test_a_killed_server_is_unknown_until_it_is_back(
    server: PostgresServer, shop: Shop, source: PaymentSource
) -> None:
    """Between two pages: the read fails, and goes on from its position when the server is back."""
    for row_id in range(12):
        shop.insert(row_id)
    first = await source.read("")
    server.kill()
    with pytest.raises(Transient, match="did not answer"):
        await source.read(first.position)
    server.start()

    entries, _ = await drain(source, first.position)

    assert [f"p-{row_id}" for row_id in range(12)] == ids_of([*first.entries, *entries])
