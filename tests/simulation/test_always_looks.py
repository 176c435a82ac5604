"""While a component is at work there is always a next look, however its last round ended (I12)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest

from adapters.provisioners.simulated import Fault
from config.loading import plan_from_text
from config.plan import Plan
from daemon.actors.names import component_actor
from daemon.messages import Look
from daemon.running import Daemon
from machines import events
from machines.events import Mode
from machines.observations import Observation, ResourceState
from machines.ports.journal import JournalRefusedError, Proposal
from machines.ports.lease import Alone
from machines.ports.provisioner import Resource
from tests.simulation.ladder import LADDER, ladder
from tests.simulation.one_life import months, of_type, states
from tests.simulation.scenario import command, month_of, quiescent, require_none
from tests.simulation.world import SETTINGS, World

AWAY_S: Final = 10
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
DEADLINE_S: Final = SETTINGS.provisioning.step_deadline_s


class AwayWorld(World):
    """A world whose journal takes nothing for ten seconds, from the first event of one kind on."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, 1)
        self.kind: type[events.Event] | None = None
        self.away_at: float | None = None

    def _before_append(self, group: Sequence[Proposal]) -> None:
        now_s = self.clock.monotonic_s()
        if self.away_at is None and self.kind in [type(each.event) for each in group]:
            self.away_at = now_s
        if self.away_at is not None and now_s < self.away_at + AWAY_S:
            raise JournalRefusedError("PostgreSQL is away")
        super()._before_append(group)


class SwitchedLead(Alone):
    """A lead that a test takes away for a while."""

    leading = True

    def leads(self) -> bool:
        """Whether a call may start."""
        return self.leading


class LedWorld(World):
    """A world whose daemon may be kept from acting."""

    lead = SwitchedLead()

    def boot(self) -> Daemon:
        """A fresh daemon with that lead."""
        daemon = super().boot()
        daemon.ports = msgspec.structs.replace(daemon.ports, leadership=self.lead)
        return daemon


def unwatched(world: World, daemon: Daemon) -> list[str]:
    """The components that are at work and of which no look is due or under way."""
    due = {ref.name for ref, _, message in daemon.kernel.timers._waiting.values() if isinstance(message, Look)}
    due |= {ref.name for ref in daemon.kernel.actors if ref.task is not None}
    records = world.auditor.state.components
    made = [each.id for each in world.plan.components.values() if not each.host]
    return [each for each in made if component_actor(each) not in due and not records.of(each).parked]


async def wish(world: World) -> None:
    """An operator pins what only an approval may raise."""
    command("pin", verb="pin", component="vault", state="HOT", reason="a wish")(world)


async def fall(world: World) -> None:
    """A level falls, and the gateway cannot be lowered before its deadline."""
    for _ in range(400):
        world.faults.next("deactivate", Fault.TRANSIENT, "gateway")
    month_of("2025-02", "20")(world)
    await asyncio.sleep(DEADLINE_S + 600)


async def vanish(world: World) -> None:
    """Somebody removes the cluster, after the grace."""
    await asyncio.sleep(300)
    world.faults.next("observe", Fault.VANISHES, "cluster")
    await asyncio.sleep(300)


async def lose(world: World) -> None:
    """The next level's workers are asked for, and nothing of them is ever made until the level falls."""
    for _ in range(400):
        world.faults.next("warm", Fault.AMBIGUOUS_NOT_DONE, "workers")
    await months_without_rest(world, ("2025-02", "350"), ("2025-03", "350"))
    await months_without_rest(world, ("2025-04", "20"))
    await asyncio.sleep(DEADLINE_S + 600)


async def months_without_rest(world: World, *figures: tuple[str, str]) -> None:
    """Months with their revenue, ten seconds each."""
    for month, amount in figures:
        month_of(month, amount)(world)
        await asyncio.sleep(10)


