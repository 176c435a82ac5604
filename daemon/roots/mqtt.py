"""The daemon's state on an MQTT broker: the last word on each topic, all of it anew after every reconnect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from daemon.kernel import Root
from daemon.publication.changes import Changes
from daemon.publication.retained import component_topics, instance_topics
from daemon.publication.topics import OFFLINE, ONLINE, Topics
from daemon.recorder import Recorder
from machines.events import PlanAdopted, Recorded
from machines.moving import wanted_states
from machines.ports.faults import CallError
from machines.ports.retained import RetainedBroker, RetainedSession

MQTT: Final = "mqtt"


class MqttLimits(msgspec.Struct, frozen=True):
    """How much is published at once, and how long is waited. Seconds are of the loop."""

    components_max: int = 100
    """Components whose payloads are in memory at once."""
    gather_s: float = 0.25
    beat_s: float = 5
    retry_initial_s: float = 1
    retry_max_s: float = 60


class MqttPublication:
    """A root that `finishes`: told to stop, it sends what is new and says `offline`, or gives up if the broker is away.

    It remembers which components are stale, and of each topic but the four of the instance no more than a hash: a
    broker that is down for a week costs no memory.
    """

    def __init__(
        self, *, broker: Callable[[], RetainedBroker], recorder: Recorder, topics: Topics, limits: MqttLimits
    ) -> None:
        """Listens to the recorder from now on; `broker` is called when the root begins."""
        self.connected = False
        self.away = ""
        """Why nothing is published; empty while connected and before the first attempt."""
        self.failures = 0
        """Attempts since the last one that went well."""
        self._broker = broker
        self._recorder = recorder
        self._topics = topics
        self._limits = limits
        self._changes = Changes(recorder.state)
        self._shown: dict[str, str] = {}
        """The instance's own topics as they were sent."""
        self._shown_sequence: int | None = None
        """The event after which they were last worked out."""
        self._sent: dict[str, dict[str, int]] = {}
        """Of each component, the topics that stand and the hashes of their payloads."""
        self._news = asyncio.Event()
        self._log = structlog.get_logger(MQTT)
        recorder.listen(self._note)

    async def run(self, root: Root) -> None:
        """Publish until the daemon stops; a broker that is away is waited for and holds up nobody."""
        broker = self._broker()
        while True:
            root.beat()
            try:
                async with broker.session(self._topics.availability, OFFLINE, self._topics.watched) as session:
                    self._begin()
                    await self._serve(root, session)
            except CallError as error:
                self._lost(error.reason)
            self.connected = False
            await self._pause(root)
            if root.stopping.is_set():
                return

    async def _serve(self, root: Root, session: RetainedSession) -> None:
        """Until the daemon stops. Raises `CallError` when the connection is lost."""
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(self._publish(root, session), name="mqtt: publishing")
            sweeping = group.create_task(self._remove_strays(session), name="mqtt: strays")
            await asyncio.wait((publishing, sweeping), return_when=asyncio.FIRST_COMPLETED)
            ended = [each.result() for each in (publishing, sweeping) if each.done()]
            publishing.cancel()
            sweeping.cancel()
        for error in ended:
            if error is not None:
                raise error

    async def _publish(self, root: Root, session: RetainedSession) -> CallError | None:
        """None at the stop; a lost connection is handed on as a value, since a task group would wrap it."""
        try:
            await session.retain({self._topics.availability: ONLINE})
            while True:
                root.beat()
                self._news.clear()
                stopping = root.stopping.is_set()
                await self._send_news(root, session)
                if stopping:
                    await session.retain({self._topics.availability: OFFLINE})
                    return None
                await self._wait_for_news(root)
        except CallError as error:
            return error

    async def _send_news(self, root: Root, session: RetainedSession) -> None:
        state, identity = self._recorder.state, self._recorder.journal.identity
        while (components := self._changes.take_components(self._limits.components_max)) or (
            self._shown_sequence != state.sequence
        ):
            payloads: dict[str, str] = {}
            wanted = wanted_states(state.plan, state) if state.plan and components else {}
            for component_id in components:
                now = component_topics(self._topics, state, component_id, wanted.get(component_id))
                payloads.update(self._news_of(component_id, now))
            whole = instance_topics(self._topics, state, identity)
            payloads.update({topic: text for topic, text in whole.items() if self._shown.get(topic) != text})
            self._shown, self._shown_sequence = whole, state.sequence
            root.beat()
            await session.retain(payloads)

    def _news_of(self, component_id: str, now: dict[str, str]) -> dict[str, str]:
        """What of a component's topics must be sent: those that changed, and "" for those that no longer are."""
        before = self._sent.pop(component_id, {})
        after = {topic: hash(text) for topic, text in now.items()}
        if after:
            self._sent[component_id] = after
        changed = {topic: text for topic, text in now.items() if before.get(topic) != after[topic]}
        return changed | dict.fromkeys(before.keys() - after.keys(), "")

    async def _remove_strays(self, session: RetainedSession) -> CallError:
        """What an earlier daemon said of components that are no more; ends when the connection is lost."""
        try:
            while True:
                topic = await session.found()
                if self._topics.is_stray(topic, self._recorder.state):
                    await session.retain({topic: ""})
        except CallError as error:
            return error

    # --- around it ---

    def _note(self, recorded: Recorded) -> None:
        self._changes.note(recorded.event)
        if isinstance(recorded.event, PlanAdopted):
            self._shown.clear()
            self._shown_sequence = None
        self._news.set()

    def _begin(self) -> None:
        """Everything is to be sent: the broker may have lost what it had."""
        self._changes.forget_written()
        self._shown.clear()
        self._shown_sequence = None
        self._sent.clear()
        self.connected, self.failures = True, 0
        if self.away:
            self.away = ""
            self._log.info("mqtt_resumed")

    def _lost(self, reason: str) -> None:
        self.failures += 1
        if reason != self.away:
            self._log.warning("mqtt_away", reason=reason)
        self.away = reason

    async def _pause(self, root: Root) -> None:
        limits = self._limits
        left_s = min(limits.retry_max_s, limits.retry_initial_s * 2.0 ** min(max(0, self.failures - 1), 16))
        while left_s > 0 and not root.stopping.is_set():
            root.beat()
            await self._stopped_within(root, min(left_s, limits.beat_s))
            left_s -= limits.beat_s

    async def _stopped_within(self, root: Root, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await root.stopping.wait()
        except TimeoutError:
            return

    async def _wait_for_news(self, root: Root) -> None:
        """Until an event was recorded and its followers gathered, or a stop begins, or the next beat is due."""
        if not self._news.is_set() and not root.stopping.is_set():
            async with asyncio.TaskGroup() as group:
                news = group.create_task(self._news.wait(), name="mqtt: news")
                stop = group.create_task(root.stopping.wait(), name="mqtt: stop")
                await asyncio.wait((news, stop), timeout=self._limits.beat_s, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                stop.cancel()
        if self._news.is_set():
            await self._stopped_within(root, self._limits.gather_s)
