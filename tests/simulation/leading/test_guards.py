"""The guards of leading, one by one: what each refuses to a daemon that led before."""

from __future__ import annotations

import asyncio

import pytest

from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.memory_streams import MemoryStreams
from adapters.provisioners.simulated import Faults, SimulatedProvisioner, SimulatedWorld
from config.instants import HOUR
from daemon.actuator import NOT_LEADING, STOPPING, Actuator, Answer
from daemon.leading.streams import LedStreams
from daemon.messages import StepGranted
from machines.events import FreezeChanged, StepOutcome
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent
from machines.ports.journal import JournalFencedError, Proposal, Snapshot
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepDone, StepOrder
from machines.ports.streams import Outgoing, Owner, StreamsAwayError
from tests.simulation.ladder import ladder
from tests.simulation.leading.led_world import LedWorld, MachineClock
from tests.simulation.leading.many_processes import SimulatedProcess, run_many
from tests.simulation.virtual_loop import run

PLAN = ladder()
GROUP = [Proposal(FreezeChanged("a key", frozen=True), "a test", 0)]


class Led:
    """A leadership that a test switches off."""

    def __init__(self, fencing: int, *, leading: bool) -> None:
        self.fencing = fencing
        self.leading = leading

    def leads(self) -> bool:
        """As the test says."""
        return self.leading


def clock_of() -> MachineClock:
    """A machine's clock in a world of its own."""
    return MachineClock(LedWorld(PLAN, 1), 0, 0)


def test_an_append_under_an_older_token_is_refused() -> None:
    """As PostgreSQL refuses it: nothing is written, and no snapshot is kept."""
    store, newest = MemoryStore(), [1]
    store.fencing = lambda: newest[0]

    async def body() -> None:
        journal = MemoryJournal(store, clock_of(), fencing=1)
        await journal.append(GROUP)
        newest[0] = 2
        with pytest.raises(JournalFencedError, match="token 2 leads now, after 1"):
            await journal.append(GROUP)
        with pytest.raises(JournalFencedError):
            await journal.write_snapshot(Snapshot(1, b""))

    run(body, 1)
    assert (1, {}) == (len(store.events), store.snapshots)


def test_opening_under_a_token_takes_the_store_from_nobody() -> None:
    """Only a newer token does: a standby that opens early must not stop the daemon that leads."""
    store = MemoryStore()

    async def body() -> None:
        first, second = (MemoryJournal(store, clock_of(), fencing=token) for token in (1, 2))
        await first.append(GROUP)
        await second.append(GROUP)

    run(body, 1)
    assert 2 == len(store.events)


def asked(*, stopping: bool = False, leading: bool = True, another: bool = False) -> tuple[Answer, int]:
    """What an actuator answers to a granted step, and how many resources live then; `another` shows at a last look."""
    infrastructure = SimulatedWorld()
    led = Led(1, leading=leading)

    async def look() -> None:
        led.leading = led.leading and not another

    async def body() -> Answer:
        clock = clock_of()
        provisioner = SimulatedProvisioner(infrastructure, clock, Faults(lambda _below: 0))
        actuator = Actuator(
            observers={"simulated": provisioner},
            provisioners={"simulated": provisioner},
            clock=clock,
            call_timeout_s=60,
            concurrent_calls_max=1,
            stopping=lambda: stopping,
            leadership=led,
            confirm=look,
        )
        granted = StepGranted(1, Step.WARM, "a token", 1, clock.wall() + HOUR, 1)
        return await actuator.perform(PLAN.id, PLAN.components["gateway"], granted)

    return run(body, 1), infrastructure.live_resources


def test_a_leader_calls_its_providers() -> None:
    """Or the two refusals below would prove nothing."""
    answer, live = asked()

    assert (StepOutcome.DONE, 1) == (answer.outcome, live)


def test_a_daemon_that_leads_no_longer_calls_nobody() -> None:
    """Its lease may be another's: it takes no step and says why; the intent stays open."""
    answer, live = asked(leading=False)

    assert (False, NOT_LEADING, 0) == (answer.begun, answer.reason, live)


class TwoRequests(SimulatedProvisioner):
    """A look, then two requests that change something; the lead ends before one of them."""

    def __init__(self, led: Led, ends_before: int) -> None:
        super().__init__(SimulatedWorld(), clock_of(), Faults(lambda _below: 0))
        self._led = led
        self._ends_before = ends_before
        self.sent: list[int] = []

    async def take(self, step: Step, order: StepOrder) -> StepDone:
        """As every adapter: the mandate is asked right before each request."""
        for request in (1, 2):
            await asyncio.sleep(0)
            self._led.leading = request < self._ends_before
            order.mandate.require(f"request {request} of {step.value}")
            self.sent.append(request)
        return StepDone()

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """In two requests as well."""
        return await self.take(Step.DECOMMISSION, StepOrder(Resource(PLAN.id, "gateway"), "", 1, 0, mandate))


