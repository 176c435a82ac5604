"""Ctrl-C while `solvent promote` waits: the wish is taken back where it still can be, and what became of it is said."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess

import pytest

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from daemon.assembly import clock_from
from daemon.cli.handing_over import HandOver
from daemon.cli.journal_starts import Starts
from machines.ports.journal import Journal
from machines.ports.lease import Candidate, LeaseAwayError
from tests.contracts.journal import SetClock
from tests.processes.daemon_process import PROGRAM
from tests.processes.waiting import until
from tests.standby.pair import Pair

pytestmark = pytest.mark.xdist_group("standby")
LEADER, STANDBY = Candidate("a/1/x"), Candidate("b/2/y")


async def _no_journal() -> Journal:
    raise FileNotFoundError


async def interrupted(store: MemoryLeaseStore, meanwhile: str = "") -> None:
    """Wish for the standby, let something happen, and be interrupted."""
    cut = False

    def away(_method: str) -> None:
        if cut:
            raise LeaseAwayError("PostgreSQL does not answer")

    desk = MemoryLeaseDesk(store, away)
    assert 1 == await desk.acquire(LEADER, 6, await desk.look())
    await desk.stand_by(STANDBY, 0)
    waiting = asyncio.ensure_future(HandOver(desk, Starts(_no_journal, 0), STANDBY.name, clock_from(None)).wish(60))
    while store.wanted != STANDBY.name:  # noqa: ASYNC110 - one round of the loop
        await asyncio.sleep(0)
    store.handing_over = meanwhile == "the leader stops"
    store.wanted = "" if meanwhile == "it is fulfilled" else store.wanted
    cut = meanwhile == "the store is away"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("meanwhile", "said", "wanted"),
    [
        ("", "Interrupted. The wish was taken back", ""),
        ("the leader stops", "Interrupted. The leader is stopping already and the hand-over goes on", STANDBY.name),
        ("it is fulfilled", "Interrupted. The wish does not stand any more: see `solvent status`", ""),
        ("the store is away", "Interrupted. Whether the hand-over goes on is not known: PostgreSQL", STANDBY.name),
    ],
)
async def test_an_interrupted_hand_over_says_what_becomes_of_it(
    meanwhile: str, said: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taken back, too late, or unknown; and the wish is as it is said."""
    store = MemoryLeaseStore(SetClock())

    await interrupted(store, meanwhile)

    assert said == capsys.readouterr().err[: len(said)]
    assert wanted == store.wanted


def test_ctrl_c_takes_the_wish_back(pair: Pair) -> None:
    """A real SIGINT to the real command: it says so, ends with 1, and the leader goes on leading."""
    with pair.daemon("first", SOLVENT_LEASE__TTL_S="60", SOLVENT_LEASE__RENEW_EVERY_S="20") as first:
        pair.journal.execute(
            "INSERT INTO daemons SELECT 'a-machine/1/x', '', '9', now, now + interval '4 seconds', 1000000"
            " FROM clock_timestamp() AS now"
        )
        command = subprocess.Popen(
            [PROGRAM, "promote", "--state-dir", str(pair.folder / "first")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TEST_JOURNAL_URL": pair.server.url},
        )

        def is_wished() -> bool:
            assert command.poll() is None, command.communicate()
            return pair.journal.execute("SELECT wanted FROM lease") == [("a-machine/1/x",)]

        until(is_wished, "the wish")
        command.send_signal(signal.SIGINT)
        said, _ = command.communicate(timeout=60)

        assert (1, True) == (command.returncode, "Interrupted. The wish was taken back" in said), said
        assert [("",)] == pair.journal.execute("SELECT wanted FROM lease")
        assert first.is_running
