"""Durations and counts that only the events show."""

from __future__ import annotations

from config.instants import SECOND
from daemon.telemetry.samples import Distribution
from daemon.telemetry.tally import BOUNDS_S, Histogram, Tally
from machines.events import StepEnded, StepIntended
from machines.state.whole import State
from tests.publication.folded import folded, history


def tallied(state: State | None = None) -> Tally:
    """The tally of the example history."""
    tally = Tally(state or State())
    for each in history():
        tally.note(each)
    return tally


def found(tally: Tally, name: str, *labels: str) -> object:
    """The value of one sample."""
    return next(each.value for each in tally.samples() if (each.name, each.labels) == (name, labels))


def seconds_of(tally: Tally, step: str) -> tuple[int, int]:
    """How many steps were timed, and their sum in seconds."""
    value = found(tally, "provisioning_duration_seconds", step)
    assert isinstance(value, Distribution)
    return value.counts[-1], int(value.sum)  # type: ignore[arg-type]


def test_a_step_is_timed_from_its_intent_to_its_confirmation() -> None:
    """3 s to warm, 120 s to activate; an unknown answer times nothing."""
    tally = tallied()

    assert ((1, 3), (1, 120), (0, 0)) == tuple(seconds_of(tally, step) for step in ("warm", "activate", "deactivate"))


def test_the_service_level_is_measured_from_the_decision() -> None:
    """Warm to hot within 300 s counts from the decision (RESOLUTIONS 28)."""
    value = found(tallied(), "solvent_activation_from_decision_seconds")

    assert isinstance(value, Distribution)
    assert (1, 125) == (value.counts[-1], value.sum)
    assert 300 in value.bounds


def test_another_attempt_does_not_begin_the_time_anew() -> None:
    """A step that needed two attempts took the time of both."""
    tally = Tally(State())
    for each in history():
        event = each.event
        if isinstance(event, StepIntended) and event.component == "rds_single":
            tally.note(each)
            again = StepIntended(**{**{n: getattr(event, n) for n in event.__struct_fields__}, "attempt": 2})
            tally.note(type(each)(each.sequence, each.recorded_at + SECOND, each.effective_at, each.actor, 9, again))
        elif isinstance(event, StepEnded) and event.component == "rds_single":
            tally.note(each)

    assert (1, 3) == seconds_of(tally, "warm")


def test_an_intent_that_was_open_at_the_start_is_timed_too() -> None:
    """A restart in the middle of a step loses no duration."""
    happened = history()
    middle = next(n for n, each in enumerate(happened) if isinstance(each.event, StepEnded))
    tally = Tally(folded(happened[:middle]))
    for each in happened[middle:]:
        tally.note(each)

    assert (1, 3) == seconds_of(tally, "warm")


def test_safety_checks_are_levels_judged_and_steps_granted() -> None:
    """One eligible level and three raising steps passed; a refusal at the cap is blocked."""
    tally = tallied()
    tally.permit_refused()

    assert 4 == found(tally, "scaling_safety_check_passed_total")
    assert 1 == found(tally, "scaling_safety_check_blocked_total")


def test_answers_are_counted_by_step_and_outcome() -> None:
    """A provider that stops answering shows in the counts."""
    tally = tallied()

    assert 1 == found(tally, "solvent_steps_ended_total", "warm", "ambiguous")
    assert 1 == found(tally, "solvent_decisions_total", "up")
    assert 1 == found(tally, "solvent_commands_answered_total", "done")


def test_a_duration_falls_into_its_bucket() -> None:
    """Buckets are cumulative and closed above: 300 s is within 300 s."""
    histogram = Histogram()
    histogram.observe(300 * SECOND)
    histogram.observe(300 * SECOND + 1)
    counts = dict(zip(BOUNDS_S, histogram.distribution().counts, strict=False))

    assert (0, 1, 2) == (counts[240], counts[300], counts[450])
    assert 2 == histogram.distribution().counts[-1]
