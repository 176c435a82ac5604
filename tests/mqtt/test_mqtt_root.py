"""The root that publishes: in batches, only what changed, with back-off, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.loading import plan_from_text
from config.plan import Plan
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.publication.topics import Topics
from daemon.recorder import Recorder
from daemon.resume import encode_state
from daemon.roots.mqtt import MqttLimits, MqttPublication
from machines import events
from machines.events import FreezeChanged, Mode, PlanAdopted
from machines.ports.journal import JournalIdentity
from machines.state.whole import State
from tests.dials.dial_table import PLAN, START, hot
from tests.mqtt.memory_broker import MemoryBroker
from tests.simulation.virtual_loop import run

MODEL = "solvent/shop/component/model/state"


def many(count: int) -> Plan:
    """The shop with so many more components."""
    plan = plan_from_text(PLAN, "shop.yaml")
    model = plan.components["model"]
    more = {f"part_{index}": msgspec.structs.replace(model, id=f"part_{index}") for index in range(count)}
    return msgspec.structs.replace(plan, components={**plan.components, **more})


def played(play: Callable[[Recorder], Awaitable[Any]], broker: MemoryBroker, plan: Plan | None = None) -> Kernel:
    """A publication to that broker during a play in virtual time."""

    async def main() -> Kernel:
        clock = LoopClock(START)
        journal = MemoryJournal(MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k"), clock)
        recorder = Recorder(
            journal, State(), clock, group_events_max=100, snapshot_every_events=10_000, encode_state=encode_state
        )
        kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        recorder.attach(kernel)
        adopted = PlanAdopted(plan or plan_from_text(PLAN, "shop.yaml"), "f")
        await recorder.record("boot", [events.Started("shop", "0", Mode.ACT), adopted])
        publication = MqttPublication(
            broker=lambda: broker,
            recorder=recorder,
            topics=Topics("solvent", "homeassistant", "shop", "0.1.0"),
            limits=MqttLimits(components_max=10, gather_s=0.25, retry_initial_s=1, retry_max_s=60),
        )
        policy = ActorPolicy(RestartPolicy(1, 60, 1, 1), 10)
        kernel.roots.start("mqtt", publication.run, owner="mqtt", policy=policy.restart, essential=False, finishes=True)
        await pause(1)
        await play(recorder)
        report = await kernel.stop(ask_s=5, cancel_s=5)
        assert () == tuple(report.abandoned)
        return kernel

    return run(main, 1)


async def nothing(_: Recorder) -> None:
    """A second passes."""


def test_what_waits_is_sent_in_batches() -> None:
    """Of a hundred components ten and what announces them are in memory at once."""
    broker = MemoryBroker()

    played(nothing, broker, many(98))

    assert {f"solvent/shop/component/part_{index}/state" for index in range(98)} <= set(broker.held)
    assert all(sum("/component/" in topic for topic in sent) <= 10 for sent in broker.sent)


def test_only_what_changed_is_sent() -> None:
    """A step of one component sends its state, and of the instance what follows from it; no announcement again."""
    broker = MemoryBroker()

    async def play(recorder: Recorder) -> None:
        await pause(600)
        broker.sent.clear()
        await recorder.record("test", hot("model", 40))
        await pause(1)

    played(play, broker)

    changed = {topic for sent in broker.sent for topic in sent} - {"solvent/shop/availability"}
    assert {MODEL, "solvent/shop/run_rate"} == changed


def test_news_gather() -> None:
    """Of a hundred changes at once the last word is sent."""
    broker = MemoryBroker()

    async def play(recorder: Recorder) -> None:
        broker.sent.clear()
        for number in range(101):
            await recorder.record("test", [FreezeChanged("clock", frozen=number % 2 == 0, reason=f"jump {number}")])
        await pause(1)

    played(play, broker)

    assert 1 == sum("solvent/shop/status" in sent for sent in broker.sent)
    assert "jump 100" in broker.held["solvent/shop/status"]


def test_a_broker_that_is_away_is_asked_more_and_more_rarely() -> None:
    """The pause doubles from a second to a minute."""
    broker = MemoryBroker()
    broker.away = "the MQTT broker cannot be reached"

    async def play(_: Recorder) -> None:
        await pause(300)

    played(play, broker)

    pauses = [round(later - earlier) for earlier, later in zip(broker.attempts_s, broker.attempts_s[1:], strict=False)]
    assert [1, 2, 4, 8, 16, 32, 60, 60, 60] == pauses


def test_a_connection_that_breaks_off_is_made_again() -> None:
    """Everything is sent anew: nobody knows what the broker still has."""
    broker = MemoryBroker()

    async def play(recorder: Recorder) -> None:
        broker.broken = True
        await recorder.record("test", hot("model", 40))
        await pause(5)
        broker.broken = False
        broker.held.clear()
        await pause(10)

    played(play, broker)

    assert '"HOT"' in broker.held[MODEL]
    assert "homeassistant/sensor/solvent_shop/component-model/config" in broker.held


def test_the_stop_sends_the_last_news_and_says_offline() -> None:
    """What was recorded at the end stands there."""
    broker = MemoryBroker()

    async def play(recorder: Recorder) -> None:
        await recorder.record("test", hot("model", 40))

    played(play, broker)

    assert '"HOT"' in broker.held[MODEL]
    assert "offline" == broker.held["solvent/shop/availability"]


def test_a_stop_waits_for_no_broker() -> None:
    """One that is away since long does not hold up the end."""
    broker = MemoryBroker()
    broker.away = "the MQTT broker cannot be reached"

    async def play(_: Recorder) -> None:
        await pause(1_000)

    played(play, broker)

    assert [] == broker.sent
