"""When the daemon calls itself unwell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from daemon.telemetry.health import Health
from machines.ports.journal import JournalRefusedError, Proposal
from tests.publication.publishing import Publishing, freeze
from tests.simulation.virtual_loop import run


def test_a_daemon_at_work_is_well() -> None:
    """Root tasks that beat and a journal that takes writes, also while Redis is away."""

    async def scenario() -> Sequence[str]:
        house = Publishing()
        house.server.go_away()
        await house.start()
        health = Health(house.kernel, house.recorder, beat_max_s=30)
        await house.record(freeze("clock"))
        await asyncio.sleep(300)
        problems = health.problems()
        await house.stop()
        return problems

    assert [] == list(run(scenario, 1))


def test_a_root_that_hangs_is_named() -> None:
    """Nothing was heard of it for longer than the limit."""

    async def scenario() -> Sequence[str]:
        house = Publishing()
        await house.start()

        async def hang(_root: object) -> None:
            await asyncio.Event().wait()

        house.kernel.roots.start("stuck", hang, owner="stuck", policy=house.root.policy, essential=False)
        await asyncio.sleep(31)
        problems = Health(house.kernel, house.recorder, beat_max_s=30).problems()
        await house.stop()
        return problems

    assert ["root task stuck said nothing for 30 s"] == list(run(scenario, 1))


def test_a_journal_that_refuses_is_named_and_recovers() -> None:
    """A full disk makes the daemon unwell until a write succeeds, without a restart."""

    async def scenario() -> tuple[Sequence[str], Sequence[str]]:
        house = Publishing()
        await house.start()
        health = Health(house.kernel, house.recorder)

        def refuse(_group: Sequence[Proposal]) -> None:
            raise JournalRefusedError("the disk is full")

        house.journal.before_append = refuse
        try:
            await house.record(freeze("clock"))
        except JournalRefusedError:
            refusing = health.problems()
        house.journal.before_append = None
        await house.record(freeze("clock"))
        well = health.problems()
        await house.stop()
        return refusing, well

    refusing, well = run(scenario, 1)

    assert ["the journal takes nothing: the disk is full"] == list(refusing)
    assert [] == list(well)


def test_a_stopping_daemon_says_so() -> None:
    """Whoever balances load should look elsewhere."""

    async def scenario() -> Sequence[str]:
        house = Publishing()
        await house.start()
        await house.stop()
        return Health(house.kernel, house.recorder).problems()

    assert ["the daemon is stopping"] == list(run(scenario, 1))


def test_a_journal_that_begins_to_refuse_is_told_once() -> None:
    """It cannot be told in the journal: whoever listens hears why it begins, and when it takes again."""

    async def scenario() -> list[str | None]:
        house, heard = Publishing(), list[str | None]()
        await house.start()
        house.recorder.refusal_listeners.append(heard.append)

        def refuse(_group: Sequence[Proposal]) -> None:
            raise JournalRefusedError("the disk is full")

        house.journal.before_append = refuse
        for _ in range(3):
            with suppress(JournalRefusedError):
                await house.record(freeze("clock"))
        house.journal.before_append = None
        for _ in range(2):
            await house.record(freeze("clock"))
        await house.stop()
        return heard

    assert ["the disk is full", None] == run(scenario, 1)
