"""What happens to the server itself: killed, frozen, full, a replica; the journal refuses, waits and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from adapters.postgres_journal import PostgresPlace, ReadOnlyPostgresJournal, connect
from config.secret import Secret
from machines.ports.journal import JournalRefusedError
from tests.contracts.journal import entry_ids, everything, proposal
from tests.journal.postgres_places import ask, connection_given_up, fresh_place, opened
from tests.postgres_server import PostgresServer, postgres_server
from tests.processes.waiting import until

pytestmark = pytest.mark.xdist_group("postgres_servers")


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server for one test, which may kill it."""
    with postgres_server() as running:
        yield running


async def test_a_killed_server_keeps_what_was_acknowledged(server: PostgresServer) -> None:
    """While it is dead groups are refused; started again, the same journal goes on where it was."""
    place = fresh_place(server)
    async with opened(place) as journal:
        await asyncio.gather(*(journal.append([proposal(str(index))]) for index in range(20)))
        server.kill()
        with pytest.raises(JournalRefusedError):
            await journal.append([proposal("dead")])
        with pytest.raises(JournalRefusedError):
            await everything(journal)
        server.start()
        await journal.append([proposal("alive")])
        assert entry_ids(await everything(journal)) == [*map(str, range(20)), "alive"]


async def test_a_server_killed_under_load_loses_and_doubles_nothing(server: PostgresServer) -> None:
    """Each caller learns the truth about its group: what was acknowledged is there, what was refused is not."""
    place = fresh_place(server)
    async with opened(place) as journal:
        answers: dict[str, bool] = {}

        async def feed(name: str) -> None:
            for index in range(200):
                try:
                    await journal.append([proposal(f"{name}.{index}")])
                    answers[f"{name}.{index}"] = True
                except JournalRefusedError:
                    answers[f"{name}.{index}"] = False
                    return

        feeding = asyncio.gather(*(feed(str(each)) for each in range(4)))
        await asyncio.to_thread(until, lambda: len(answers) > 20, "some groups to be written")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await feeding
        assert sorted(entry_ids(await everything(journal))) == sorted(name for name, there in answers.items() if there)


async def test_a_frozen_server_is_waited_for_and_asked_again(server: PostgresServer) -> None:
    """A commit on a server that stands still is answered once it goes on, with what really happened."""
    place = fresh_place(server, statement_timeout_s=1)
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        server.hold_still()
        append = asyncio.ensure_future(journal.append([proposal("b")]))
        await connection_given_up(journal)
        server.go_on()
        try:
            await append
            expected = ["a", "b", "c"]
        except JournalRefusedError:
            expected = ["a", "c"]
        await journal.append([proposal("c")])
        assert entry_ids(await everything(journal)) == expected


async def test_a_replica_is_refused_for_writing_and_read_from(server: PostgresServer) -> None:
    """A server in recovery opens no journal for a daemon, and shows it to a reader."""
    place = fresh_place(server)
    async with opened(place) as journal:
        await journal.append([proposal("a")])
    server.stop()
    (server._folder / "data" / "standby.signal").touch()
    server.start()
    with pytest.raises(JournalRefusedError, match="replica in recovery"):
        async with opened(place):
            pass
    any_host = PostgresPlace(Secret(f"{place.url.reveal()}?target_session_attrs=any"), place.schema)
    with pytest.raises(JournalRefusedError, match="replica in recovery"):
        async with opened(any_host):
            pass
    reader = ReadOnlyPostgresJournal.open(place, fold_version=1)
    assert entry_ids(await everything(reader)) == ["a"]
    await reader.close()


async def test_of_several_hosts_the_one_that_takes_writes_is_found(server: PostgresServer) -> None:
    """A dead host and a replica before the primary cost time, and nothing else."""
    with postgres_server() as replica:
        replica.stop()
        (replica._folder / "data" / "standby.signal").touch()
        replica.start()
        hosts = f"127.0.0.1:1,127.0.0.1:{replica.port},127.0.0.1:{server.port}"
        place = PostgresPlace(Secret(f"postgresql://postgres@{hosts}/postgres"), "several")
        async with opened(place) as journal:
            await journal.append([proposal("a")])
    assert ask(PostgresPlace(Secret(server.url), "several"), "SELECT count(*) FROM events") == [(1,)]


def test_sessions_say_what_they_are_and_keep_their_limits(server: PostgresServer) -> None:
    """Whatever the server's defaults are: durable commits, limited waits, a name."""
    place = PostgresPlace(
        Secret(f"{server.url}?options=-c%20synchronous_commit%3Doff%20-c%20statement_timeout%3D0"), "named"
    )
    names = "application_name", "synchronous_commit", "statement_timeout", "idle_in_transaction_session_timeout"
    with connect(place) as connection:
        found = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert found == [("solvent journal named",), ("on",), ("10s",), ("2s",)]
