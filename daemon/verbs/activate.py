"""`activate component X [ttl 2h]`: bring a component up and hold it, as far as the cap allows."""

from __future__ import annotations

from daemon.verbs.pin import hold
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, Judged
from machines.lifecycle_states import ComponentState


def _judge(command: Command, bench: Bench) -> Judged:
    return hold(command, bench, ComponentState.HOT)


VERB = Verb(
    "activate",
    frozenset({"component", "ttl"}),
    "bring a component up and hold it; above the cap another operator must approve",
    _judge,
)
