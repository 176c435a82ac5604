"""What one PostgreSQL does to a leader and its standby that both live through: one pair, one fault after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

import psycopg
import pytest

from tests.faults.postgres.bench import Bench, asked, said
from tests.postgres_server import PostgresServer, postgres_server
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.standby.pair import ended_at
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("postgres-faults-one")
LEASE: Final = {"SOLVENT_LEASE__TTL_S": "30", "SOLVENT_LEASE__RENEW_EVERY_S": "1"}
"""Long: on a busy machine a fault of a second takes three."""
_NUMBERS: Final = count(1)
WRITER: Final = "application_name LIKE 'solvent journal%'"


class Way:
    """The address of the server behind the proxy."""

    def __init__(self, proxy: TcpProxy) -> None:
        self.url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for all tests."""
    with postgres_server("superuser_reserved_connections=0") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: PostgresServer) -> Iterator[TcpProxy]:
    """Between both daemons and the server."""
    with TcpProxy(server.port) as between:
        yield between


@pytest.fixture(scope="module")
def bench(proxy: TcpProxy, server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A leader and a standby that no fault here may end."""
    folder = tmp_path_factory.mktemp("postgres-faults")
    redis = RedisServer(folder / "redis")
    redis.start()
    try:
        made = Bench(folder, Way(proxy), redis, "one")
        made.look_at(server)
        with made.running(**LEASE) as running:
            yield running
    finally:
        redis.stop()


Pay = Callable[[], str]


@pytest.fixture
def pay(bench: Bench, proxy: TcpProxy) -> Iterator[Pay]:
    """Pay once, within the fault. After it that and another payment are counted once, and the same daemon leads."""
    fencing, paid = bench.fencing(), list[str]()

    def once() -> str:
        paid.append(f"p{next(_NUMBERS)}")
        with bench.keys() as keys:
            keys.payment(paid[-1], "2024-01-12", "1.00")
        return paid[-1]

    yield once
    proxy.release()
    proxy.mend()
    once()
    until(lambda: all(bench.counted(each) for each in paid), "everything to be counted")
    assert [1] * len(paid) == [bench.counted(each) for each in paid]
    assert (None, None) == (ended_at(bench.leader), ended_at(bench.standby))
    assert fencing == bench.fencing()


def refusing(bench: Bench, words: str) -> Callable[[], bool]:
    """Whether the leader says of its journal that it takes nothing, in these words."""
    return lambda: words in asked(bench.leader, "/readyz", 10)[1]


def test_a_restart_within_the_lease_is_lived_through(bench: Bench, server: PostgresServer, pay: Pay) -> None:
    """The server is killed and started again: what was paid meanwhile waits."""
    server.kill()
    pay()
    until(lambda: said(bench.leader, "lease_away"), "the leader to see it")
    server.start()


def test_while_the_server_hangs_the_standby_answers(bench: Bench, server: PostgresServer, pay: Pay) -> None:
    """/healthz answers within a second, whatever the standby waits for; /readyz names the store."""
    server.hold_still()
    try:
        pay()
        until(lambda: "does not answer" in asked(bench.standby, "/readyz")[1], "the standby to see it")
        took = [asked(bench.standby, "/healthz") for _ in range(40)]
    finally:
        server.go_on()
    assert {200} == {status for status, _, _ in took}
    assert max(took_s for _, _, took_s in took) < 1


def test_a_server_set_to_read_only_is_waited_for(bench: Bench, server: PostgresServer, pay: Pay) -> None:
    """The journal takes nothing, and says why, until it is writable again."""
    server.configure("default_transaction_read_only", "on")
    try:
        pay()
        until(refusing(bench, "read-only"), "the leader to say why")
    finally:
        with psycopg.connect(server.url, autocommit=True) as person:
            person.execute("SET default_transaction_read_only = off")
            person.execute("ALTER SYSTEM RESET default_transaction_read_only")
            person.execute("SELECT pg_reload_conf()")


def test_no_connection_is_left(bench: Bench, server: PostgresServer, pay: Pay) -> None:
    """The writing connection is lost, and others took its place: refused until one of them goes."""
    others: list[psycopg.Connection] = []
    until(lambda: not _one_more(server, others), "no connection to be left")
    try:
        others[0].execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {WRITER}")
        until(lambda: _one_more(server, others), "another to take the place")
        pay()
        until(refusing(bench, "too many clients"), "the leader to say why")
    finally:
        for each in others:
            each.close()


def _one_more(server: PostgresServer, others: list[psycopg.Connection]) -> bool:
    try:
        others.append(psycopg.connect(server.url, autocommit=True))
    except psycopg.OperationalError:
        return False
    return True


def test_a_person_who_holds_a_table_is_waited_for(bench: Bench, server: PostgresServer, pay: Pay) -> None:
    """`BEGIN; LOCK TABLE events`: the append gives up and says why, the lead is kept, and all goes on after it."""
    with psycopg.connect(server.url) as person:
        person.execute("LOCK TABLE one.events IN EXCLUSIVE MODE")
        pay()
        until(refusing(bench, "due to statement timeout"), "the leader to say why")
        person.rollback()


def test_a_commit_whose_answer_is_lost_is_found_again(bench: Bench, proxy: TcpProxy, pay: Pay) -> None:
    """The connection is reset after the server committed: nothing is written twice."""
    lost = proxy.lost
    proxy.lose_reply(b"COMMIT")
    pay()
    until(lambda: proxy.lost > lost, "an answer to be lost")


@pytest.mark.parametrize("direction", ["hold_requests", "hold_replies", "hold"])
def test_a_line_that_is_half_open_is_left(bench: Bench, proxy: TcpProxy, pay: Pay, direction: str) -> None:
    """One direction, or both, pass nothing and nobody is told: the daemon gives up by itself, and asks again."""
    before = len(said(bench.leader, "lease_away"))
    getattr(proxy, direction)()
    pay()
    until(lambda: len(said(bench.leader, "lease_away")) > before, "the leader to give up waiting")
    proxy.release()
    until(lambda: len(said(bench.leader, "lease_answers_again")) > before, "the leader to be answered")


def test_what_a_person_deleted_is_found_by_verify(bench: Bench, server: PostgresServer) -> None:
    """The last test here: a missing event is named, with the last good one."""
    server.execute("DELETE FROM one.events WHERE sequence = 2")
    code, shown = bench.pair.command("verify", state="first")
    assert (1, True) == (code, "event 2" in shown or "event 3" in shown), shown
    server.execute("CREATE RULE silent AS ON INSERT TO one.payments DO INSTEAD NOTHING")
    code, shown = bench.pair.command("verify", state="first")
    assert (1, True) == (code, "rule silent on the table payments" in shown), shown
