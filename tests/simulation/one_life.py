"""What the tests of one simulated life share: months to live through, and what they look at afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from daemon.running import Daemon
from machines import events
from machines.lifecycle_states import Step
from tests.simulation import checks
from tests.simulation.scenario import month_of, quiescent, require_none
from tests.simulation.world import World

Body = Callable[[World, Daemon], Awaitable[None]]
TO_THE_TOP = (("2025-01", "1600"), ("2025-02", "1600"))


async def months(world: World, daemon: Daemon, *figures: tuple[str, str]) -> None:
    """Months with their revenue, each settled before the next."""
    for month, amount in figures:
        month_of(month, amount)(world)
        await quiescent(world, daemon)


def live(world: World, body: Body) -> None:
    """One life in which nothing may be found."""
    assert world.live(body)
    world.findings.extend(checks.published_findings(world))
    require_none(world)


def states(world: World) -> dict[str, str]:
    """Every component's recorded state."""
    recorded = {each.id: each.state.value for each in world.auditor.state.components.records.values()}
    return {**dict.fromkeys(world.plan.components, "COLD"), **recorded}


def hot(world: World) -> set[str]:
    """The components that serve."""
    return {name for name, state in states(world).items() if state == "HOT"}


def done_order(world: World, step: Step) -> list[str]:
    """In which order the components finished this step."""
    ended = (each.event for each in world.events())
    done = events.StepOutcome.DONE
    return [e.component for e in ended if isinstance(e, events.StepEnded) and e.step is step and e.outcome is done]


def of_type(world: World, kind: type[events.Event], after: int = 0) -> list[events.Event]:
    """The events of one kind after a sequence number."""
    return [each.event for each in world.events(after) if isinstance(each.event, kind)]
