"""`solvent drift`: one look at each component, held against the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import click
import msgspec

from daemon.assembly import clock_from, observers_of
from daemon.cli.ending import EXIT_BAD_INPUT, end_with
from daemon.cli.looking import look_at_each, look_option
from daemon.cli.reading_state import format_option, journal_of, read_state, state_dir_option
from daemon.cli.redis_reaching import RedisWish, reach_running, settings_option
from daemon.listing import looked_at
from machines.drifting import compared
from machines.lifecycle_states import ComponentState
from machines.moving import wanted_states
from machines.observations import Observation
from machines.stepping import known_tokens

EXIT_DRIFT: Final = 1


@click.command("drift")
@state_dir_option
@settings_option
@look_option
@format_option
def drift_command(state_dir: str, settings_file: str | None, look_s: float, shape: str) -> None:
    """Look at every component once and say what stands otherwise than the journal has it.

    Nothing is changed and nothing is recorded: it works beside a running daemon and without one. It looks with the
    credentials of the shell that runs it. The daemon itself believes a difference after two looks that agree, and a
    provider that has just confirmed a step may show the old state for a while.

    \b
    Examples:
      solvent drift --state-dir ./state
      solvent drift --state-dir ./state --format json

    Exit codes: 0 no drift among what could be seen, 1 drift, 2 nothing could be looked at, wrong usage, or no
    readable journal. In JSON `unknown` counts the looks that failed: unknown is neither drift nor agreement.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    shown = asyncio.run(_look(state_dir, RedisWish(settings_file=settings_file), look_s))
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
    else:
        for line in _lines(shown):
            click.echo(line)
    if shown["components"] and shown["unknown"] == len(shown["components"]):
        raise click.exceptions.Exit(EXIT_BAD_INPUT)
    if shown["drifted"]:
        raise click.exceptions.Exit(EXIT_DRIFT)


async def _look(state_dir: str, wish: RedisWish, look_s: float) -> dict[str, Any]:
    async with journal_of(state_dir, EXIT_BAD_INPUT) as journal:
        state, epoch = (await read_state(journal)).state, journal.identity.epoch
    plan = state.plan
    if plan is None:
        end_with(EXIT_BAD_INPUT, f"{state_dir} has no plan yet: nothing can be looked at before `solvent run --plan …`")
    clock = clock_from(None)
    components = looked_at(state)
    async with observers_of(state_dir, clock, reach_running(state_dir, wish)) as observers:
        looks = await look_at_each(state, components, observers, clock, look_s)
    wanted = wanted_states(plan, state)
    shown: dict[str, Any] = {}
    for component, seen in zip(components, looks, strict=True):
        record = state.components.of(component.id)
        about: dict[str, Any] = {"recorded": record.state.value, "resource": record.resource_name or None}
        if isinstance(seen, Observation):
            judged = compared(
                component,
                record,
                seen,
                known_tokens=known_tokens(plan.id, record, epoch),
                wanted=wanted.get(component.id, ComponentState.COLD),
                mode=state.mode,
                now=clock.wall(),
            )
            about |= _seen(seen) | {"drifted": judged.drifted, "would": judged.would, "reason": None}
        else:
            about |= _seen(None) | {"drifted": None, "would": None, "reason": seen}
        shown[component.id] = about
    return {
        "plan": plan.id,
        "mode": state.mode.value,
        "drifted": sum(each["drifted"] is True for each in shown.values()),
        "unknown": sum(each["drifted"] is None for each in shown.values()),
        "components": shown,
    }


def _seen(seen: Observation | None) -> dict[str, Any]:
    return {
        "observed": None if seen is None else seen.state.value,
        "tokens": None if seen is None else list(seen.tokens),
        "differences": None if seen is None else list(seen.differences),
        "foreign_writer": (seen.foreign_writer or None) if seen else None,
        "detail": (seen.detail or None) if seen else None,
    }


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    for component_id, each in shown["components"].items():
        if each["drifted"] is None:
            yield f"{component_id}: unknown: recorded {each['recorded']}, not seen: {each['reason']}"
            continue
        mark = "DRIFT: " if each["drifted"] else ""
        yield f"{component_id}: {mark}recorded {each['recorded']}, observed {each['observed']}"
        if each["resource"]:
            yield f"  adopted resource: {each['resource']}"
        yield from (f"  differs: {difference}" for difference in each["differences"])
        if each["foreign_writer"]:
            yield f"  foreign writer: {each['foreign_writer']}"
        if each["would"] != "nothing":
            yield f"  solvent would: {each['would']}"
    total = len(shown["components"])
    yield f"{shown['drifted']} of {total} components drifted, {shown['unknown']} could not be seen."
