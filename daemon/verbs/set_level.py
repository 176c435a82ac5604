"""`set-level level 2 [ttl 2h]`: hold the level that components are moved towards; `level auto` takes it back."""

from __future__ import annotations

from typing import Final

from config.instants import instant_text
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, Judged, done
from machines.events import LevelHeld
from machines.state.operators import level_hold_ended, withdrawn

AUTO: Final = "auto"


def _judge(command: Command, bench: Bench) -> Judged:
    operators, plan = bench.state.operators, bench.plan
    if command.fields.get("level") == AUTO:
        return _taken_back(command, bench)
    index = bench.level(command, f"a level's number or id, or {AUTO} for what is decided")
    command.required("reason", "why this level, whatever is decided")
    until = command.until(bench.now, bench.ttl_max_s)
    held = LevelHeld(index, until, command.reason, command.principal)
    before = operators.level
    # What was approved for one hold says nothing of the next, even of the same level.
    renewed = () if before is None else withdrawn(operators, before.subject, "the level is held anew")
    how_long = f"until set-level level {AUTO}" if until is None else f"until {instant_text(until)}"
    beyond = "" if index <= bench.state.deciding.decided.level else "; what passes the cap asks another operator"
    return done(f"level {index} ({plan.levels[index].name}) is held {how_long}{beyond}", *renewed, held)


def _taken_back(command: Command, bench: Bench) -> Judged:
    operators, released = bench.state.operators, bench.state.deciding.released_level
    ended = level_hold_ended(operators, f"taken back by {command.principal}")
    acted_upon = f"level {released} ({bench.plan.levels[released].name}) is acted upon"
    return done(f"no level is held, {acted_upon}" if ended else f"no level was held, {acted_upon}", *ended)


VERB = Verb(
    "set-level",
    frozenset({"level", "ttl"}),
    "hold a level beside what is decided, up or down; level auto takes it back",
    _judge,
)
