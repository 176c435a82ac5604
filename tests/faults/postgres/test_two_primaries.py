"""A replica is promoted while its primary lives: two daemons hold a lease each, and one Redis shows them each other."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from daemon.roots.gate import LED_BY_ANOTHER
from machines.events import PauseSet, StepEnded
from tests.postgres_server import postgres_server, replica
from tests.processes.pages import page
from tests.processes.redis_place import RedisServer, keys_of
from tests.processes.waiting import until
from tests.standby.pair import Kind, Pair, PostgresFile

pytestmark = pytest.mark.xdist_group("postgres-faults")
SCHEMA = "two"


def test_of_two_leaders_on_two_primaries_one_acts(tmp_path: Path, redis_server: RedisServer) -> None:
    """The later one: the other ends, and started anew on its own primary it stays paused, and out of Redis."""
    with postgres_server() as primary, replica(primary) as copy, keys_of(redis_server.url) as keys:
        pair = Pair(tmp_path, primary, redis_server, SCHEMA)
        old, new = pair.journal, PostgresFile(copy.url, SCHEMA)
        first, second = pair.daemon("first"), pair.daemon("second", TEST_JOURNAL_URL=copy.url)
        with first, ExitStack() as later:
            until(lambda: 2 == len(events_of(old, StepEnded)), "the first to lead, and its first component to serve")
            until(lambda: end_of(new) == end_of(old) > 0, "the replica to miss nothing")
            copy.promote()
            later.enter_context(second)
            assert 1 == first.wait()
            assert f"it leads no longer: {LED_BY_ANOTHER}" in first.log

            first.start()
            until(lambda: LED_BY_ANOTHER in page(first, "/readyz")[1], "it to say why it does nothing")
            keys.payment("one", "2024-01-10", "250.00")
            keys.watermark("2024-02-01")
            until(lambda: len(events_of(new, StepEnded)) > len(events_of(old, StepEnded)) + 2, "the second to act")
            assert second.is_running
            assert [True] == [each.reason.startswith(LED_BY_ANOTHER) for each in events_of(old, PauseSet)]
            assert [] == events_of(new, PauseSet)


def events_of(journal: PostgresFile, kind: type[Kind]) -> list[Kind]:
    """All events of one kind."""
    return asyncio.run(journal.events(kind))


def end_of(journal: PostgresFile) -> int:
    """How far it goes."""
    return int(journal.execute("SELECT max(sequence) FROM events")[0][0] or 0)
