"""How long what is not yet durable has waited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from daemon.telemetry.metrics import Metrics
from machines.events import Recorded
from machines.ports.journal import PaymentSeen, Proposal
from tests.publication.publishing import Publishing, freeze
from tests.simulation.virtual_loop import run

SLOW_S = 7.0
"""So long each group takes on this disk."""


class SlowHouse(Publishing):
    """A house whose disk takes its time."""

    async def start(self) -> None:
        """As any other, but for the disk."""
        await super().start()
        append = self.journal.append

        async def slow(group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
            await asyncio.sleep(SLOW_S)
            return await append(group, payments)

        self.journal.append = slow  # type: ignore[method-assign]


def waits(times_s: Sequence[float]) -> list[float]:
    """What the metric shows so long after two groups were given to the recorder, the second five seconds later."""

    async def scenario() -> list[float]:
        house = SlowHouse()
        await house.start()
        metrics = Metrics(recorder=house.recorder, kernel=house.kernel, publication=house.publication, version="0")
        found: list[float] = []

        async def look(at_s: float) -> None:
            await asyncio.sleep(at_s)
            (sample,) = next(
                each.samples
                for each in metrics.families()
                if each.description.name == "solvent_journal_oldest_wait_seconds"
            )
            found.append(round(float(sample.value), 3))  # type: ignore[arg-type]

        async def second() -> None:
            await asyncio.sleep(5)
            await house.record(freeze("second"))

        await asyncio.gather(house.record(freeze("first")), second(), *(look(each) for each in times_s))
        await house.stop()
        return found

    return run(scenario, 1)


def test_the_oldest_wait_is_shown_until_it_is_durable() -> None:
    """Also of what is just being written: that is where a slow disk shows. Then the next one is the oldest."""
    assert [1.0, 6.0, 4.0, 8.0] == waits([1, 6, 9, 13])


def test_nothing_that_waits_is_zero() -> None:
    """Zero, and not absent: it is known that nothing waits."""
    assert [0.0] == waits([15])
