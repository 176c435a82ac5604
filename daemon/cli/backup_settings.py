"""What `backup`, `restore` and `verify` share: their settings, and how a refusal ends them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from daemon.assembly import clock_from
from daemon.assembly.backups import BackupError, Environment, HeldError, NoBackupError, NoJournalError
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.settings_options import settings_of

state_dir_option = click.option(
    "--state-dir", metavar="DIR", help="The state directory that the daemon was given. [default: that of the settings]"
)
settings_option = click.option(
    "--settings",
    "settings_file",
    type=click.Path(dir_okay=False),
    envvar="SOLVENT_SETTINGS",
    help="The TOML file of settings that the daemon was given; [backup] says where backups are.",
)


def environment_of(settings_file: str | None, state_dir: str | None) -> Environment:
    """The settings as `solvent run` reads them; ends the command where they cannot be used."""
    settings = settings_of(settings_file, plan_needed=False, state_dir=state_dir)
    return Environment(settings, dict(os.environ), clock_from(None))


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with what was refused, on standard error."""
    try:
        yield
    except (NoJournalError, HeldError) as unusable:
        end_with(EXIT_BAD_INPUT, str(unusable))
    except NoBackupError as nothing:
        end_with(EXIT_NOTHING, str(nothing))
    except BackupError as failed:
        end_with(EXIT_FAILURE, str(failed))
    except OSError as failed:
        where = failed.filename or "a file"
        is_a_file = isinstance(failed, FileExistsError | NotADirectoryError)
        end_with(EXIT_FAILURE, f"{where}: {'is a file, not a folder' if is_a_file else failed.strerror or failed}")
