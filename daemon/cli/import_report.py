"""What an import says at its end."""

from __future__ import annotations

from typing import Any

import click

from config.instants import Instant, instant_text
from daemon.cli.event_text import event_text
from daemon.cli.import_following import Follower
from daemon.cli.import_sending import Sent
from daemon.cli.paper import counted
from daemon.cli.status_view import frozen_text
from machines.events import LevelDecided


def import_object(
    name: str, sent: Sent, watermark: Instant | None, follower: Follower | None, *, taken: bool
) -> dict[str, Any]:
    """The import as one object. What the daemon made of it is null where that was not waited for or cannot be seen."""
    shown: dict[str, Any] = {
        "file": name,
        "sent": sent.payments,
        "rejected_rows": sent.rejected_rows,
        "watermark": None if watermark is None else instant_text(watermark),
        "taken": taken,
        "counted": None,
        "duplicates": None,
        "not_completed": None,
        "rejected": None,
        "corrections": None,
        "level_before": None,
        "level": None,
        "level_id": None,
        "cause": None,
        "frozen": None,
    }
    if follower is None or not taken:
        return shown
    state, counters = follower.state, follower.taken
    for key in ("counted", "duplicates", "not_completed", "rejected", "corrections"):
        shown[key] = getattr(counters, key)
    decision, plan = state.deciding.decision, state.plan
    if plan is not None and decision is not None and follower.decided:
        shown["level_before"] = follower.level_before
        shown["level"] = state.deciding.decided.level
        shown["level_id"] = plan.levels[state.deciding.decided.level].id
        shown["cause"] = event_text(LevelDecided(decision))
    shown["frozen"] = frozen_text(state)
    return shown


def say_import(shown: dict[str, Any]) -> None:
    """The same in sentences."""
    until = "no watermark" if shown["watermark"] is None else f"all payments before {shown['watermark']}"
    rejected = f", {counted(shown['rejected_rows'], 'row')} rejected" if shown["rejected_rows"] else ""
    click.echo(f"sent {counted(shown['sent'], 'payment')} of {shown['file']}{rejected}; {until}")
    if not shown["taken"]:
        click.echo("not waited for the daemon: `solvent status` shows what it makes of them")
        return
    if shown["counted"] is None:
        click.echo("the daemon took them; give --state-dir to see what it counted")
        return
    click.echo(
        f"counted {shown['counted']}, {counted(shown['duplicates'], 'duplicate')},"
        f" {shown['not_completed']} not completed, {shown['rejected']} rejected"
        + (f", {shown['corrections']} corrections of closed months" if shown["corrections"] else "")
    )
    if shown["frozen"]:
        click.echo(f"frozen: {shown['frozen']}")
    if shown["level_before"] != shown["level"]:
        click.echo(f"level {shown['level_before']} to {shown['level']} since the import began")
    click.echo(shown["cause"] or "no level was decided: no month was closed, or decisions are frozen")


def list_rejections(sent: Sent, follower: Follower | None) -> None:
    """The rows that were not sent and the entries that the daemon rejected, on standard error."""
    for each in sent.rejections:
        click.echo(f"row {each.row_number}: {each.field}: {each.reason}", err=True)
    if sent.rejected_rows > len(sent.rejections):
        click.echo(f"and {sent.rejected_rows - len(sent.rejections)} more rejected rows", err=True)
    if follower is None:
        return
    for entry in follower.rejections:
        click.echo(f"entry {entry.entry_id}: {entry.field}: {entry.reason}; {entry.raw[:200]}", err=True)
    if (rejected := follower.taken.rejected) > len(follower.rejections):
        click.echo(f"and {rejected - len(follower.rejections)} more rejected entries", err=True)
