"""Every way of a Redis to misbehave that has a name, under one real daemon that goes through all of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis

from machines.events import CursorMoved
from tests.faults.redis.bench import LONG, Bench
from tests.faults.redis.refusing import RefusingServer
from tests.processes.operating import answer
from tests.processes.waiting import until

HASHES = ("status", "level", "revenue", "component:web")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The daemon of all tests here."""
    with Bench(tmp_path_factory.mktemp("misbehaving") / "bench").running() as bench:
        yield bench


@pytest.fixture
def bench(one: Bench) -> Bench:
    """The same, which stands well before the next fault."""
    until(lambda: not one.is_frozen(), "the daemon to be well after the fault before")
    return one


# --- a server that goes ---


def test_killed(bench: Bench) -> None:
    """SIGKILL, and a start with what the disk has: everything goes on where it was."""
    with bench.away("cannot be reached"):
        bench.server.end()
        bench.frozen()
        bench.server.start()


def test_replaced_by_an_empty_one(bench: Bench) -> None:
    """Another server on the same port, with another `run_id` and nothing in it: all is published anew at once."""
    with bench.away("cannot be reached"), bench.keys() as keys:
        before = keys.client.info("server")["run_id"]
        bench.server.end()
        bench.server.forget()
        bench.server.start()
        until(lambda: all(keys.hash(name) for name in HASHES), "the state to be shown again")
        until(lambda: bench.books.published(keys), "the events to be published again")

        assert before != keys.client.info("server")["run_id"]
        assert 1 == keys.published_sequences()[0]


def test_emptied_while_nothing_happens(bench: Bench) -> None:
    """FLUSHALL under the living connections is found without any news: state and events are there again in seconds."""
    with bench.keys() as keys:
        keys.client.flushall()
        until(lambda: all(keys.hash(name) for name in HASHES), "the state to be shown again")

        assert 1 == keys.published_sequences()[0]
    bench.carry_on()


def test_emptied_and_filled_again_while_away(bench: Bench) -> None:
    """A new server whose payments have higher ids is no gap: all of them are read, and nobody need say `resume`."""
    with bench.away("cannot be reached"), bench.keys() as keys:
        bench.proxy.cut()
        bench.frozen()
        keys.client.flushall()
        bench.books.pay(keys, 5)
        bench.proxy.mend()

    assert [] == bench.reasons("stream_gap")


def test_emptied_and_filled_again_while_the_daemon_is_down(bench: Bench) -> None:
    """The same, found at the start."""
    with bench.keys() as keys:
        bench.daemon.kill()
        keys.client.flushall()
        bench.books.pay(keys, 5)
        bench.daemon.start()
    bench.carry_on()

    assert [] == bench.reasons("stream_gap")


def test_behind_what_was_read(bench: Bench) -> None:
    """A server that lost its last second, and was then sent more: what is left is read again, and counts once."""
    bench.carry_on()
    with bench.away("cannot be reached"), bench.keys() as keys:
        newest = keys.entries("payments")[-1][0]
        command = keys.entries("commands")[-1][0]
        bench.proxy.cut()
        bench.frozen()
        keys.client.xdel(keys.key("payments"), newest)
        keys.client.xdel(keys.key("commands"), command)
        bench.books.pay(keys, 2)
        bench.proxy.mend()

    moved = {event.stream for event in bench.daemon.journal.events(CursorMoved)}
    assert {"payments", "commands"} <= moved
    assert [] == bench.reasons("stream_gap")


# --- a server that refuses ---


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("LOADING Redis is loading the dataset in memory", "is still loading its data"),
        ("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk", "cannot save to"),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL", "is busy with a script"),
        ("NOAUTH Authentication required.", "asks for a user and a password"),
        ("READONLY You can't write against a read only replica.", "is a read-only replica"),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "lost its primary"),
        ("NOREPLICAS Not enough good replicas to write.", "has too few replicas"),
        ("ERR max number of clients reached", "has no connection left"),
    ],
)
def test_refusing_everything(bench: Bench, error: str, words: str) -> None:
    """One clear thing is said, and the daemon goes on when the server does."""
    with bench.away(words), RefusingServer(error) as refusing:
        real, bench.proxy.upstream = bench.proxy.upstream, refusing.place
        bench.proxy.reset()
        bench.frozen_with(words)
        bench.proxy.upstream = real
        bench.proxy.reset()


def test_out_of_memory(bench: Bench) -> None:
    """Payments that were let in are counted while nothing can be published; freed, the streams are whole again."""
    with bench.keys() as keys:
        with keys.client.pipeline(transaction=True) as together:
            together.xadd(keys.key("payments"), bench.books.next_payment())
            together.config_set("maxmemory", "1")
            together.execute()
        until(bench.books.taken, "the payment to be counted")
        until(lambda: bench.warnings(["publication_away", "out of memory"]), "the warning")
        assert not bench.is_frozen()
        assert not bench.books.published(keys)
        keys.client.config_set("maxmemory", "0")
    bench.carry_on()


