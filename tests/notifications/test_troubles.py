"""What stands and waits for somebody, and what merely happened: in words that say what to type."""

from __future__ import annotations

import re

import pytest

from config.instants import DAY, HOUR
from config.settings import Severity
from machines import events
from machines.breaker import Breaker
from machines.events import BreakerStatus, Event, NotificationCleared, NotificationRaised
from machines.granting import breaker_event
from machines.notifying.condition import Condition, Facts
from machines.notifying.raising import Route, Rules, changes
from machines.observations import ResourceState
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, MAY, NOW, Step, acting, decided, intended, then

RULES = Rules((Route("pager", Severity.INFO),), "j-1")
EXPIRED = "expired"


def begun(*happened: Event) -> State:
    """A state in which notifications have begun, and then these."""
    state = acting()
    then(state, *changes(state, Facts(NOW), RULES))
    return then(state, *happened)


def told(state: State, facts: Facts = Facts(NOW)) -> list[NotificationRaised]:  # noqa: B008 - frozen
    """What is raised now, and folded."""
    found = changes(state, facts, RULES)
    then(state, *found)
    return [each for each in found if isinstance(each, NotificationRaised)]


def cleared(state: State, now: int = NOW) -> list[str]:
    """The keys of what is over now, and folded."""
    found = changes(state, Facts(now), RULES)
    then(state, *found)
    return [each.key for each in found if isinstance(each, NotificationCleared)]


OPEN = breaker_event("provider:simulated", Breaker(BreakerStatus.OPEN, (NOW,), NOW, 30), "")
PROBING = breaker_event("provider:simulated", Breaker(BreakerStatus.HALF_OPEN, (NOW,), NOW, 30, "web"), "")
CLOSED = breaker_event("provider:simulated", Breaker(), "")
ORPHAN = ("simulated", "shop/gone#0", "gone", "token")
ALARM = ("cost_explorer", "web", MAY)

STANDING: list[tuple[str, str, list[Event], list[Event], str]] = [
    (
        "frozen:source_silent",
        "warning",
        [events.FreezeChanged("source_silent", frozen=True, reason="no word for 3 hours")],
        [events.FreezeChanged("source_silent", frozen=False)],
        "`resume` does not lift it",
    ),
    (
        "parked_actor:costs",
        "critical",
        [events.ActorParked("costs", "it failed")],
        [events.ActorResumed("costs")],
        "redis-cli XADD solvent:shop:commands '*' verb resume-actor actor costs",
    ),
    (
        "parked:web",
        "warning",
        [events.ComponentParked("web", "quota")],
        [events.ComponentUnparked("web", NOW)],
        "verb resume-actor actor component:web",
    ),
    (
        "contested:web",
        "warning",
        [events.ComponentDrifted("web", HOT, HOT, ResourceState.HOT, 0, contested=True, detail="tags changed")],
        [events.ComponentUnparked("web", NOW)],
        "contested: tags changed",
    ),
    (
        "overdue:web",
        "warning",
        [intended("web", Step.WARM, COLD, deadline_at=NOW)],
        [events.IntentAbandoned("web", "token-web", COLD, COLD, 0, "given up")],
        "Its step warm began at",
    ),
    (
        "unmanaged:web",
        "warning",
        [events.ResourceUnmanaged("web", ResourceState.HOT, ("t",), 40 * UNIT)],
        [events.ResourceGone("web")],
        "verb adopt component web",
    ),
    ("breaker:provider:simulated", "warning", [OPEN], [CLOSED], "for 30 s"),
    (
        "orphan:simulated token shop/gone#0",
        "warning",
        [events.OrphanFound(*ORPHAN, why="the plan has no component gone")],
        [events.OrphanGone(*ORPHAN, why="it is gone")],
        "solvent orphans --remove shop/gone#0",
    ),
    (
        "approval:a-1",
        "warning",
        [events.ApprovalAsked("a-1", "level:1", "raise it", "solvent", NOW + HOUR, exceeds_cap=True)],
        [events.ApprovalEnded("a-1", "denied")],
        "verb approve id a-1",
    ),
    (
        f"bill:cost_explorer:{MAY}:web",
        "warning",
        [events.CostAlarmChanged(*ALARM, "deviates", 40 * UNIT, 80 * UNIT, "twice as much")],
        [events.CostAlarmChanged(*ALARM, "agrees", 40 * UNIT, 40 * UNIT)],
        "bills 80.00 EUR for 2024-05; accrued are 40.00 EUR",
    ),
]


