"""Killed at every point of the story: each notification reaches its receiver at least once, under one id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from daemon.kernel.pausing import pause
from machines.events import DeliveryEnded, Event, FreezeChanged, NotificationCleared, NotificationRaised
from machines.ports.channels import ChannelGoneError, Message
from machines.ports.faults import Transient
from machines.state.whole import State, fold
from tests.notifications.notified import Installation, frozen
from tests.notifications.scripted_channel import ScriptedChannel

STORY: Final[tuple[tuple[int, Event], ...]] = (
    (10, frozen("clock")),
    (4_000, frozen("audit")),
    (50_000, frozen("audit", over=True)),
    (130_000, frozen("plan_changed")),
)
"""Seconds since the beginning, and what happens then."""
END_S: Final = 250_000
DAY_S: Final = 86_400


def answers_500_for_a_day(now_s: float) -> None:
    """And takes everything afterwards."""
    if now_s < DAY_S:
        raise Transient("500")


def answers_500_for_a_day_and_then_410(now_s: float) -> None:
    """And is gone afterwards."""
    answers_500_for_a_day(now_s)
    raise ChannelGoneError("410 Gone")


Answer = Callable[[float], None]


class Sweep:
    """One run of the story that dies at the `crash_at`-th point, or never."""

    def __init__(self, answer: Answer, crash_at: int | None) -> None:
        """Every append and every attempt has a point before it and one after it."""
        self.points = 0
        self.crash_at = crash_at
        self.channel = ScriptedChannel("pager", self._answer)
        self.made = Installation(self.channel)
        self.made.beat_s = DAY_S
        self.made.before = self.made.after = lambda _: self._point()
        self._really = answer
        while not self.made.live(_play):
            assert self.made.lives < 5

    def _answer(self, _: Message) -> None:
        self._point()
        try:
            self._really(self.made.now_s())
        finally:
            self._point()

    def _point(self) -> None:
        if self.made.dead:
            return
        self.points += 1
        if self.points == self.crash_at:
            self.made.die()


async def _play(made: Installation) -> None:
    """What did not become durable in an earlier life happens in this one."""
    for at_s, event in STORY[len(made.told(FreezeChanged)) :]:
        await pause(max(0, at_s - made.now_s()))
        await made.tell(event)
    await pause(max(0, END_S - made.now_s()))


def require_whole(sweep: Sweep) -> None:
    """What must hold however often it died."""
    made = sweep.made
    raised, cleared = made.told(NotificationRaised), made.told(NotificationCleared)
    ids = [each.notification_id for each in (*raised, *cleared)]
    assert len(ids) == len(set(ids)), "an id is given once"
    crossings = Counter(each.key for each in raised)
    assert dict.fromkeys(crossings, 1) == crossings, "each crossing is told once"
    assert {"frozen:audit": 1} == Counter(each.key for each in cleared)
    state = State()
    for stored in made.store.events:
        fold(state, stored.recorded())
    assert state.notifications == made.state.notifications, "the journal alone says it all"
    assert {} == state.notifications.waiting, "nothing is left half done"
    ended = {each.notification_id for each in made.told(DeliveryEnded) if each.outcome != "failed"}
    sent = {each.notification_id for each in (*raised, *cleared) if each.channels}
    assert sent == ended, "each comes to an end"


@pytest.mark.parametrize("answer", [answers_500_for_a_day, answers_500_for_a_day_and_then_410])
def test_nothing_is_lost_wherever_it_dies(answer: Answer) -> None:
    """At least once to a receiver that comes back; a dead letter, with its reason, where the receiver is gone."""
    points = Sweep(answer, None).points
    assert points > 50
    for crash_at in range(1, points + 1):
        sweep = Sweep(answer, crash_at)
        assert 2 == sweep.made.lives, f"point {crash_at}"
        require_whole(sweep)
        dead = sweep.made.state.notifications.dead
        told = {each.notification_id for each in sweep.made.told(NotificationRaised)}
        if answer is answers_500_for_a_day:
            assert {} == dead
            assert told <= set(sweep.channel.taken)
        else:
            assert {"410 Gone"} == {each.reason for each in dead.values()}
            after = [each for each in sweep.channel.attempts if each.at_s >= DAY_S]
            # Twice only where it died between the answer and its record.
            assert 1 <= len(after) <= 2


def test_one_id_is_one_message() -> None:
    """Whoever receives it twice receives the same bytes twice."""
    sweep = Sweep(answers_500_for_a_day, 30)

    messages: dict[str, set[Message]] = {}
    for attempt in sweep.channel.attempts:
        messages.setdefault(attempt.message.id, set()).add(attempt.message)

    assert {1} == {len(each) for each in messages.values()}
