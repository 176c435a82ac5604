"""`resume`: lift a pause, and the freezes that only an operator can lift."""

from __future__ import annotations

import msgspec

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, Judged
from machines.events import Event, FreezeChanged, PauseEnded

LIFTABLE = frozenset({"stream_gap", "currency", "clock", "audit"})
"""Freezes that wait for an operator's word; the others end by themselves, or with `reload`."""


def _judge(command: Command, bench: Bench) -> Judged:
    events: list[Event] = []
    if bench.state.operators.pause is not None:
        events.append(PauseEnded(f"resumed by {command.principal}"))
    lifted = sorted(LIFTABLE & bench.state.freezes.keys())
    events.extend(FreezeChanged(key, frozen=False) for key in lifted)
    reason = "resumed" if events else "nothing was paused"
    judged = Judged("done", reason, tuple(events))
    return msgspec.structs.replace(judged, trust_clock="clock" in lifted)


VERB = Verb("resume", frozenset(), "lift a pause and what waits for an operator's word", _judge)