@pytest.mark.parametrize(("key", "severity", "begins", "ends", "words"), STANDING, ids=[each[0] for each in STANDING])
def test_each_trouble_is_told_and_its_end_too(
    key: str, severity: str, begins: list[Event], ends: list[Event], words: str
) -> None:
    """Once each, under its key, with what to type."""
    state = begun(*begins)

    (raised,) = told(state)
    assert (key, severity, True) == (raised.key, raised.severity, raised.lasting)
    assert words in raised.text
    assert [] == told(state)
    then(state, *ends)
    assert [key] == cleared(state)


def test_a_breaker_that_probes_is_neither_over_nor_new() -> None:
    """It may open again at once."""
    state = begun(OPEN)
    told(state)
    then(state, PROBING)

    assert ([], []) == (cleared(state), told(state))
    assert [] == told(begun(PROBING))


def test_a_thousand_of_a_kind_are_twenty_and_one() -> None:
    """And each that is mended ends alone: no other moves up."""
    state = begun(*(events.ComponentParked(f"part_{number}", "quota") for number in range(1_000)))

    keys = [each.key for each in told(state)]
    assert ["parked:part_0", "parked:part_19", "component:more"] == [keys[0], keys[19], keys[20]]
    assert 21 == len(keys)
    then(state, events.ComponentUnparked("part_0", NOW))
    assert (["parked:part_0"], []) == (cleared(state), told(state))
    then(state, *(events.ComponentUnparked(f"part_{number}", NOW) for number in range(20, 1_000)))
    assert ["component:more"] == cleared(state)


def test_what_stands_beside_the_journal_is_told_like_the_rest() -> None:
    """A backup that grew old."""
    old = Condition("backup_old", Severity.WARNING, "The backup is old", "It is two days old.\nType `solvent backup`.")
    state = begun()

    assert ["backup_old"] == [each.key for each in told(state, Facts(NOW, others=(old,)))]
    assert ["backup_old"] == cleared(state)


NEWS: list[tuple[Event, str, str]] = [
    (decided(1), "info", "Level 1 decided, up"),
    (decided(0, 1), "warning", "Level 0 decided, down"),
    (events.PinEnded("web", EXPIRED), "info", "The pin of web ran out"),
    (events.PauseEnded(EXPIRED), "info", "The pause ran out"),
    (events.LevelHoldEnded(EXPIRED), "info", "The hold of the level ran out"),
    (events.AttestationEnded("backups", EXPIRED), "info", "The attestation of backups ran out"),
    (events.JournalRestored("b-1", NOW, NOW), "warning", "The journal was restored from a backup"),
    (events.JournalMigrated(1, 2), "info", "The journal was migrated"),
    (events.JournalMoved("journal.sqlite", "the schema solvent", 2, NOW), "info", "The journal was moved"),
]


@pytest.mark.parametrize(("event", "severity", "title"), NEWS, ids=[each[2] for each in NEWS])
def test_news_is_told_once_and_does_not_stand(event: Event, severity: str, title: str) -> None:
    """What merely happened has no end."""
    state = begun(event)

    (raised,) = told(state)
    assert (severity, title, False) == (raised.severity, raised.title, raised.lasting)
    assert ([], []) == (told(state), cleared(state))


@pytest.mark.parametrize(
    "event", [decided(1, 1), decided(0), events.PinEnded("web", "unpinned"), events.PauseEnded("lifted")]
)
def test_what_nobody_need_know_is_no_news(event: Event) -> None:
    """A level that stays, and what an operator did."""
    assert [] == told(begun(event))


def test_news_of_the_day_before_yesterday_is_none() -> None:
    """The daemon was down: what stands is told, what happened is in the history."""
    state = begun(decided(1))

    assert [] == told(state, Facts(NOW + DAY))


def test_a_level_is_reached_when_all_of_it_serves() -> None:
    """Told after the steps, and not with the decision."""
    state = begun(decided(1))
    assert ["Level 1 decided, up"] == [each.title for each in told(state)]

    for component in ("database", "web", "cache"):
        assert [] == told(state)
        state.components.of(component).state = HOT
    state.components.of("files").state = HOT

    assert ["Level 1 is reached"] == [each.title for each in told(state)]
    assert [] == told(state)


def test_ids_are_never_given_twice() -> None:
    """They count up over raisings and ends, after the journal's name and its epoch."""
    state = begun(events.ComponentParked("web", "quota"))

    (first,) = told(state)
    then(state, events.ComponentUnparked("web", NOW))
    cleared(state)
    then(state, events.ComponentParked("web", "quota"))
    (second,) = told(state)

    assert ("j-1-2", "j-1-4") == (first.notification_id, second.notification_id)


def test_titles_are_one_line_and_texts_are_bounded() -> None:
    """Whatever a provider answered."""
    state = begun(events.ActorParked("a\nb", "x" * 100_000))

    (raised,) = told(state)

    assert re.fullmatch(r"[^\n]{1,200}", raised.title)
    assert 2_000 == len(raised.text)