@pytest.mark.parametrize(
    ("kind", "happens"),
    [
        (events.ApprovalAsked, wish),
        (events.ComponentParked, fall),
        (events.StepEnded, fall),
        (events.StepIntended, fall),
        (events.ComponentDrifted, vanish),
        (events.IntentAbandoned, lose),
    ],
    ids=lambda each: each.__name__,
)
def test_a_journal_that_is_away_for_a_moment_stops_no_looks(kind: type[events.Event], happens) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Whatever could not be recorded: ten seconds later it is, and every component goes on being looked at."""
    away = AwayWorld(ladder())

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        away.kind = kind
        before = world.auditor.state.sequence
        await happens(world)
        await asyncio.sleep(2 * AWAY_S)
        assert away.away_at is not None
        assert of_type(world, kind, before)
        assert [] == unwatched(world, daemon)

    assert away.live(body)
    require_none(away)


def test_who_may_not_act_for_a_while_goes_on_looking() -> None:
    """No call began, for another daemon seemed to lead: the component looks on, and acts once it may."""
    world = LedWorld(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        assert isinstance(world, LedWorld)
        world.lead.leading = False
        month_of("2025-01", "150")(world)
        await asyncio.sleep(300)
        assert "WARMING" == states(world)["cluster"]
        assert [] == unwatched(world, daemon)
        world.lead.leading = True
        await asyncio.sleep(300)
        assert "HOT" == states(world)["cluster"]
        await quiescent(world, daemon)

    assert world.live(body)
    require_none(world)


def test_who_only_observes_looks_on_at_what_a_predecessor_began() -> None:
    """An open intent is settled by nobody who may not act: it is looked at all the same."""
    world, looks = World(ladder(), 1), list[str]()

    async def first(world: World, daemon: Daemon) -> None:
        world.faults.next("warm", Fault.AMBIGUOUS_NOT_DONE, "cluster")
        month_of("2025-01", "150")(world)
        await asyncio.sleep(0.5)

    async def second(world: World, daemon: Daemon) -> None:
        await asyncio.sleep(HOUR_S)
        assert [] == unwatched(world, daemon)

    assert world.live(first)
    assert world.auditor.state.components.of("cluster").intent
    world.mode = Mode.OBSERVE_ONLY
    world.before_observe = lambda looked_at: looks.append(looked_at.component)
    assert world.live(second)
    assert 60 <= looks.count("cluster") <= 62


def announcing(daemon: Daemon, seconds: float) -> None:
    """While the cluster is changing its provider says that nothing new will show for so long."""
    observer = daemon.ports.observers["simulated"]
    observe = observer.observe

    async def announced(resource: Resource) -> Observation:
        seen = await observe(resource)
        if resource.component != "cluster" or seen.state is not ResourceState.CHANGING:
            return seen
        return msgspec.structs.replace(seen, look_after_s=seconds)

    observer.observe = announced  # type: ignore[method-assign]  # the simulated observer has no announcements


@pytest.mark.parametrize("announced_s", [2_000.0, 86_399.0])
def test_no_announcement_hides_a_deadline(announced_s: float) -> None:
    """What takes a day is given up at its deadline, although the provider said that it would take that long."""
    world = World(plan_from_text(LADDER.replace("{warm_s: 2,", "{warm_s: 86400,"), "slow.yaml"), 1)

    async def body(world: World, daemon: Daemon) -> None:
        announcing(daemon, announced_s)
        month_of("2025-01", "150")(world)
        await asyncio.sleep(DEADLINE_S - 5)
        record = world.auditor.state.components.of("cluster")
        assert record.intent
        assert "WARMING" == record.state.value
        await asyncio.sleep(10)
        assert of_type(world, events.IntentAbandoned)

    assert world.live(body)
    require_none(world)


def test_a_day_without_an_intent_is_looked_at_after_an_hour() -> None:
    """What changes without a step of ours has no deadline: whatever is announced, an hour is the longest pause."""
    world, looks = World(ladder(), 1), list[str]()

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        observer = daemon.ports.observers["simulated"]
        observe = observer.observe

        async def at_work(resource: Resource) -> Observation:
            looks.append(resource.component)
            seen = await observe(resource)
            return msgspec.structs.replace(seen, state=ResourceState.CHANGING, look_after_s=float(DAY_S))

        observer.observe = at_work  # type: ignore[method-assign]  # the simulated observer has no announcements
        await asyncio.sleep(3 * HOUR_S + 120)

    assert world.live(body)
    assert 3 <= looks.count("cluster") <= 4
