"""Circuit breakers: ARCHITECTURE 10."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from transitions import MachineError

from config.instants import SECOND, Instant
from machines.breaker import (
    Admission,
    Breaker,
    BreakerLimits,
    admission,
    failed,
    probing,
    reopens_at,
    reset,
    succeeded,
    wait_micros,
)
from machines.events import BreakerStatus
from tests.machines.histories import NOW

LIMITS = BreakerLimits(failures_max=3, window_s=60, cooldown_initial_s=10, cooldown_max_s=35, cooldown_growth=2)
CLOSED, OPEN, HALF_OPEN = BreakerStatus.CLOSED, BreakerStatus.OPEN, BreakerStatus.HALF_OPEN


def after_failures(*seconds: int, breaker: Breaker | None = None) -> Breaker:
    """The memory after failures so many seconds after noon."""
    breaker = breaker or Breaker()
    for each in seconds:
        breaker = failed(breaker, NOW + each * SECOND, LIMITS)
    return breaker


def test_a_breaker_opens_at_its_last_allowed_failure() -> None:
    """Two of three failures leave it closed, the third opens it for the first cool-down."""
    assert CLOSED is after_failures(0, 1).status

    tripped = after_failures(0, 1, 2)

    assert (OPEN, NOW + 2 * SECOND, 10) == (tripped.status, tripped.opened_at, tripped.cooldown_s)
    assert NOW + 12 * SECOND == reopens_at(tripped)


def test_failures_outside_the_window_are_forgotten() -> None:
    """A failure that is exactly as old as the window counts no more."""
    assert CLOSED is after_failures(0, 1, 60).status
    assert OPEN is after_failures(0, 1, 59).status
    assert tuple(NOW + each * SECOND for each in (1, 60)) == after_failures(0, 1, 60).failures_at


def test_a_closed_breaker_lets_everything_through() -> None:
    """Two failures do not matter yet."""
    assert Admission.FREE is admission(after_failures(0, 1), NOW)


def test_an_open_breaker_refuses_until_it_has_cooled_down() -> None:
    """At the end of the cool-down one probe may go."""
    tripped = after_failures(0, 0, 0)

    assert Admission.REFUSE is admission(tripped, NOW + 10 * SECOND - 1)
    assert Admission.PROBE is admission(tripped, NOW + 10 * SECOND)


def test_while_a_probe_is_under_way_nobody_else_goes() -> None:
    """Half-open remembers whose call the probe is, and refuses for as long as it takes."""
    half_open = probing(after_failures(0, 0, 0), "web")

    assert (HALF_OPEN, "web") == (half_open.status, half_open.probe)
    assert Admission.REFUSE is admission(half_open, NOW + 10**6 * SECOND)


def test_a_probe_may_be_taken_over() -> None:
    """Where one was given up, another component's call becomes the one probe."""
    taken_over = probing(probing(after_failures(0, 0, 0), "web"), "cache")

    assert (HALF_OPEN, "cache") == (taken_over.status, taken_over.probe)


def test_a_closed_breaker_needs_no_probe() -> None:
    """Asking for one is a mistake of the caller."""
    with pytest.raises(MachineError):
        probing(Breaker(), "web")


def test_a_successful_probe_closes() -> None:
    """All is forgiven: failures, cool-down and probe."""
    assert Breaker() == succeeded(probing(after_failures(0, 0, 0), "web"))


@pytest.mark.parametrize(
    ("after_s", "wait_s", "admitted"),
    [
        (10, 0, Admission.PROBE),
        (4, 6, Admission.REFUSE),
        (0, 10, Admission.REFUSE),
        (-1, 10, Admission.REFUSE),
        (-10, 10, Admission.REFUSE),
        (-10.000001, 0, Admission.PROBE),
        (-86_400, 0, Admission.PROBE),
    ],
)
def test_no_step_of_the_clock_outlasts_the_cool_down(after_s: float, wait_s: int, admitted: Admission) -> None:
    """Opened in the future by more than the cool-down it lets a probe through, else the cool-down is waited at most."""
    opened, now = after_failures(0, 0, 0), NOW + round(after_s * SECOND)

    assert (wait_s * SECOND, admitted) == (wait_micros(opened, now), admission(opened, now))


@pytest.mark.parametrize("breaker", [after_failures(0, 1), after_failures(0, 0, 0)], ids=["closed", "open"])
def test_other_successes_change_nothing(breaker: Breaker) -> None:
    """While closed, failures stay in their window; while open, a late answer is no probe."""
    assert breaker == succeeded(breaker)