def stepped(ends_before: int, *, removing: bool = False) -> tuple[Answer, list[int]]:
    """What a step, or a removal, comes to, and which of its requests were sent."""
    led = Led(1, leading=True)
    provisioner = TwoRequests(led, ends_before)

    async def body() -> Answer:
        clock = clock_of()
        actuator = Actuator(
            observers={},
            provisioners={"simulated": provisioner},
            clock=clock,
            call_timeout_s=60,
            concurrent_calls_max=1,
            stopping=lambda: False,
            leadership=led,
        )
        if removing:
            return await actuator.remove(FoundResource("simulated", "a", "gateway", "a token"), lambda: True)
        granted = StepGranted(1, Step.WARM, "a token", 1, clock.wall() + HOUR, 1)
        return await actuator.perform(PLAN.id, PLAN.components["gateway"], granted)

    return run(body, 1), provisioner.sent


@pytest.mark.parametrize("removing", [False, True])
def test_a_step_ends_where_the_lead_does(*, removing: bool) -> None:
    """Between two of its requests what became of it is unknown; before the first nothing was begun."""
    whole, between, before = (stepped(ends_before, removing=removing) for ends_before in (3, 2, 1))

    assert (StepOutcome.DONE, [1, 2]) == (whole[0].outcome, whole[1])
    assert (StepOutcome.AMBIGUOUS, True, [1]) == (between[0].outcome, between[0].begun, between[1])
    assert (StepOutcome.TRANSIENT, False, []) == (before[0].outcome, before[0].begun, before[1])


def test_another_leader_that_shows_right_before_a_call_keeps_it_from_being_made() -> None:
    """The lease of a copy of the journal says nothing of the other copy: the last look does."""
    answer, live = asked(another=True)

    assert (False, NOT_LEADING, 0) == (answer.begun, answer.reason, live)


def test_a_daemon_that_stops_calls_nobody() -> None:
    """A step that was granted before the stop is taken by the next start (I10)."""
    answer, live = asked(stopping=True)

    assert (False, STOPPING, 0) == (answer.begun, answer.reason, live)


def test_a_daemon_that_leads_no_longer_writes_to_no_stream() -> None:
    """Redis knows no fencing token: nothing is published, no hash is written, nothing is trimmed."""
    world = LedWorld(PLAN, 1)
    entry = Outgoing("1-1", {"a": "field"})

    async def body() -> None:
        led = Led(1, leading=True)
        streams = LedStreams(MemoryStreams(world.server), led)
        await streams.publish("events", [entry], 10)
        led.leading = False
        for write in (
            streams.publish("events", [Outgoing("1-2", {"a": "field"})], 10),
            streams.write_hashes({"status": {"a": "field"}}),
            streams.trim_before("events", "1-1"),
            streams.claim(Owner("a journal", "a test")),
        ):
            with pytest.raises(StreamsAwayError, match="the lease is not renewed"):
                await write

    run(body, 1)
    assert (["1-1"], []) == ([each.id for each in world.server.entries("events")], world.server.hash_names())


def test_the_world_takes_nothing_under_an_older_token() -> None:
    """A request that comes late, after a newer leader acted on the component, changes nothing."""
    infrastructure = SimulatedWorld()

    async def body() -> None:
        clock = clock_of()
        provisioner = SimulatedProvisioner(infrastructure, clock, Faults(lambda _below: 0))
        gateway = Resource(PLAN.id, "gateway")
        await provisioner.take(Step.WARM, StepOrder(gateway, "a token", 1, clock.wall() + HOUR, Mandate(2)))
        with pytest.raises(Permanent):
            await provisioner.take(Step.ACTIVATE, StepOrder(gateway, "a token", 1, clock.wall() + HOUR, Mandate(1)))

    run(body, 1)
    assert ["WARM"] == [each.state.value.upper() for each in infrastructure.components["ladder/gateway"].live]


def test_a_process_that_is_held_still_goes_on_where_it_was() -> None:
    """Nothing of it runs meanwhile, and what became due runs afterwards; a dead one never goes on."""
    said: list[str] = []

    async def main() -> None:
        async def count(name: str) -> None:
            for number in range(4):
                said.append(f"{name}{number}")
                await asyncio.sleep(1)

        held, dead = SimulatedProcess("held"), SimulatedProcess("dead")
        held.start(count("held"))
        dead.start(count("dead"))
        await asyncio.sleep(1.5)
        held.hold_still()
        dead.kill()
        await asyncio.sleep(10)
        said.append("still")
        held.go_on()
        await asyncio.sleep(10)

    run_many(main, 1, rounds_max=1_000)
    assert sorted(said[:4]) == ["dead0", "dead1", "held0", "held1"]
    assert said[4:] == ["still", "held2", "held3"]
