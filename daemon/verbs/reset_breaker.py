"""`reset-breaker breaker provider:simulated`: close a circuit breaker by hand."""

from __future__ import annotations

from daemon.verbs.verb import Bench, Verb
from machines import breaker as breakers
from machines.commands import Command, CommandError, Judged, done
from machines.granting import breaker_event


def _judge(command: Command, bench: Bench) -> Judged:
    name = command.required("breaker", "provider:<kind>, component:<id> or source:<name>")
    breaker = bench.state.breakers.get(name)
    if breaker is None:
        known = ", ".join(bench.state.breakers) or "none"
        raise CommandError(f"breaker: {name[:80]!r} has never failed; those that have: {known}")
    return done(f"closed {name}", breaker_event(name, breakers.reset(breaker), f"reset by {command.principal}"))


VERB = Verb("reset-breaker", frozenset({"breaker"}), "close a circuit breaker by hand", _judge)
