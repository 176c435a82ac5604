"""`deactivate component X [ttl 2h]`: take a component down and hold it; what is stateful keeps its data."""

from __future__ import annotations

from daemon.verbs.pin import hold
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, Judged
from machines.lifecycle_states import ComponentState


def _judge(command: Command, bench: Bench) -> Judged:
    component, record = bench.actuated(command)
    # What is COLD has no data to keep: resting it WARM would bring it up.
    rests_warm = component.stateful and record.state is not ComponentState.COLD
    return hold(command, bench, ComponentState.WARM if rests_warm else ComponentState.COLD)


VERB = Verb("deactivate", frozenset({"component", "ttl"}), "take a component down and hold it", _judge)
