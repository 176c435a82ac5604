"""What is to be recorded so that everybody is told: of each crossing once, and once that it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Final

import msgspec

from config.calendar import calendar_of
from config.instants import DAY, Instant
from config.settings.notifications import Severity
from machines.events import DeliveryEnded, Event, NotificationCleared, NotificationRaised
from machines.moving import level_reached
from machines.notifying.condition import Condition, Facts, Judgement
from machines.notifying.figures import COVERED_BY, figure_conditions
from machines.notifying.quiet import QuietHours, quiet_until
from machines.notifying.troubles import limited, trouble_conditions
from machines.state.notifications import BEGUN, DEAD, Delivery, Notifications
from machines.state.whole import State

NEWS_AGE_MAX: Final = DAY
"""What happened longer ago is no news: the daemon was down, or told nobody then."""
TITLE_CHARACTERS_MAX: Final = 200
TEXT_CHARACTERS_MAX: Final = 2_000
RANK: Final = {each.value: rank for rank, each in enumerate(Severity)}
_GONE_KEY: Final = "channel_closed"


class Route(msgspec.Struct, frozen=True):
    """A channel, and the least severity that goes there."""

    channel: str
    least: Severity


class Rules(msgspec.Struct, frozen=True):
    """Whom to tell, when not, and how much may wait."""

    routes: tuple[Route, ...]
    identity: str
    """Of the journal and its epoch: it begins every id, so that no two journals tell under one."""
    quiet: QuietHours | None = None
    rearm: Fraction = Fraction(1, 20)
    waiting_items_max: int = 1_000


def judged(state: State, facts: Facts, rules: Rules) -> Judgement:
    """All that stands at this moment."""
    standing = state.notifications.standing
    figures = figure_conditions(state, facts, standing, rules.rearm)
    troubles = trouble_conditions(state, facts.now, standing)
    others = limited("other", [(each.key, partial(_itself, each)) for each in facts.others], standing)
    found = (*figures.conditions, *troubles.conditions, *_gone(facts), *others.conditions)
    return Judgement(found, figures.held | troubles.held | others.held)


def _itself(condition: Condition) -> Condition:
    return condition


def changes(state: State, facts: Facts, rules: Rules) -> list[Event]:
    """The events to record now, together; [] where nobody is to be told of anything."""
    return list(_Telling(state, facts, rules).events())


class _Telling:
    """One look at everything."""

    def __init__(self, state: State, facts: Facts, rules: Rules) -> None:
        self._state = state
        self._facts = facts
        self._rules = rules
        self._told = state.notifications
        self._number = state.notifications.told_items
        zone = calendar_of(state.plan.timezone if state.plan else "UTC").zone
        self._quiet_until = quiet_until(rules.quiet, facts.now, zone)

    def events(self) -> Iterator[Event]:
        raised = [*self._begun(), *self._ended_and_begun(), *self._news(), *self._reached()]
        yield from raised
        yield from self._given_up(raised)

    def _begun(self) -> Iterator[Event]:
        if self._told.begun_at is None:
            names = ", ".join(route.channel for route in self._rules.routes)
            text = (
                f"From now on this instance tells these channels: {names}. What stands is told now; what happened"
                " before is not.\nType `solvent notify list` for what waits and for dead letters."
            )
            yield self._raised(Condition(BEGUN, Severity.INFO, "Notifications are on", text), lasting=False)

    def _ended_and_begun(self) -> Iterator[Event]:
        found = judged(self._state, self._facts, self._rules)
        conditions = {each.key: each for each in found.conditions}
        over = [key for key in self._told.standing if key not in conditions and key not in found.held]
        for key in over:
            yield self._cleared(key, over)
        for condition in conditions.values():
            if condition.key not in self._told.standing:
                covered = COVERED_BY.get(condition.key, "") in conditions
                yield self._raised(condition, channels=() if covered else None)

    def _cleared(self, key: str, over: Sequence[str]) -> Event:
        standing = self._told.standing[key]
        channels = standing.channels
        if not channels and COVERED_BY.get(key, "") not in over:
            channels = self._channels(key, standing.told.severity)  # the severer one ended before: this ends the rest
        return NotificationCleared(self._next_id(), key, channels, self._not_before(standing.told.severity))

    def _news(self) -> Iterator[Event]:
        if self._told.begun_at is not None:
            for news in self._told.news.values():
                if news.at > self._facts.now - NEWS_AGE_MAX:
                    told = Condition(news.key, news.severity, news.title, news.text)
                    yield self._raised(told, lasting=False)

    def _reached(self) -> Iterator[Event]:
        plan, awaited = self._state.plan, self._told.awaited
        if plan is None or awaited is None or level_reached(plan, self._state) < awaited.level:
            return
        name = plan.levels[awaited.level].name
        text = f"All components of level {awaited.level} ({name}) serve.\nType `solvent status` for what they cost."
        yield self._raised(
            Condition(awaited.key, Severity.INFO, f"Level {awaited.level} is reached", text), lasting=False
        )

    # --- what is sent nowhere ---

    def _given_up(self, raised: Sequence[Event]) -> Iterator[Event]:
        """What waits for a channel that is gone, or is too much, becomes a dead letter that can be replayed."""
        gone, known = dict(self._facts.closed), {route.channel for route in self._rules.routes}
        waiting = [*self._told.waiting.values()]
        kept: list[Delivery | tuple[str, str, str]] = []
        for each in waiting:
            if each.channel in gone or each.channel not in known:
                why = gone.get(each.channel, "the settings have no channel of this name")
                yield DeliveryEnded(each.told.id, each.channel, DEAD, each.attempts, reason=why)
            else:
                kept.append(each)
        for event in raised:
            if isinstance(event, NotificationRaised | NotificationCleared):
                severity = _severity(self._told, event)
                for channel in event.channels:
                    if channel in gone:
                        yield DeliveryEnded(event.notification_id, channel, DEAD, 0, reason=gone[channel])
                    else:
                        kept.append((event.notification_id, channel, severity))
        yield from self._too_many(kept)

    def _too_many(self, kept: Sequence[Delivery | tuple[str, str, str]]) -> Iterator[Event]:
        surplus = len(kept) - self._rules.waiting_items_max
        if surplus <= 0:
            return
        reason = f"more than {self._rules.waiting_items_max} deliveries wait (notifications.waiting_items_max)"
        for each in sorted(kept, key=lambda one: RANK[_severity_of(one)])[:surplus]:
            if isinstance(each, Delivery):
                yield DeliveryEnded(each.told.id, each.channel, DEAD, each.attempts, reason=reason)
            else:
                yield DeliveryEnded(each[0], each[1], DEAD, 0, reason=reason)

    # --- one notification ---

    def _raised(
        self, condition: Condition, *, lasting: bool = True, channels: tuple[str, ...] | None = None
    ) -> NotificationRaised:
        severity = condition.severity.value
        return NotificationRaised(
            notification_id=self._next_id(),
            key=condition.key,
            severity=severity,
            title=_one_line(condition.title)[:TITLE_CHARACTERS_MAX],
            text=condition.text[:TEXT_CHARACTERS_MAX],
            channels=self._channels(condition.key, severity) if channels is None else channels,
            not_before=self._not_before(severity),
            lasting=lasting,
        )

    def _channels(self, key: str, severity: str) -> tuple[str, ...]:
        """Those that want this severity; nobody is told over a channel that this channel is gone."""
        itself = key.removeprefix(f"{_GONE_KEY}:") if key.startswith(_GONE_KEY) else ""
        return tuple(
            route.channel
            for route in self._rules.routes
            if RANK[severity] >= RANK[route.least.value] and route.channel != itself
        )

    def _not_before(self, severity: str) -> Instant | None:
        return None if severity == Severity.CRITICAL.value else self._quiet_until

    def _next_id(self) -> str:
        self._number += 1
        return f"{self._rules.identity}-{self._number}"


def _gone(facts: Facts) -> Iterator[Condition]:
    for channel, reason in facts.closed:
        text = (
            f"Its receiver said that it is gone: {reason}. Nothing is sent there; what would have been are dead"
            " letters.\nGive it new settings and start again, or, once the receiver is back, type"
            " `solvent notify replay --all`."
        )
        yield Condition(f"{_GONE_KEY}:{channel}", Severity.CRITICAL, f"The channel {channel} is closed", text)


def _severity(told: Notifications, event: NotificationRaised | NotificationCleared) -> str:
    return event.severity if isinstance(event, NotificationRaised) else told.standing[event.key].told.severity


def _severity_of(one: Delivery | tuple[str, str, str]) -> str:
    return one.told.severity if isinstance(one, Delivery) else one[2]


def _one_line(text: str) -> str:
    return " ".join(text.split())
