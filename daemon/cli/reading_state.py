"""What `status`, `explain`, `history` and `import` share: the state directory's journal, read and never written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NoReturn

import click
import msgspec

from config.instants import Instant
from daemon.assembly import open_journal_for_reading
from daemon.resume import resume
from machines.ports.journal import Journal, JournalDamagedError, JournalRefusedError
from machines.state.whole import State

EXIT_FAILURE: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_NOTHING: Final = 3
"""Nothing was found, or no daemon runs."""

state_dir_option = click.option(
    "--state-dir",
    envvar="SOLVENT_STATE_DIR",
    default="solvent-state",
    show_default=True,
    metavar="DIR",
    help="The state directory that the daemon was given.",
)
format_option = click.option(
    "--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True
)


class ReadState(msgspec.Struct, frozen=True):
    """The state as the journal has it at this moment."""

    state: State
    began_at: Instant | None
    """When the oldest event that is kept was recorded; None for an empty journal."""
    last_recorded_at: Instant | None


def end_with(code: int, message: str) -> NoReturn:
    """Say on standard error why the command ends, and end it."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(code)


@asynccontextmanager
async def journal_of(state_dir: str, unreadable_code: int = EXIT_FAILURE) -> AsyncIterator[Journal]:
    """The journal of a state directory; ends the command with a message where it cannot be read."""
    try:
        journal = open_journal_for_reading(state_dir)
    except FileNotFoundError as missing:
        end_with(
            EXIT_BAD_INPUT,
            f"{state_dir} is no state directory of solvent: {missing}; name the --state-dir of `solvent run`",
        )
    except (JournalDamagedError, JournalRefusedError) as unreadable:
        end_with(unreadable_code, str(unreadable))
    try:
        yield journal
    except (JournalDamagedError, JournalRefusedError) as unreadable:
        end_with(unreadable_code, str(unreadable))
    finally:
        await journal.close()


async def read_state(journal: Journal) -> ReadState:
    """Fold the newest snapshot and what followed it."""
    resumed = await resume(journal)
    began_at: Instant | None = None
    async for oldest in journal.read(limit=1):
        began_at = oldest.recorded_at
    return ReadState(resumed.state, began_at, resumed.last_recorded_at)
