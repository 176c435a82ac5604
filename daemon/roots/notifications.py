"""Notifications: what stands is recorded once, and delivered from the journal until somebody has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import Final

import msgspec

from config.instants import SECOND, Instant
from config.settings import NotificationSettings, Severity
from daemon.kernel import Root, pause
from daemon.publication.figures import cost_figures, revenue_figures
from daemon.recorder import OvertakenError, Recorder
from machines.events import ChannelClosed, DeliveryEnded, Event, Recorded
from machines.notifying.condition import Condition, Facts
from machines.notifying.delivering import Failure, Patience, after_failure, next_due, next_due_at
from machines.notifying.quiet import quiet_hours
from machines.notifying.raising import Route, Rules, changes
from machines.ports.channels import Channel, ChannelGoneError, Message
from machines.ports.faults import CallError, Permanent, Transient
from machines.ports.journal import JournalRefusedError
from machines.state.notifications import DEAD, DELIVERED, Delivery, Told

NOTIFICATIONS: Final = "notifications"
_ROUNDS_MAX: Final = 4
"""What is recorded may change what stands, as a channel that closes does; it settles at once."""


class OpenChannel(msgspec.Struct, frozen=True):
    """A channel, what goes there, and what its settings are known by."""

    channel: Channel
    least: Severity
    fingerprint: str

    @property
    def name(self) -> str:
        """As in `[channels.NAME]`."""
        return self.channel.name


class Times(msgspec.Struct, frozen=True):
    """How this root waits, in seconds of the loop."""

    beat_s: float = 5
    """At least so often it looks at what time alone brings: deadlines, quiet hours that end."""
    gather_s: float = 1
    """How long events gather before they are looked at: a thousand steps are one look."""
    record_again_s: float = 5


DEFAULT_TIMES: Final = Times()


class Notifications:
    """Looks at the state after each change, and delivers: each channel by itself, one message at a time.

    Whatever holds one channel up, holds up neither another nor anything else of the daemon. An attempt whose outcome
    was not recorded is made again under the same id.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        channels: Callable[[], Sequence[OpenChannel]],
        settings: NotificationSettings,
        instance: str,
        jitter: Callable[[], float],
        others: Callable[[], Sequence[Condition]] = tuple,
        times: Times = DEFAULT_TIMES,
    ) -> None:
        """`channels` are constructed when the root begins and closed when it ends; `others` stand beside the state."""
        self._recorder = recorder
        self._construct = channels
        self._settings = settings
        self._rearm = Fraction(str(settings.rearm_ratio))
        self._instance = instance
        self._jitter = jitter
        self._others = others
        self._times = times
        self._opened: tuple[OpenChannel, ...] = ()
        self._news = asyncio.Event()
        self._wakes: dict[str, asyncio.Event] = {}
        recorder.listen(self._note)

    async def run(self, root: Root) -> None:
        """Look and deliver until the daemon stops."""
        self._opened = tuple(self._construct())
        self._wakes = {each.name: asyncio.Event() for each in self._opened}
        try:
            async with asyncio.TaskGroup() as group:
                for each in self._opened:
                    group.create_task(self._deliver_all(each), name=f"notifications: {each.name}")
                await self._look_on(root)
        finally:
            for each in self._opened:
                await each.channel.close()

    def _note(self, _: Recorded) -> None:
        self._news.set()

    # --- looking ---

    async def _look_on(self, root: Root) -> None:
        while True:
            root.beat()
            self._news.clear()
            with suppress(JournalRefusedError):  # looked at again with the next beat
                await self._look()
            for wake in self._wakes.values():
                wake.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._times.beat_s):
                    await self._news.wait()
            await pause(self._times.gather_s)

    async def _look(self) -> None:
        """Record what is to be told. Raises `JournalRefusedError`."""
        rules = self._rules()
        for _ in range(_ROUNDS_MAX):
            judge = partial(changes, self._recorder.state, self._facts(), rules)
            if not (events := judge()):
                return
            with suppress(OvertakenError):  # what came first changed what stands: look again
                await self._recorder.record(NOTIFICATIONS, events, still=partial(_is_still, judge, events))

    def _facts(self) -> Facts:
        state = self._recorder.state
        revenue = revenue_figures(state)
        cost = cost_figures(state, revenue)
        return Facts(
            now=self._recorder.clock.wall(),
            ratio=cost.ratio,
            uncovered=cost.uncovered,
            growth=revenue.growth,
            closed=tuple((each.name, reason) for each in self._opened if (reason := self._closed(each))),
            others=tuple(self._others()),
        )

    def _rules(self) -> Rules:
        settings, identity = self._settings, self._recorder.journal.identity
        return Rules(
            routes=tuple(Route(each.name, each.least) for each in self._opened),
            identity=f"{identity.journal_id[:12]}-{identity.epoch}",
            quiet=quiet_hours(settings.quiet_from, settings.quiet_until),
            rearm=self._rearm,
            waiting_items_max=settings.waiting_items_max,
        )

    def _closed(self, opened: OpenChannel) -> str:
        """Why nothing is sent there; "" where something is. Other settings than those that were refused open it."""
        closed = self._recorder.state.notifications.closed.get(opened.name)
        return closed.reason if closed is not None and closed.fingerprint == opened.fingerprint else ""

    # --- delivering ---

    async def _deliver_all(self, opened: OpenChannel) -> None:
        while True:
            notifications, now = self._recorder.state.notifications, self._recorder.clock.wall()
            delivery = None if self._closed(opened) else next_due(notifications, opened.name, now)
            if delivery is None:
                await self._wait(opened, next_due_at(notifications, opened.name), now)
            else:
                await self._record(await self._attempt(opened, delivery))

    async def _attempt(self, opened: OpenChannel, delivery: Delivery) -> Sequence[Event]:
        """What one attempt comes to."""
        told = delivery.told.id
        try:
            async with asyncio.timeout(self._settings.call_timeout_s):
                await opened.channel.deliver(message_of(delivery.told, self._instance))
        except ChannelGoneError as gone:
            ended = DeliveryEnded(told, opened.name, DEAD, delivery.attempts + 1, reason=str(gone))
            return ended, ChannelClosed(opened.name, str(gone), opened.fingerprint)
        except TimeoutError:
            failure = Failure(f"no answer within {self._settings.call_timeout_s} s")
        except CallError as error:
            retry_after_s = error.retry_after_s if isinstance(error, Transient) else None
            failure = Failure(error.reason, isinstance(error, Permanent), retry_after_s)
        except Exception as defect:  # noqa: BLE001 - an adapter's defect at one message must not end the channel
            failure = Failure(f"the channel failed: {type(defect).__name__}: {defect}")
        else:
            return (DeliveryEnded(told, opened.name, DELIVERED, delivery.attempts + 1),)
        patience = Patience(self._settings.retry_initial_s, self._settings.attempts_max)
        return (after_failure(delivery, failure, self._recorder.clock.wall(), patience, self._jitter()),)

    async def _record(self, events: Sequence[Event]) -> None:
        """Until the journal takes it: nothing else is sent there meanwhile, or it would be sent twice."""
        while True:
            try:
                await self._recorder.record(NOTIFICATIONS, events)
            except JournalRefusedError:
                await pause(self._times.record_again_s)
            else:
                return

    async def _wait(self, opened: OpenChannel, due_at: Instant | None, now: Instant) -> None:
        """Until something is due, or something may have changed."""
        wake, left_s = self._wakes[opened.name], self._times.beat_s
        if due_at is not None and due_at > now:
            left_s = min(left_s, (due_at - now) / SECOND)
        wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await wake.wait()


def message_of(told: Told, instance: str) -> Message:
    """A notification as channels take it."""
    return Message(told.id, told.severity, told.key, told.raised, told.title, told.text, told.at, instance)


def _is_still(judge: Callable[[], list[Event]], events: list[Event]) -> bool:
    return judge() == events
