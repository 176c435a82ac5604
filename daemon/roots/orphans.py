"""The sweep: what carries the plan's tag is listed and held against the journal, and ordered removals are carried out.

It looks in every mode. Only an operator's order removes anything, and the order is in the journal before the call: a
daemon that dies in between finds it open, looks again, and removes what still stands under the same token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec
import structlog

from daemon.actuator import Actuator, Answer
from daemon.kernel import Root
from daemon.listing import list_tagged, places
from daemon.recorder import OvertakenError, Recorder
from machines.events import Event, Mode, OrphanRemovalAsked, Recorded, RemovalOutcome, StepOutcome
from machines.orphans import orphans
from machines.ports.journal import JournalRefusedError
from machines.ports.provisioner import FoundResource
from machines.state.orphans import ORPHANS_KNOWN_MAX, KnownOrphan
from machines.sweeping import Read, found_events, gone_events, held_back, judged, overdue_events, removed

ORPHANS: Final = "orphans"
_OUTCOMES: Final = {
    StepOutcome.DONE: RemovalOutcome.DONE,
    StepOutcome.BEGUN: RemovalOutcome.BEGUN,
    StepOutcome.PERMANENT: RemovalOutcome.REFUSED,
    StepOutcome.TRANSIENT: RemovalOutcome.UNKNOWN,
    StepOutcome.AMBIGUOUS: RemovalOutcome.UNKNOWN,
}

Result = TypeVar("Result")


class SweepTimes(msgspec.Struct, frozen=True):
    """How long the sweep waits, in seconds of the loop."""

    every_s: float
    again_s: float
    """Between two reads that must agree, and before the first look after a removal was begun."""
    beat_s: float = 30


class Orphans:
    """One sweep after the other. What two reads agree on is recorded, once; what cannot be listed is said, once."""

    def __init__(self, *, recorder: Recorder, actuator: Actuator, epoch: int, times: SweepTimes) -> None:
        """Constructed once: it listens to the recorder for what operators order."""
        self._recorder = recorder
        self._actuator = actuator
        self._epoch = epoch
        self._times = times
        self._log = structlog.get_logger(ORPHANS)
        self._asked = asyncio.Event()
        self._pause_s = times.again_s
        """Until the next look at the open removals; it doubles while they stay open."""
        self._unlisted: dict[str, str] = {}
        """Why kinds could not be listed the last time: said once."""
        self._too_many = False
        recorder.listen(self._note)

    async def run(self, root: Root) -> None:
        """Sweep now and then every `every_s`; look at open removals in between."""
        loop = asyncio.get_running_loop()
        next_sweep_s = loop.time()
        while True:
            if sweeps := loop.time() >= next_sweep_s:
                next_sweep_s = loop.time() + self._times.every_s
            self._asked.clear()
            await self._round(root, None if sweeps else {each.kind for each in self._open().values()})
            due_s = next_sweep_s
            if self._open():
                due_s = min(due_s, loop.time() + self._pause_s)
                self._pause_s = min(2 * self._pause_s, self._times.every_s)
            await self._wait(root, due_s, self._asked)

    def _note(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, OrphanRemovalAsked):
            self._pause_s = self._times.again_s
            self._asked.set()

    def _open(self) -> dict[str, KnownOrphan]:
        """The removals that are ordered and not settled."""
        return {key: each for key, each in self._recorder.state.orphans.items() if each.removal is not None}

    # --- one round ---

    async def _round(self, root: Root, kinds: Collection[str] | None) -> None:
        """Read, remove what is to be removed, and read again where the first read shows something new."""
        state = self._recorder.state
        known = dict(state.orphans)
        first = await self._read(root, kinds)
        await self._remove_ordered(root, first)
        if not (found_events(known, first, first) or gone_events(state.orphans, first, first)):
            return
        await self._wait(root, asyncio.get_running_loop().time() + self._times.again_s)
        second = await self._read(root, kinds)
        told = found_events(known, first, second)
        self._say_if_too_many(len(known) + len(told))
        held = dict(state.orphans)
        await self._record([*told, *gone_events(held, first, second)], still=lambda: state.orphans == held)

    async def _read(self, root: Root, kinds: Collection[str] | None) -> Read:
        """The world first and the journal after it: what was made before the list has its intent in the journal."""
        known = {kind: each for kind, each in places(self._recorder.state).items() if kinds is None or kind in kinds}
        listed = await self._beating(root, list_tagged(self._actuator, known), "listing the plan's resources")
        for kind, reason in listed.unknown.items():
            if self._unlisted.get(kind) != reason:
                self._log.warning("kind_unlisted", kind=kind, reason=reason)
        still = {kind: reason for kind, reason in self._unlisted.items() if kind not in listed.kinds}
        self._unlisted = {**still, **listed.unknown}
        return judged(listed.found, listed.kinds, self._recorder.state, self._epoch)

    def _say_if_too_many(self, known: int) -> None:
        too_many = known >= ORPHANS_KNOWN_MAX
        if too_many and not self._too_many:
            self._log.error("orphans_too_many", known_max=ORPHANS_KNOWN_MAX)
        self._too_many = too_many

    # --- removing ---

    async def _remove_ordered(self, root: Root, read: Read) -> None:
        """Carry out each order whose orphan this read still found, as long as nothing holds it back."""
        if self._recorder.state.mode is not Mode.ACT or self._actuator.dry_run:
            return
        now = self._recorder.clock.wall()
        await self._record(overdue_events(self._open(), read, now))
        for key in self._open():
            orphan = read.orphans.get(key)
            if orphan is not None and isinstance(orphan.found, FoundResource):
                await self._remove(root, key, orphan.found)

    async def _remove(self, root: Root, key: str, found: FoundResource) -> None:
        def still() -> bool:
            """Asked again at the last moment: it may have found an owner, and an operator may have paused."""
            state = self._recorder.state
            ordered = key in self._open() and held_back(state) is None
            return ordered and bool(orphans([found], state, self._epoch))

        if not still():
            return
        answer = await self._beating(root, self._actuator.remove(found, still), f"removing {found.name}")
        if answer.begun:
            await self._record_answer(key, answer)

    async def _record_answer(self, key: str, answer: Answer) -> None:
        orphan = self._open().get(key)
        if orphan is None or orphan.removal is None:
            return
        outcome, before = _OUTCOMES[answer.outcome], orphan.removal
        self._pause_s = max(self._pause_s, answer.retry_after_s or 0.0)
        if (before.outcome, before.said) != (outcome, answer.reason):
            await self._record([removed(orphan, outcome, answer.reason, answer.request_id)])

    async def _record(self, events: list[Event], still: Callable[[], bool] | None = None) -> None:
        """What the journal does not take now, or what an order overtook, is seen again by the next read."""
        if events:
            with suppress(JournalRefusedError, OvertakenError):
                await self._recorder.record(ORPHANS, events, still=still)

    # --- waiting ---

    async def _wait(self, root: Root, until_s: float, asked: asyncio.Event | None = None) -> None:
        """Until then, or until an operator ordered something."""
        asked = asked or asyncio.Event()
        loop = asyncio.get_running_loop()
        while not asked.is_set() and (left_s := until_s - loop.time()) > 0:
            root.beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._times.beat_s, left_s)):
                    await asked.wait()
        root.beat()

    async def _beating(self, root: Root, work: Coroutine[Any, Any, Result], name: str) -> Result:
        """The result of a call that may take minutes; the root lives meanwhile."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work, name=name)
            while not task.done():
                root.beat()
                await asyncio.wait({task}, timeout=self._times.beat_s)
        return task.result()
