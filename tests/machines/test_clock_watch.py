"""Whether the wall clock can be trusted: ARCHITECTURE 4, time is a port."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, SECOND
from machines.clock_watch import TOLERANCE_S, ClockWatch, confirmed, first_look, looked
from tests.machines.histories import NOW

jumps = st.builds(lambda days, way: days * DAY * way, st.integers(1, 400), st.sampled_from([1, -1]))
waits_s = st.integers(0, 10**6)


def after(watch: ClockWatch, waited_s: int, slipped: int = 0) -> ClockWatch:
    """A look so many seconds later, with the wall clock slipped by so many microseconds meanwhile."""
    return looked(watch, watch.wall + waited_s * SECOND + slipped, watch.monotonic_s + waited_s)


@given(jumps, waits_s)
def test_a_jump_of_days_loses_trust(jump: int, waited_s: int) -> None:
    """Forwards or backwards, and the time that really passed makes no difference."""
    watch = after(ClockWatch(NOW, 0), waited_s, jump)

    assert not watch.trusted
    assert jump == watch.jumped


@given(jumps, st.lists(waits_s, max_size=5), waits_s)
def test_an_undone_jump_restores_trust(jump: int, meanwhile: list[int], waited_s: int) -> None:
    """However many looks lie between, setting the clock right again is enough."""
    watch = after(ClockWatch(NOW, 0), 60, jump)
    for each in meanwhile:
        watch = after(watch, each)
    assert not watch.trusted

    watch = after(watch, waited_s, -jump)

    assert watch.trusted
    assert 0 == watch.jumped


@given(st.lists(st.tuples(waits_s, st.integers(-TOLERANCE_S * SECOND, TOLERANCE_S * SECOND)), max_size=30))
def test_slewing_never_loses_trust(looks: list[tuple[int, int]]) -> None:
    """Corrections within the tolerance never add up, however long a daemon runs."""
    watch = ClockWatch(NOW, 0)
    for waited_s, slipped in looks:
        watch = after(watch, waited_s, slipped)

    assert watch.trusted


def test_the_tolerance_is_five_minutes() -> None:
    """300 s are a correction, one microsecond more is a jump."""
    watch = ClockWatch(NOW, 0)
    slips = (300 * SECOND, 300 * SECOND + 1, -300 * SECOND, -300 * SECOND - 1)

    assert [True, False, True, False] == [after(watch, 60, slip).trusted for slip in slips]


def test_a_correction_after_a_jump_is_no_cure() -> None:
    """A clock that is a day ahead and slews by a minute is still a day ahead."""
    watch = after(after(ClockWatch(NOW, 0), 60, DAY), 60, -60 * SECOND)

    assert (False, DAY - 60 * SECOND) == (watch.trusted, watch.jumped)


@given(jumps)
def test_an_operator_may_confirm_a_jump(jump: int) -> None:
    """From then on the new time is the one to hold on to; the old one would be a jump."""
    watch = confirmed(after(ClockWatch(NOW, 0), 60, jump))

    assert watch.trusted
    assert after(watch, 60).trusted
    assert not after(watch, 60, -jump).trusted


def test_a_boot_behind_the_journal_is_a_jump_backwards() -> None:
    """A clock before the last recorded event is not trusted; one after it says nothing, the daemon was down."""
    behind = first_look(NOW, 5.0, NOW + DAY)

    assert (False, -DAY) == (behind.trusted, behind.jumped)
    assert [0, 0] == [first_look(NOW, 5.0, last).jumped for last in (None, NOW - DAY)]


def test_a_boot_a_little_behind_the_journal_is_trusted() -> None:
    """A time server corrected the clock while the daemon was down: five minutes are no jump."""
    behind = [first_look(NOW, 5.0, NOW + 300 * SECOND + extra).trusted for extra in (0, 1)]

    assert [True, False] == behind


def test_a_jump_is_told_with_its_way_and_size() -> None:
    """The reason names the direction, the seconds, the time shown and what to do."""
    forwards, backwards = after(ClockWatch(NOW, 0), 0, DAY), after(ClockWatch(NOW, 0), 0, -DAY)

    assert forwards.reason == (
        "the clock jumped forwards by 86400 s to 2024-06-02T00:00:00Z; set it right, or confirm it with the verb resume"
    )
    assert backwards.reason.startswith("the clock jumped backwards by 86400 s to 2024-05-31T00:00:00Z;")
