"""The lease in PostgreSQL keeps the contract of leases, and what only a real server can show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Final

import psycopg
import pytest

from adapters.postgres_journal.lease import PostgresLeaseDesk
from adapters.postgres_journal.making import make_tables
from adapters.postgres_journal.place import PostgresPlace
from config.secret import Secret
from config.settings.lease import LeaseSettings
from daemon.leading.watching import LeaseWatch
from machines.ports.lease import LeaseAwayError, LeaseDesk
from tests.contracts.lease import FIRST, SECOND_ONE, THIRD, TTL_S, LeaseContract, LeaseHarness, take
from tests.postgres_server import PostgresServer
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("postgres-lease")
_SCHEMAS: Final = count(1)


class PostgresHarness(LeaseHarness):
    """Desks on one schema, through a proxy that can be cut."""

    def __init__(self, server: PostgresServer, proxy: TcpProxy) -> None:
        self.schema = f"lease_{next(_SCHEMAS)}"
        self.proxy = proxy
        self._server = server
        self._desks: list[PostgresLeaseDesk] = []

    @property
    def place(self) -> PostgresPlace:
        """Behind the proxy."""
        return PostgresPlace(Secret(f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres"), self.schema)

    async def open(self) -> LeaseDesk:
        """Another desk on the one schema."""
        if not self._desks:
            await make_tables(self.place)
        self._desks.append(PostgresLeaseDesk(self.place, call_timeout_s=1))
        return self._desks[-1]

    async def pass_time(self, seconds: float) -> None:
        """What was written so far was written so much earlier."""
        move = f"- make_interval(secs => {seconds})"
        self.execute(f"UPDATE lease SET since = since {move}, seen_at = seen_at {move}")
        self.execute(f"UPDATE daemons SET since = since {move}, seen_at = seen_at {move}")

    async def cut_off(self) -> None:
        """The way to the server is gone."""
        self.proxy.cut()

    def execute(self, statement: str) -> None:
        """As the database's owner, past the proxy."""
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self) -> psycopg.Connection:
        """A connection past the proxy."""
        return psycopg.connect(self._server.url, options=f"-c search_path={self.schema}")

    async def close(self) -> None:
        """Let go of all."""
        for desk in self._desks:
            await desk.close()


@pytest.fixture
async def harness(server: PostgresServer) -> AsyncIterator[PostgresHarness]:
    """An empty schema."""
    with TcpProxy(server.port) as proxy:
        made = PostgresHarness(server, proxy)
        yield made
        await made.close()


class TestPostgresLease(LeaseContract):
    """The contract."""


async def test_an_older_version_shows_a_fault_behind_the_version(harness: PostgresHarness) -> None:
    """It refuses a table with a column that it does not know, and both share the tables while they are upgraded."""
    desk = await harness.open()
    await desk.stand_by(SECOND_ONE, 3, "it cannot read; see its log")
    with harness.connect() as connection:
        shown = connection.execute("SELECT version FROM daemons").fetchall()
    assert [(f"{SECOND_ONE.version}; it cannot read; see its log",)] == shown


async def test_of_many_one_leads(harness: PostgresHarness) -> None:
    """Of ten candidates that ask at the same moment, exactly one gets the lead."""
    desks = [await harness.open() for _ in range(5)]
    seen = await desks[0].look()
    asked = [desk.acquire(each, TTL_S, seen) for desk in desks for each in (SECOND_ONE, THIRD)]
    given = await asyncio.gather(*asked)
    assert sorted(each for each in given if each is not None) == [1]


async def test_a_held_row_delays_nobody_for_long(harness: PostgresHarness) -> None:
    """A transaction that holds the lease's row, as a stuck append does, only delays a question: it is asked again."""
    desk = await harness.open()
    with harness.connect() as holding:
        holding.execute("SELECT fencing FROM lease FOR SHARE")
        with pytest.raises(LeaseAwayError, match="lock"):
            await take(desk, FIRST)
    assert await take(desk, FIRST) == 1


async def test_a_silent_server_is_not_waited_for(harness: PostgresHarness, server: PostgresServer) -> None:
    """A server whose machine is frozen is away within the bound, and answers again on a new connection."""
    desk = await harness.open()
    await take(desk, FIRST)
    loop = asyncio.get_running_loop()
    server.hold_still()
    try:
        began_s = loop.time()
        with pytest.raises(LeaseAwayError):
            await desk.renew(FIRST, 1, TTL_S)
        took_s = loop.time() - began_s
    finally:
        server.go_on()
    assert took_s < 4
    assert (await desk.renew(FIRST, 1, TTL_S)).leader is not None


async def test_a_lead_whose_answer_was_lost_is_its_own(harness: PostgresHarness) -> None:
    """The server gave the lead and nobody heard it: at the next look the candidate takes it under a new token."""
    desk = await harness.open()
    watch = LeaseWatch(desk, LeaseSettings(), asyncio.get_running_loop().time)
    watch.see(await desk.look())
    harness.proxy.lose_reply(b"UPDATE 1")
    with pytest.raises(LeaseAwayError):
        await watch.take(FIRST)
    view = await desk.look()
    assert view.leader is not None
    assert (view.leader.candidate.name, view.fencing) == (FIRST.name, 1)
    watch.see(view)
    lease = await watch.take(FIRST)
    assert lease is not None
    assert 2 == lease.fencing


async def test_the_password_is_not_said(harness: PostgresHarness) -> None:
    """What is told of a server that cannot be reached holds no password."""
    harness.proxy.cut()
    url = Secret(f"postgresql://postgres:geheim@127.0.0.1:{harness.proxy.port}/postgres")
    desk = PostgresLeaseDesk(PostgresPlace(url, "nowhere"))
    with pytest.raises(LeaseAwayError) as away:
        await desk.look()
    assert "geheim" not in str(away.value)