def test_each_failed_probe_lengthens_the_cool_down() -> None:
    """It doubles up to its bound, counted from the failure; success begins anew."""
    breaker, cooldowns = after_failures(0, 0, 0), []
    for _ in range(4):
        at = reopens_at(breaker)
        breaker = failed(probing(breaker, "web"), at, LIMITS)
        assert at == breaker.opened_at
        cooldowns.append(breaker.cooldown_s)

    assert [20, 35, 35, 35] == cooldowns
    again = after_failures(0, 0, 0, breaker=succeeded(probing(breaker, "web")))
    assert 10 == again.cooldown_s


def test_a_late_failure_does_not_prolong_an_open_breaker() -> None:
    """A call that was under way when it opened says nothing new."""
    tripped = after_failures(0, 0, 0)
    later = after_failures(5, breaker=tripped)

    assert (tripped.status, reopens_at(tripped)) == (later.status, reopens_at(later))
    assert NOW + 5 * SECOND == later.failures_at[-1]


@pytest.mark.parametrize(
    "breaker",
    [Breaker(), after_failures(0, 0, 0), probing(after_failures(0, 0, 0), "web")],
    ids=lambda b: b.status.value,
)
def test_an_operator_may_close_it_at_any_time(breaker: Breaker) -> None:
    """From every status `reset` leads back to the beginning."""
    assert Breaker() == reset(breaker)


def test_a_longest_cool_down_below_the_first_one_wins() -> None:
    """The bound holds from the first opening on."""
    limits = msgspec.structs.replace(LIMITS, cooldown_max_s=4, failures_max=1)

    assert 4 == failed(Breaker(), NOW, limits).cooldown_s


class Calls(RuleBasedStateMachine):
    """Calls of many components through one breaker, in any order, with any waits."""

    def __init__(self) -> None:
        """Begin with a closed breaker and nothing under way."""
        super().__init__()
        self.breaker, self.now = Breaker(), NOW
        self.cooldown_before = 0
        self.probes = 0
        self.failures: list[Instant] = []

    @rule(seconds=st.integers(0, 50))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds * SECOND

    @rule()
    def call(self) -> None:
        """Ask to go through, as a probe where that is the condition."""
        admitted = admission(self.breaker, self.now)
        assert (admitted is Admission.FREE) is (self.breaker.status is CLOSED)
        if admitted is Admission.PROBE:
            assert 0 == self.probes
            assert self.now >= reopens_at(self.breaker)
            self.breaker, self.probes = probing(self.breaker, "web"), 1

    @rule()
    def fail(self) -> None:
        """Some call is answered by a failure."""
        was = self.breaker
        self.failures.append(self.now)
        self.breaker = failed(was, self.now, LIMITS)
        in_window = [at for at in self.failures if at > self.now - LIMITS.window_s * SECOND]
        if was.status is CLOSED:
            assert (self.breaker.status is OPEN) is (len(in_window) >= LIMITS.failures_max)
        else:
            assert OPEN is self.breaker.status
        if was.status is HALF_OPEN:
            assert self.breaker.cooldown_s == min(was.cooldown_s * 2, LIMITS.cooldown_max_s)
            self.probes = 0

    @rule()
    @precondition(lambda self: self.breaker.status is not CLOSED)
    def succeed(self) -> None:
        """Some call is answered well: only in half-open that closes the breaker."""
        was = self.breaker.status
        self.breaker = succeeded(self.breaker)
        assert (was is HALF_OPEN) is (self.breaker.status is CLOSED)
        if was is HALF_OPEN:
            self.probes, self.failures = 0, []

    @invariant()
    def holds(self) -> None:
        """Never more than one probe, the cool-down bounded, the memory small."""
        assert self.probes == (self.breaker.status is HALF_OPEN)
        assert bool(self.breaker.probe) is (self.breaker.status is HALF_OPEN)
        assert (0 if self.breaker.status is CLOSED else LIMITS.cooldown_initial_s) <= self.breaker.cooldown_s
        assert self.breaker.cooldown_s <= LIMITS.cooldown_max_s
        assert len(self.breaker.failures_at) <= LIMITS.failures_max


Calls.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestCalls = Calls.TestCase


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_enough_failures_in_one_window_always_open(gaps_s: list[int]) -> None:
    """A breaker is open exactly from the first moment at which a window holds the allowed number."""
    at, times, tripped = NOW, [], False
    breaker = Breaker()
    for gap in gaps_s:
        at += gap * SECOND
        times.append(at)
        breaker = failed(breaker, at, LIMITS)
        tripped = tripped or sum(1 for each in times if each > at - 60 * SECOND) >= 3

        assert tripped is (breaker.status is OPEN)
