"""`set-threshold level 2 minimum 1200.00 [ttl 30d]`: another minimum than the plan's; `minimum plan` takes it back."""

from __future__ import annotations

from typing import Final

from config.instants import instant_text
from config.money import MoneyError, amount_text, micros_from_text
from config.plan import Level
from config.triggers import bounds_micros
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import ThresholdEnded, ThresholdSet

PLAN: Final = "plan"


def _judge(command: Command, bench: Bench) -> Judged:
    index = bench.level(command, "a level's number or id")
    level, held = bench.plan.levels[index], bench.state.operators.thresholds.get(index)
    if index == 0:
        raise CommandError(f"level: {level.id} is level 0, which is always on and asks for no revenue")
    text = command.required("minimum", f"an amount such as 1200.00, or {PLAN} for the plan's own")
    if text == PLAN:
        if held is None:
            raise CommandError(f"minimum: nobody set that of level {index}; the plan's own holds")
        ended = ThresholdEnded(index, held.plan_micros, f"taken back by {command.principal}")
        return done(f"level {index} asks for {amount_text(held.plan_micros)} again, as the plan says", ended)
    before = _present(level)
    minimum = _minimum(text, index, bench)
    command.required("reason", f"why level {index} is to ask for another revenue than the plan says")
    until = command.until(bench.now, bench.ttl_max_s)
    how_long = "" if until is None else f" until {instant_text(until)}"
    said = f"level {index} asks for {amount_text(minimum)} instead of {amount_text(before)}{how_long}"
    event = ThresholdSet(index, minimum, before, until, command.reason, command.principal)
    return done(f"{said}, from the next close on; the cap stays as it is", event)


def _present(level: Level) -> int:
    """The one figure that is replaced; raises where there are several, since nobody could say which is meant."""
    found = bounds_micros(level.trigger) if level.trigger is not None else ()
    if len(found) == 1:
        return found[0]
    listed = ", ".join(map(amount_text, found)) or "none"
    raise CommandError(
        f"level: expected one minimum of revenue in its trigger, found {listed}; change the plan instead"
    )


def _minimum(text: str, index: int, bench: Bench) -> int:
    try:
        minimum = micros_from_text(text)
    except MoneyError as error:
        raise CommandError(f"minimum: {error}") from None
    lowest, highest = _between(index, bench)
    if minimum <= lowest or (highest is not None and minimum >= highest):
        above = f"above {amount_text(lowest)}" + (f", that of level {index - 1}" if index > 1 else "")
        below = "" if highest is None else f", and below {amount_text(highest)}, that of level {index + 1}"
        raise CommandError(f"minimum: expected an amount {above}{below}; found {amount_text(minimum)}")
    return minimum


def _between(index: int, bench: Bench) -> tuple[int, int | None]:
    """The neighbours' minima. Where one was set, the plan's own counts too: levels stay in order when it ends."""
    levels = bench.plan.levels
    below = _minima(levels[index - 1], bench) if index > 1 else [0]
    above = _minima(levels[index + 1], bench) if index + 1 < len(levels) else []
    return max(below), min(above, default=None)


def _minima(level: Level, bench: Bench) -> list[int]:
    held = bench.state.operators.thresholds.get(level.index)
    found = [] if level.minimum_micros is None else [level.minimum_micros]
    return found if held is None else [*found, held.plan_micros]


VERB = Verb(
    "set-threshold",
    frozenset({"level", "minimum", "ttl"}),
    "set the revenue that a level asks for instead of the plan's; minimum plan takes it back",
    _judge,
)
