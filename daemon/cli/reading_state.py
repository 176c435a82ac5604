"""What `status`, `explain`, `history` and `import` share: the state directory's journal, read and never written."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import click
import msgspec

from config.errors import ProblemsError
from config.instants import Instant
from config.settings import Settings
from config.settings_loading import load_settings
from config.settings_sources import SETTINGS_VARIABLE
from daemon.assembly import open_journal_for_reading
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, end_with
from daemon.cli.settings_options import NO_PLAN, settings_of
from daemon.resume import resume
from machines.ports.journal import Journal, JournalDamagedError, JournalRefusedError
from machines.state.whole import State

STATE_DIR_DEFAULT: Final = "solvent-state"
_SETTINGS: Final = "daemon.cli.settings_file"


def _state_dir(context: click.Context, _option: click.Parameter, given: str | None) -> str:
    """The directory that was named, else that of the settings file, else the default."""
    settings_file = context.params.get("settings_file") or context.meta.get(_SETTINGS)
    settings_file = settings_file or os.environ.get(SETTINGS_VARIABLE)
    if given is not None or not settings_file or context.resilient_parsing:
        return given or STATE_DIR_DEFAULT
    return settings_of(settings_file, plan_needed=False).state_dir


def _keep_settings(context: click.Context, _option: click.Parameter, given: str | None) -> None:
    context.meta[_SETTINGS] = given


state_dir_option = click.option(
    "--state-dir",
    envvar="SOLVENT_STATE_DIR",
    callback=_state_dir,
    metavar="DIR",
    help="The state directory that the daemon was given. [default: that of the settings, else solvent-state]",
)
finding_settings_option = click.option(
    "--settings",
    envvar=SETTINGS_VARIABLE,
    type=click.Path(dir_okay=False),
    callback=_keep_settings,
    expose_value=False,
    is_eager=True,
    help="The settings file that the daemon was given, which names the state directory.",
)
"""For commands that want nothing of the settings but the state directory."""
format_option = click.option(
    "--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True
)


class ReadState(msgspec.Struct, frozen=True):
    """The state as the journal has it at this moment."""

    state: State
    began_at: Instant | None
    """When the oldest event that is kept was recorded; None for an empty journal."""
    last_recorded_at: Instant | None


def settings_found() -> Settings:
    """The settings that the command was given, by its option or the environment; the defaults where they are none."""
    context = click.get_current_context(silent=True)
    given = None if context is None else context.params.get("settings_file") or context.meta.get(_SETTINGS)
    settings_file = given or os.environ.get(SETTINGS_VARIABLE)
    try:
        return load_settings(settings_file, os.environ, {"plan": NO_PLAN})
    except ProblemsError:
        return Settings(plan=NO_PLAN)


@asynccontextmanager
async def journal_of(state_dir: str, unreadable_code: int = EXIT_FAILURE) -> AsyncIterator[Journal]:
    """The journal of a state directory; ends the command with a message where it cannot be read."""
    try:
        journal = open_journal_for_reading(state_dir)
    except FileNotFoundError as missing:
        if settings_found().journal.url:
            end_with(
                EXIT_BAD_INPUT,
                "the journal of these settings is in PostgreSQL (journal.url), and this machine has not run a daemon "
                f"of it on {state_dir} yet: start one here with `solvent run`, or ask on the machine that has",
            )
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
