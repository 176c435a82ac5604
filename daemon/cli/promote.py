"""`solvent promote`: the leader hands over to a standby."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import click

from daemon.assembly import clock_from, open_journal_for_reading
from daemon.assembly.leading import lease_desk_beside
from daemon.cli.daemons_view import SILENT_AFTER_S
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.handing_over import HandOver, InVainError
from daemon.cli.journal_starts import Starts
from daemon.cli.reading_state import finding_settings_option, journal_of, state_dir_option
from machines.ports.lease import LeaseAwayError, LeaseView, Standing

LAG_EVENTS_MAX: Final = 1_000
"""A standby that is further behind would make the pause of the hand-over longer than a moment."""
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
    silent or far behind, or says what keeps it from leading, is refused. It ends well when the standby has begun to
    serve. Where the leader does not hear of it in time, or at Ctrl-C, the wish is taken back; a leader that has heard
    of it stops, and the hand-over goes on.

    Exit codes: 0 the standby leads and serves; 1 it does not, or PostgreSQL does not answer; 2 wrong usage, or a
    standby that cannot take over now; 3 nobody leads, or nobody stands by.
    """
    asyncio.run(_promote(state_dir, wanted, wait_s))


async def _promote(state_dir: str, wanted: str | None, wait_s: float) -> None:
    async with journal_of(state_dir) as journal:
        last_sequence = journal.last_sequence
    desk = lease_desk_beside(state_dir)
    if desk is None:
        end_with(EXIT_BAD_INPUT, f"the journal of {state_dir} is its own: only one in PostgreSQL has standbys")
    starts = Starts(partial(asyncio.to_thread, open_journal_for_reading, state_dir), last_sequence)
    try:
        standby = _chosen(await desk.look(), wanted, last_sequence)
        click.echo(await HandOver(desk, starts, standby.candidate.name, clock_from(None)).wish(wait_s))
    except InVainError as in_vain:
        end_with(EXIT_FAILURE, str(in_vain))
    except LeaseAwayError as away:
        end_with(EXIT_FAILURE, f"{away}; see `solvent status` for who leads")
    finally:
        await starts.close()
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
    if standby.fault:
        end_with(
            EXIT_BAD_INPUT,
            f"{standby.candidate.name} cannot take over now, it says: {standby.fault}. Mend that first; "
            "`solvent status` shows when it is over",
        )
    behind = last_sequence - standby.folded_sequence
    if behind > LAG_EVENTS_MAX:
        end_with(
            EXIT_BAD_INPUT,
            f"{standby.candidate.name} is {behind} events behind, more than {LAG_EVENTS_MAX}: wait until it has caught"
            " up, or see its log for what it cannot read",
        )
    return standby
