"""`solvent orphans`: resources with the plan's tag that belong to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import click
import msgspec

from daemon.assembly import CannotStart, clock_from, observers_of
from daemon.cli.looking import LOOK_S, look_option, looked_at
from daemon.cli.reading_state import EXIT_BAD_INPUT, end_with, format_option, journal_of, read_state, state_dir_option
from machines.orphans import Orphan, agreed, orphans
from machines.ports.faults import CallError
from machines.ports.journal import Journal
from machines.ports.provisioner import FoundResource, Observer, Resource
from machines.state.whole import State

EXIT_ORPHANS: Final = 1
BETWEEN_S: Final = 10.0


@click.command("orphans")
@state_dir_option
@click.option(
    "--between", type=click.FloatRange(0), default=BETWEEN_S, show_default=True, help="Seconds between the two reads."
)
@look_option
@format_option
def orphans_command(state_dir: str, between: float, look_s: float, shape: str) -> None:
    """List the live resources that carry the plan's tag and belong to no component as the journal has it.

    Two reads must agree, since a step may be under way. Nothing is changed; it works with or without a running
    daemon, and looks with the credentials of the shell that runs it. Remove what it shows at the provider, after a
    look of your own.

    \b
    Examples:
      solvent orphans --state-dir ./state
      solvent orphans --state-dir ./state --between 60 --format json

    Exit codes: 0 none in what could be listed, 1 there are some, 2 nothing could be listed, wrong usage, or no
    readable journal. In JSON `unknown` has the reason of each kind that could not be listed.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    found, unknown, kinds = asyncio.run(_read_twice(state_dir, between, look_s))
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
    state_dir: str, between_s: float, look_s: float
) -> tuple[tuple[Orphan, ...], dict[str, str], int]:
    """What two reads agree on, why kinds could not be listed, and how many kinds there are."""
    clock = clock_from(None)
    async with journal_of(state_dir, EXIT_BAD_INPUT) as journal, observers_of(state_dir, clock) as observers:
        state = (await read_state(journal)).state
        if state.plan is None:
            end_with(EXIT_BAD_INPUT, f"{state_dir} has no plan yet: no resource can carry its tag")
        known = _known(state)
        first, unknown = await _read(journal, known, observers, look_s)
        await clock.sleep(between_s)
        second, unknown_again = await _read(journal, known, observers, look_s)
    return agreed(first, second), {**unknown, **unknown_again}, len(known)


async def _read(
    journal: Journal, known: Mapping[str, list[Resource]], observers: Mapping[str, Observer], look_s: float = LOOK_S
) -> tuple[tuple[Orphan, ...], dict[str, str]]:
    """The world first and the journal after it: what was made before the list has its intent in the journal."""
    found: list[FoundResource] = []
    unknown: dict[str, str] = {}
    for kind, resources in known.items():
        try:
            async with asyncio.timeout(look_s):
                found += await observers[kind].list_resources(resources[0].plan, resources)
        except TimeoutError:
            unknown[kind] = f"no answer within {look_s:g} s"
        except CallError as failed:
            unknown[kind] = failed.reason
        except CannotStart as unavailable:
            unknown[kind] = str(unavailable)
        except Exception as defect:  # noqa: BLE001 - an adapter's defect must not hide the other kinds
            unknown[kind] = f"the provisioner failed: {type(defect).__name__}: {defect}"
    return orphans(found, (await read_state(journal)).state, journal.identity.epoch), unknown


def _known(state: State) -> dict[str, list[Resource]]:
    """The components by their kind: where to look."""
    plan_id = state.plan.id if state.plan else ""
    known: dict[str, list[Resource]] = {}
    for each in looked_at(state):
        name = state.components.of(each.id).resource_name
        known.setdefault(each.provisioner, []).append(Resource(plan_id, each.id, each.options, name, each.stateful))
    return known


def _object(orphan: Orphan) -> dict[str, Any]:
    found = orphan.found
    return {
        "kind": found.kind,
        "name": found.name,
        "component": found.component,
        "token": found.token,
        "why": orphan.why,
    }
