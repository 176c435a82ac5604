"""What only events show: durations and counts, gathered by listening. They begin anew with each process."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from config.instants import SECOND, Instant
from daemon.telemetry.samples import Distribution, Number, Sample
from machines import events
from machines.events import Recorded, StepOutcome
from machines.lifecycle_states import RAISING, Step
from machines.state.whole import State

BOUNDS_S: Final = (Fraction(1, 10), Fraction(1, 2), 1, 5, 15, 30, 60, 120, 180, 240, 300, 450, 600, 1800, 3600)
"""Dense below 300 s, where the documents' limit for a warm-to-hot step lies (RESOLUTIONS 28)."""


class Histogram:
    """Seconds by bucket, exact."""

    def __init__(self, bounds_s: Sequence[Number] = BOUNDS_S) -> None:
        self._bounds_s = tuple(bounds_s)
        self._counts = [0] * (len(self._bounds_s) + 1)
        self._sum = Fraction(0)

    def observe(self, duration: Instant) -> None:
        """Count a duration in microseconds."""
        seconds = Fraction(max(0, duration), SECOND)
        self._counts[bisect_left(self._bounds_s, seconds)] += 1
        self._sum += seconds

    def distribution(self) -> Distribution:
        """What was counted so far."""
        total, cumulative = 0, []
        for count in self._counts:
            total += count
            cumulative.append(total)
        return Distribution(self._bounds_s, tuple(cumulative), self._sum)


class Tally:
    """A listener of the recorder."""

    def __init__(self, state: State) -> None:
        """Intents that are open already count from when they were opened."""
        self._opened: dict[str, Instant] = {
            record.id: record.intent.opened_at for record in state.components.records.values() if record.intent
        }
        self._decided: tuple[int, Instant] | None = None
        self._decided_at_of: dict[str, Instant] = {}
        self._durations = {step: Histogram() for step in Step}
        self._from_decision = Histogram()
        self._checks_passed = self._checks_blocked = self._drifts = 0
        self._steps: Counter[tuple[str, str]] = Counter()
        self._decisions: Counter[str] = Counter()
        self._commands: Counter[str] = Counter()

    def note(self, recorded: Recorded) -> None:
        """Count what an event shows."""
        match recorded.event:
            case events.LevelDecided() as decided:
                self._note_decision(recorded, decided)
            case events.StepIntended() as intended:
                self._note_intent(recorded, intended)
            case events.StepEnded() as ended:
                self._note_end(recorded, ended)
            case events.IntentAbandoned() as abandoned:
                self._opened.pop(abandoned.component, None)
                self._decided_at_of.pop(abandoned.component, None)
            case events.ComponentDrifted():
                self._drifts += 1
            case events.CommandAnswered() as answered:
                self._commands[answered.outcome] += 1
            case _:
                pass

    def permit_refused(self) -> None:
        """A step was refused because it would have passed the cap; the journal does not hold refusals."""
        self._checks_blocked += 1

    def samples(self) -> Iterator[Sample]:
        """Everything counted so far; what never happened is 0."""
        yield Sample("scaling_safety_check_passed_total", self._checks_passed)
        yield Sample("scaling_safety_check_blocked_total", self._checks_blocked)
        yield Sample("solvent_drifts_total", self._drifts)
        yield Sample("solvent_activation_from_decision_seconds", self._from_decision.distribution())
        for step, histogram in self._durations.items():
            yield Sample("provisioning_duration_seconds", histogram.distribution(), (step.value,))
        for (step_name, outcome), count in sorted(self._steps.items()):
            yield Sample("solvent_steps_ended_total", count, (step_name, outcome))
        for direction, count in sorted(self._decisions.items()):
            yield Sample("solvent_decisions_total", count, (direction,))
        for outcome, count in sorted(self._commands.items()):
            yield Sample("solvent_commands_answered_total", count, (outcome,))

    def _note_decision(self, recorded: Recorded, decided: events.LevelDecided) -> None:
        decision = decided.decision
        self._checks_passed += len(decision.eligible)
        self._checks_blocked += len(decision.blocked)
        self._decisions[decision.direction.value] += 1
        self._decided = (recorded.sequence, recorded.recorded_at)

    def _note_intent(self, recorded: Recorded, intended: events.StepIntended) -> None:
        if intended.attempt > 1:
            return
        self._opened[intended.component] = recorded.recorded_at
        if self._decided is not None and recorded.cause == self._decided[0]:
            self._decided_at_of[intended.component] = self._decided[1]
        else:
            self._decided_at_of.pop(intended.component, None)
        if intended.step in RAISING and intended.cap_micros is not None:
            self._checks_passed += 1

    def _note_end(self, recorded: Recorded, ended: events.StepEnded) -> None:
        self._steps[ended.step.value, ended.outcome.value] += 1
        if ended.outcome is not StepOutcome.DONE:
            return
        opened_at = self._opened.pop(ended.component, None)
        if opened_at is not None:
            self._durations[ended.step].observe(recorded.recorded_at - opened_at)
        decided_at = self._decided_at_of.pop(ended.component, None)
        if decided_at is not None and ended.step is Step.ACTIVATE:
            self._from_decision.observe(recorded.recorded_at - decided_at)
