"""`deny id X`: refuse a move that waits for approval."""

from __future__ import annotations

from daemon.verbs.approve import waiting
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, Judged, done
from machines.events import ApprovalEnded


def _judge(command: Command, bench: Bench) -> Judged:
    approval_id, asked = waiting(command, bench)
    return done(f"denied {asked.subject}", ApprovalEnded(approval_id, "denied", command.principal))


VERB = Verb("deny", frozenset({"id"}), "refuse a move that waits for approval", _judge)