def test_a_script_that_does_not_end(bench: Bench) -> None:
    """BUSY on a real server, until somebody kills the script."""
    with bench.away("busy with a script"), bench.keys() as keys:
        keys.client.config_set("lua-time-limit", "50")
        with bench.server.client() as other:
            connection = other.connection_pool.get_connection()
            connection.send_command("EVAL", "while true do end", "0")
            bench.frozen_with("busy with a script")
            with bench.server.client() as third:
                until(lambda: _killed(third), "the script to be killed")
            connection.disconnect()


def _killed(client: redis.Redis) -> bool:
    with suppress(redis.RedisError):
        client.execute_command("SCRIPT", "KILL")
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_a_password_that_appears(bench: Bench) -> None:
    """ACLs changed under us: said, and waited for."""
    with bench.away("asks for a user and a password"), bench.keys() as keys:
        keys.client.config_set("requirepass", "hush")
        keys.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        bench.frozen_with("asks for a user and a password")
        keys.client.config_set("requirepass", "")


def test_no_connection_left(bench: Bench) -> None:
    """`maxclients` reached by others."""
    with bench.away("has no connection left"), bench.keys() as keys:
        keys.client.ping()
        keys.client.config_set("maxclients", "1")
        keys.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        bench.frozen_with("has no connection left")
        keys.client.config_set("maxclients", "10000")


# --- a stream that others put their hands on ---


def test_trimmed_under_us(bench: Bench) -> None:
    """Unread entries that somebody else trims are a gap, said while the connection lives; sent again, they count."""
    with bench.keys() as keys:
        bench.books.hold(keys)
        bench.proxy.hold()
        bench.books.pay(keys, 1)  # the read that waits is answered with this one, and the answer is held
        until(lambda: bench.waiting_readers(keys) == 0, "the waiting read to be answered")
        lost = [bench.books.next_payment() for _ in range(3)]
        for each in lost:
            keys.add("payments", each)
        bench.books.pay(keys, 2)
        keys.client.xtrim(keys.key("payments"), maxlen=2, approximate=False)
        bench.proxy.release()
        until(lambda: bench.is_frozen("stream_gap"), "the gap to be said")
        for each in lost:
            keys.add("payments", each)
        until(bench.books.taken, "what was sent again to be counted")
        said = answer(keys, bench.books.told(keys, "resume"))
        until(lambda: not bench.is_frozen("stream_gap"), "the thaw")

        assert "done" == said["outcome"]
        assert 1 == len(bench.reasons("stream_gap"))


def test_of_another_type(bench: Bench) -> None:
    """`SET solvent:payments x`: named with its key, and over when the key is gone."""
    with bench.away("holds something else under our key solvent:payments"), bench.keys() as keys:
        keys.client.delete(keys.key("payments"))
        keys.client.set(keys.key("payments"), "x")
        bench.frozen()
        keys.client.delete(keys.key("payments"))


# --- a way that breaks ---


@pytest.mark.parametrize("reply_bytes", [1, 40, 700] if not LONG else [*range(1, 60), 200, 700, 3_000])
def test_a_reply_cut_in_half(bench: Bench, reply_bytes: int) -> None:
    """The connection is reset in the middle of a reply, at whatever byte."""
    lost = bench.proxy.lost
    bench.proxy.drop_replies_after(reply_bytes)
    bench.carry_on()

    assert lost + 1 == bench.proxy.lost


@pytest.mark.parametrize("word", [b"EXEC", b"XREAD"] if not LONG else [b"EXEC", b"XREAD", b"XINFO", b"WATCH", b"HSET"])
def test_a_request_that_does_not_arrive(bench: Bench, word: bytes) -> None:
    """It is lost with its connection; nothing is lost with it."""
    lost = bench.proxy.lost
    bench.proxy.lose_request(word)
    bench.carry_on()
    until(lambda: bench.proxy.lost == lost + 1, "the request to be lost")


def test_stopped(bench: Bench) -> None:
    """A server that holds still for longer than our patience, and then goes on with everything that was asked."""
    with bench.away("did not answer in time"):
        bench.server.signal(signal.SIGSTOP)
        try:
            bench.frozen()
        finally:
            bench.server.signal(signal.SIGCONT)


@pytest.mark.skipif(not LONG, reason="make faults: it waits for time-outs of several seconds")
def test_paused_clients(bench: Bench) -> None:
    """CLIENT PAUSE for longer than our patience."""
    with bench.away("did not answer in time"), bench.keys() as keys:
        keys.client.execute_command("CLIENT", "PAUSE", "9000", "ALL")
        bench.frozen()


@pytest.mark.skipif(not LONG, reason="make faults: half a minute of random cuts")
def test_cut_again_and_again(bench: Bench) -> None:
    """A hundred cuts of the way while payments stream."""
    with bench.keys() as keys:
        for number in range(100):
            bench.books.pay(keys, 5)
            bench.proxy.drop_replies_after(37 * number)
            if number % 10 == 0:
                bench.books.command(keys)
            time.sleep(0.1)  # part of the fault: cuts that come as often as this
        bench.books.hold(keys)
    bench.carry_on()
