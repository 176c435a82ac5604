"""Asking a running daemon: one command into its stream, and its one answer, read from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.assembly import RunFacts, clock_from, command_sender, run_facts
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.reading_state import journal_of
from daemon.cli.redis_reaching import RedisWish, reach
from machines.events import CommandAnswered
from machines.ports.clock import Clock
from machines.ports.journal import Journal
from machines.ports.streams import StreamsAwayError

POLL_S: Final = 0.1
WAIT_S: Final = 30.0
"""A daemon answers within a second; one that starts, or whose disk is slow, gets longer."""


def running(state_dir: str, wish: RedisWish) -> RunFacts:
    """Where the daemon that can be asked is found; ends the command line with a message where none runs."""
    facts = run_facts(state_dir)
    if facts is None or not (wish.redis or facts.redis):
        end_with(
            EXIT_NOTHING,
            f"no daemon runs on {state_dir}: start it with `solvent run --state-dir {state_dir} --plan …`",
        )
    return facts


async def ask(state_dir: str, fields: Mapping[str, str], wish: RedisWish, *, wait_s: float) -> CommandAnswered:
    """The daemon's answer to a command of these fields.

    Ends the command line with a message where no daemon runs, its Redis is away, or no answer comes within `wait_s`.
    """
    facts = running(state_dir, wish)
    reached = reach(wish, facts.redis)
    async with journal_of(state_dir) as journal:
        before = journal.last_sequence
        try:
            sender = command_sender(reached, facts.instance, wish.principal)
        except ValueError as error:
            end_with(EXIT_BAD_INPUT, f"--redis: {error}")
        try:
            entry_id = await sender.send(fields)
        except StreamsAwayError as away:
            end_with(EXIT_FAILURE, f"{away}; nobody knows whether the command arrived: see `solvent status`")
        finally:
            await sender.close()
        answered = await _answer(journal, before, entry_id, clock_from(None), wait_s)
    if answered is None:
        end_with(
            EXIT_FAILURE,
            f"no answer within {wait_s:g} s; the command {entry_id} stays in the stream and is answered once the daemon"
            " reads it, in `solvent history` and `solvent:replies`",
        )
    return answered


async def _answer(journal: Journal, after: int, entry_id: str, clock: Clock, wait_s: float) -> CommandAnswered | None:
    began_s = clock.monotonic_s()
    while True:
        async for recorded in journal.read(after=after):
            after = recorded.sequence
            event = recorded.event
            if isinstance(event, CommandAnswered) and event.entry_id == entry_id:
                return event
        if clock.monotonic_s() - began_s > wait_s:
            return None
        await clock.sleep(POLL_S)
