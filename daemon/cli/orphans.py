"""`solvent orphans`: resources with the plan's tag that belong to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
import msgspec

from daemon.actuator import Actuator
from daemon.assembly import CannotStart, clock_from, observers_of
from daemon.cli.asking import WAIT_S, ask
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, end_with
from daemon.cli.looking import actuator_that_looks, look_option
from daemon.cli.reading_state import format_option, journal_of, read_state, state_dir_option
from daemon.cli.redis_reaching import RedisWish, principal_option, reach_running, redis_option, settings_option
from daemon.listing import list_tagged, places
from machines.orphans import Orphan, agreed, orphans
from machines.ports.journal import Journal
from machines.ports.provisioner import Resource

EXIT_ORPHANS: Final = 1
BETWEEN_S: Final = 10.0


@click.command("orphans")
@state_dir_option
@click.option(
    "--between", type=click.FloatRange(0), default=BETWEEN_S, show_default=True, help="Seconds between the two reads."
)
@look_option
@click.option("--remove", metavar="NAME", help="Ask the running daemon to remove this orphan, one that it has found.")
@click.option("--kind", metavar="KIND", help="With --remove: its kind, where two kinds have an orphan of that name.")
@click.option("--confirm", metavar="CODE", help="With --remove: the code that it says without this; then it removes.")
@click.option("--reason", metavar="TEXT", help="With --confirm: why it is removed; kept in the journal.")
@redis_option("With --remove: the daemon's Redis, without a password; read from the state directory.")
@settings_option
@principal_option
@click.option(
    "--wait-s", type=click.FloatRange(1), default=WAIT_S, show_default=True, help="Give up after so long unanswered."
)
@format_option
def orphans_command(  # noqa: PLR0917 - one for each option
    state_dir: str,
    between: float,
    look_s: float,
    remove: str | None,
    kind: str | None,
    confirm: str | None,
    reason: str | None,
    redis: str | None,
    settings_file: str | None,
    principal: str,
    wait_s: float,
    shape: str,
) -> None:
    """List the live resources that carry the plan's tag and belong to no component as the journal has it.

    Two reads must agree, since a step may be under way. Nothing is changed; it works with or without a running
    daemon, and looks with the credentials of the shell that runs it.

    With --remove the running daemon is asked to remove one of those that it has found itself (solvent status shows
    them): without --confirm it says what would be removed, and the code to confirm it with.

    \b
    Examples:
      solvent orphans --state-dir ./state
      solvent orphans --state-dir ./state --between 60 --format json
      solvent orphans --state-dir ./state --remove NAME
      solvent orphans --state-dir ./state --remove NAME --confirm 1f0c9a72 --reason "left by the old plan"

    Exit codes: 0 none in what could be listed, 1 there are some, 2 nothing could be listed, wrong usage, or no
    readable journal. In JSON `unknown` has the reason of each kind that could not be listed. With --remove: 0
    answered, 1 refused, not answered, or Redis is away, 2 wrong usage, 3 no daemon runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    given = {"kind": kind, "confirm": confirm, "reason": reason, "redis": redis, "as": principal or None}
    if remove is not None:
        fields = {"verb": "remove-orphan", "resource": remove, "kind": kind, "confirm": confirm, "reason": reason}
        sent = {name: text for name, text in fields.items() if text is not None}
        asyncio.run(_ask(state_dir, sent, RedisWish(redis, settings_file, principal), wait_s, shape))
        return
    if alone := [f"--{name}" for name, text in given.items() if text is not None]:
        raise click.UsageError(f"{', '.join(alone)}: only together with --remove NAME")
    _list(state_dir, RedisWish(settings_file=settings_file), between, look_s, shape)


def _list(state_dir: str, wish: RedisWish, between_s: float, look_s: float, shape: str) -> None:
    """Show what two reads agree on; ends with the exit code that says whether there is any."""
    found, unknown, kinds = asyncio.run(_read_twice(state_dir, wish, between_s, look_s))
    if shape == "json":
        shown = {"orphans": [_object(each) for each in found], "unknown": unknown}
        click.echo(msgspec.json.encode(shown).decode())
    else:
        for each in found:
            click.echo(f"{each.found.kind} {each.found.name}: {each.why}")
        for kind, reason in unknown.items():
            click.echo(f"{kind}: unknown: could not be listed: {reason}")
        click.echo(f"{len(found)} orphans; {len(unknown)} of {kinds} kinds could not be listed.")
    if found:
        raise click.exceptions.Exit(EXIT_ORPHANS)
    if unknown and len(unknown) == kinds:
        raise click.exceptions.Exit(EXIT_BAD_INPUT)


async def _read_twice(
    state_dir: str, wish: RedisWish, between_s: float, look_s: float
) -> tuple[tuple[Orphan, ...], dict[str, str], int]:
    """What two reads agree on, why kinds could not be listed, and how many kinds there are."""
    clock = clock_from(None)
    reached = reach_running(state_dir, wish)
    async with journal_of(state_dir, EXIT_BAD_INPUT) as journal, observers_of(state_dir, clock, reached) as observers:
        state = (await read_state(journal)).state
        if state.plan is None:
            end_with(EXIT_BAD_INPUT, f"{state_dir} has no plan yet: no resource can carry its tag")
        actuator, known = actuator_that_looks(observers, clock, look_s), places(state)
        first, unknown = await _read(journal, actuator, known)
        await clock.sleep(between_s)
        second, unknown_again = await _read(journal, actuator, known)
    return agreed(first, second), {**unknown, **unknown_again}, len(known)


async def _read(
    journal: Journal, actuator: Actuator, known: Mapping[str, Sequence[Resource]]
) -> tuple[tuple[Orphan, ...], dict[str, str]]:
    """The world first and the journal after it: what was made before the list has its intent in the journal."""
    listed = await list_tagged(actuator, known, CannotStart)
    return orphans(listed.found, (await read_state(journal)).state, journal.identity.epoch), listed.unknown


async def _ask(state_dir: str, fields: Mapping[str, str], wish: RedisWish, wait_s: float, shape: str) -> None:
    """Send `remove-orphan` to the running daemon, and say what it answers."""
    answered = await ask(state_dir, fields, wish, wait_s=wait_s)
    refused = answered.outcome == "refused"
    if shape == "json":
        click.echo(msgspec.json.encode({"outcome": answered.outcome, "reason": answered.reason}).decode())
    else:
        click.echo(f"{answered.outcome}: {answered.reason}", err=refused)
    if refused:
        raise click.exceptions.Exit(EXIT_FAILURE)


def _object(orphan: Orphan) -> dict[str, Any]:
    found = orphan.found
    return {
        "kind": found.kind,
        "name": found.name,
        "component": found.component,
        "token": found.token,
        "why": orphan.why,
    }
