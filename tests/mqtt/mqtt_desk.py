"""A desk with a daemon's publication on it: a recorder in memory, the root, and a listener at a real broker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from adapters.clocks import SystemClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.mqtt.retained import retained_broker
from config.loading import plan_from_text
from config.settings import MqttSettings
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.publication.topics import Topics
from daemon.recorder import Recorder
from daemon.resume import encode_state
from daemon.roots.mqtt import MqttLimits, MqttPublication
from machines import events
from machines.events import Event, Mode
from machines.ports.journal import JournalIdentity
from machines.state.whole import State
from tests.dials.dial_table import PLAN

PATIENCE_S: Final = 15
LIMITS: Final = MqttLimits(gather_s=0.01, beat_s=1, retry_initial_s=0.1, retry_max_s=0.2)


class Listener:
    """What a broker holds and says, as somebody else hears it; use it in a running loop."""

    def __init__(self, *, user: str = "", password: str = "", ca_file: str = "") -> None:
        """Nothing is connected."""
        self.held: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        if user:
            self.client.username_pw_set(user, password)
        if ca_file:
            self.client.tls_set(ca_file)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_message = self._hear
        self.client.reconnect_delay_set(1, 1)

    async def until(self, holds: Callable[[Mapping[str, str]], object], what: str) -> None:
        """Wait for a message after which this holds; raises `AssertionError` naming what was waited for."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds(self.held):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}; held: {self.held}") from None

    def read(self, topic: str) -> Any:
        """The JSON that stands on a topic."""
        return msgspec.json.decode(self.held[topic])

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._note, message.topic, message.payload.decode())

    def _note(self, topic: str, payload: str) -> None:
        if payload:
            self.held[topic] = payload
        else:
            self.held.pop(topic, None)
        self._changed.set()


@asynccontextmanager
async def listening(port: int, host: str = "127.0.0.1", **access: str) -> AsyncIterator[Listener]:
    """Somebody who listens to everything from now on, and hears at once what is retained."""
    listener = Listener(**access)
    listener.client.connect(host, port)
    listener.client.loop_start()
    try:
        yield listener
    finally:
        listener.client.disconnect()
        listener.client.loop_stop()


class Desk:
    """What a test moves."""

    def __init__(self, recorder: Recorder, publication: MqttPublication) -> None:
        self.recorder = recorder
        self.publication = publication

    async def tell(self, *told: Event) -> None:
        """These happen."""
        await self.recorder.record("test", told)

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Ask again and again; raises `AssertionError` naming what was waited for."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await pause(0.01)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}; away: {self.publication.away!r}") from None


@asynccontextmanager
async def publishing(
    url: str, *told: Event, environment: Mapping[str, str] = {}, begun: Sequence[Event] | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """A daemon's publication at work for the length of the block, and stopped as a daemon stops."""
    clock, chosen = SystemClock(), MqttSettings(url=url, **settings)
    journal = MemoryJournal(MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k"), clock)
    recorder = Recorder(
        journal, State(), clock, group_events_max=100, snapshot_every_events=10_000, encode_state=encode_state
    )
    kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
    recorder.attach(kernel)
    plan = plan_from_text(PLAN, "shop.yaml")
    first = [events.Started("shop", "0", Mode.ACT), events.PlanAdopted(plan, "f")]
    await recorder.record("boot", first if begun is None else begun)
    if told:
        await recorder.record("test", told)
    publication = MqttPublication(
        broker=lambda: retained_broker(chosen, "shop", clock, random.SystemRandom().randrange, environment),
        recorder=recorder,
        topics=Topics(chosen.topic_prefix, chosen.discovery_prefix, "shop", "0.1.0"),
        limits=LIMITS,
    )
    policy = ActorPolicy(RestartPolicy(1, 60, 1, 1), 10)
    kernel.roots.start("mqtt", publication.run, owner="mqtt", policy=policy.restart, essential=False, finishes=True)
    try:
        yield Desk(recorder, publication)
    finally:
        await kernel.stop(ask_s=5, cancel_s=5)
