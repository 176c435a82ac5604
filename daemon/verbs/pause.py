"""`pause [scope all|up|down] [ttl 2h]`: hold moves back."""

from __future__ import annotations

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import Pause, PauseSet


def _judge(command: Command, bench: Bench) -> Judged:
    text = command.fields.get("scope", "all")
    try:
        scope = Pause(text)
    except ValueError:
        raise CommandError(f"scope: expected all, up or down, found {text[:40]!r}") from None
    until = command.until(bench.now, bench.ttl_max_s)
    return done(f"paused {scope.value}", PauseSet(scope, until, command.reason, command.principal))


VERB = Verb("pause", frozenset({"scope", "ttl"}), "hold moves back: all, only up, or only down", _judge)
