"""`solvent run`: the daemon."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

from config.errors import ProblemsError
from config.instants import Instant, InstantError, instant_from_text
from config.settings_loading import load_settings

if TYPE_CHECKING:
    _InstantType = click.ParamType[Instant]
else:
    _InstantType = click.ParamType  # generic only from click 8.4 on


class InstantOption(_InstantType):
    """An instant on the command line."""

    name = "instant"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """Read the text; a bare date is its first instant in UTC."""
        try:
            return instant_from_text(value if "T" in value else f"{value}T00:00:00Z")
        except InstantError as error:
            self.fail(str(error), param, ctx)


@click.command("run")
@click.option("--plan", help="A shipped plan's name, or the path of a plan file.")
@click.option("--state-dir", type=click.Path(file_okay=False), help="Where the journal lives; one daemon holds it.")
@click.option("--redis", help="redis://… of a server, or `embedded` to start one in the state directory.")
@click.option("--http", help="HOST:PORT for /metrics, /healthz and /readyz; port 0 picks a free one.")
@click.option("--instance", help="The name under which the Redis keys are owned; `solvent` unless said otherwise.")
@click.option("--settings", "settings_file", type=click.Path(dir_okay=False), help="A TOML file of settings.")
@click.option(
    "--observe-only", "--dry-run", "mode", flag_value="observe_only", help="Decide and report, change nothing."
)
@click.option("--act", "mode", flag_value="act", help="Act on what is decided; remembered by the journal.")
@click.option(
    "--standby", is_flag=True, default=None, help="While another daemon leads on this journal, wait for the lead."
)
@click.option("--as-of", type=InstantOption(), help="Start the clock at this time instead of now.")
def run_command(settings_file: str | None, as_of: Instant | None, **options: str | bool | None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    The first run of a state directory observes only, until it is started with --act. Settings come from the defaults,
    then --settings, then SOLVENT_… variables, then these options.

    Where the journal is in PostgreSQL, one daemon leads. Without --standby another one waits for a leader that is not
    heard of to lose its lease, and is refused where the leader lives.

    Exit codes: 0 stopped as asked, or handed over as asked; 1 ended by a failure, the loss of the lead among them;
    2 cannot start (the message says what to do).
    """
    try:
        given = {name: value for name, value in options.items() if value is not None}
        settings = load_settings(settings_file, os.environ, given)
    except ProblemsError as problems:
        click.echo(str(problems), err=True)
        sys.exit(2)
    # Imported late: a refusal of bad settings needs nothing of the daemon.
    from daemon.cli.running import run_until_stopped  # noqa: PLC0415

    sys.exit(asyncio.run(run_until_stopped(settings, as_of)))
