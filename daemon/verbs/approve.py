"""`approve id X [ttl 2h]`: let a move that waits go ahead."""

from __future__ import annotations

from typing import Final

from config.money import amount_text
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import ApprovalGiven
from machines.state.operators import PendingApproval

HOW: Final = " (name them in the setting commands.principals; solvent redis-acl writes what each may do)"


def _judge(command: Command, bench: Bench) -> Judged:
    approval_id, asked = waiting(command, bench)
    if asked.exceeds_cap:
        if asked.asked_by == command.principal:
            raise CommandError(f"id: {asked.asked_by} asked for it; exceeding the cap needs another operator{HOW}")
        command.required("reason", "why the cap may be exceeded")
    until = command.until(bench.now, bench.ttl_max_s)
    given = ApprovalGiven(approval_id, command.principal, asked.until if until is None else until, command.reason)
    up_to = "" if asked.total_micros is None else f", up to {amount_text(asked.total_micros)} a month in all"
    return done(f"approved {asked.subject}{up_to}", given)


def waiting(command: Command, bench: Bench) -> tuple[str, PendingApproval]:
    """The question that the command answers; raises `CommandError`."""
    approval_id = command.required("id", "the id of what waits for approval")
    approvals = bench.state.operators.approvals.items()
    # What has run out waits no more, also where its end was not recorded yet.
    open_questions = {each: asked for each, asked in approvals if not asked.approved_by and asked.until > bench.now}
    asked = open_questions.get(approval_id)
    if asked is None:
        waits = ", ".join(open_questions) or "nothing"
        raise CommandError(f"id: nothing of that id waits for approval; what waits: {waits}")
    return approval_id, asked


VERB = Verb("approve", frozenset({"id", "ttl"}), "let a move that waits for approval go ahead", _judge)
