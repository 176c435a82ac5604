"""`solvent promote`: the leader hands over to a standby."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import click

from daemon.assembly import clock_from
from daemon.assembly.leading import lease_desk_beside
from daemon.cli.daemons_view import SILENT_AFTER_S
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.reading_state import finding_settings_option, journal_of, state_dir_option
from machines.ports.lease import LeaseAwayError, LeaseDesk, LeaseView, Standing

LAG_EVENTS_MAX: Final = 1_000
"""A standby that is further behind would make the pause of the hand-over longer than a moment."""
POLL_S: Final = 0.1
WAIT_S: Final = 90.0
"""A stop in order may take this long where steps are under way: `stopping.ask_s` and `stopping.cancel_s`, twice."""


@click.command("promote")
@state_dir_option
@finding_settings_option
@click.option("--to", "wanted", metavar="NAME", help="The standby that shall lead: its name, or how only its begins.")
@click.option(
    "--wait-s", type=click.FloatRange(1), default=WAIT_S, show_default=True, help="How long the hand-over may take."
)
def promote_command(state_dir: str, wanted: str | None, wait_s: float) -> None:
    """Let a standby lead: the leader stops in order and gives the lead back, and the standby takes it.

    Run it on either machine. With one standby no name is needed; `solvent status` shows the names. A standby that is
    silent or far behind is refused. Where the leader does not hear of it in time, or at Ctrl-C, the wish is taken back;
    a leader that has heard of it stops, and the hand-over goes on.

    Exit codes: 0 the standby leads; 1 it does not, or PostgreSQL does not answer; 2 wrong usage, or a standby that
    cannot take over now; 3 nobody leads, or nobody stands by.
    """
    asyncio.run(_promote(state_dir, wanted, wait_s))


async def _promote(state_dir: str, wanted: str | None, wait_s: float) -> None:
    async with journal_of(state_dir) as journal:
        last_sequence = journal.last_sequence
    desk = lease_desk_beside(state_dir)
    if desk is None:
        end_with(EXIT_BAD_INPUT, f"the journal of {state_dir} is its own: only one in PostgreSQL has standbys")
    try:
        standby = _chosen(await desk.look(), wanted, last_sequence)
        await _hand_over(desk, standby.candidate.name, wait_s)
    except LeaseAwayError as away:
        end_with(EXIT_FAILURE, f"{away}; see `solvent status` for who leads")
    finally:
        await desk.close()


def _chosen(view: LeaseView, wanted: str | None, last_sequence: int) -> Standing:
    """The standby to lead; ends the command where there is none that can."""
    leader = view.live_leader
    if leader is None:
        end_with(EXIT_NOTHING, "nobody leads at this moment: a standby that lives takes the lead by itself")
    found = [each for each in view.standbys if wanted is None or each.candidate.name.startswith(wanted)]
    if wanted is not None and wanted == leader.candidate.name:
        end_with(EXIT_BAD_INPUT, f"{wanted} leads already")
    if not found and wanted is None:
        end_with(EXIT_NOTHING, "nobody stands by: start another daemon on this journal with `solvent run --standby`")
    live = [each for each in found if view.heard_s(each) <= SILENT_AFTER_S]
    if len(live) > 1:
        names = ", ".join(each.candidate.name for each in live)
        end_with(EXIT_BAD_INPUT, f"{len(live)} daemons stand by: say with --to which of {names}")
    if not live:
        known = ", ".join(f"{each.candidate.name} (heard {view.heard_s(each):.0f} s ago)" for each in view.standbys)
        end_with(EXIT_BAD_INPUT, f"no such standby is heard of; known are: {known or 'none'}. See whether it runs")
    (standby,) = live
    behind = last_sequence - standby.folded_sequence
    if behind > LAG_EVENTS_MAX:
        end_with(
            EXIT_BAD_INPUT,
            f"{standby.candidate.name} is {behind} events behind, more than {LAG_EVENTS_MAX}: wait until it has caught"
            " up, or see its log for what it cannot read",
        )
    return standby


async def _hand_over(desk: LeaseDesk, name: str, wait_s: float) -> None:
    clock, began = clock_from(None), await desk.want(name)
    leader = began.leader.candidate.name if began.leader is not None else "nobody"
    give_up_s = clock.monotonic_s() + wait_s
    view = began
    try:
        while clock.monotonic_s() < give_up_s:
            with suppress(LeaseAwayError):
                view = await desk.look()
            now = view.leader.candidate.name if view.leader is not None else ""
            if now == name:
                how = "has handed over" if view.given_back == began.fencing else "was silent, and its lease ran out"
                click.echo(f"{name} leads now, with the fencing token {view.fencing}; {leader} {how}")
                return
            if now not in ("", leader):
                break
            await clock.sleep(POLL_S)
    except asyncio.CancelledError:
        click.echo(f"Interrupted. {await _taken_back(desk, name)}", err=True)
        raise
    leads = "nobody leads" if view.leader is None else f"{view.leader.candidate.name} leads"
    said = await _taken_back(desk, name)
    end_with(EXIT_FAILURE, f"{name} did not take the lead within {wait_s:g} s; {leads}. {said}")


async def _taken_back(desk: LeaseDesk, name: str) -> str:
    """What became of the wish, in a sentence."""
    try:
        view = await desk.look()
        if view.wanted == name and not view.handing_over:
            view = await desk.want("")
    except LeaseAwayError as away:
        return f"Whether the hand-over goes on is not known: {away}; see `solvent status`"
    if view.wanted == name:
        return "The leader is stopping already and the hand-over goes on: see `solvent status`"
    return "The wish was taken back" if view.wanted == "" else f"{view.wanted} is wanted now"
