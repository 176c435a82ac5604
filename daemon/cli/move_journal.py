"""`solvent move-journal`: take the journal from its file into PostgreSQL, or back."""

from __future__ import annotations

import click
import msgspec

from daemon.assembly import clock_from
from daemon.assembly.journals import HeldError, Moved, NotMovedError, move_journal
from daemon.cli.backup_settings import settings_option, state_dir_option
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, end_with
from daemon.cli.reading_state import format_option
from daemon.cli.settings_options import settings_of
from machines.ports.journal import JournalRefusedError

_TOLD_FROM_ROWS = 100_000


@click.command("move-journal")
@click.option(
    "--to",
    type=click.Choice(["postgresql", "sqlite"]),
    default="postgresql",
    show_default=True,
    help="Into the schema of journal.url, or back into the file of the state directory.",
)
@state_dir_option
@settings_option
@format_option
def move_journal_command(to: str, state_dir: str | None, settings_file: str | None, shape: str) -> None:
    """Take the journal from its file into PostgreSQL, or back: whole, proven on arrival, in a new epoch.

    The daemon must not run. What was left is kept under another name, which is told. A kill leaves the one or the other
    as the journal, never both: run it again.

    \b
    Examples:
      solvent move-journal --state-dir ./state --settings solvent.toml
      solvent move-journal --to sqlite --state-dir ./state --settings solvent.toml

    Exit codes: 0 moved, 1 not moved (the journal is where it was), 2 wrong usage, bad settings or a daemon that runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    settings = settings_of(settings_file, plan_needed=False, state_dir=state_dir)
    try:
        moved = move_journal(settings, clock_from(None), to, _tell)
    except HeldError as held:
        end_with(EXIT_BAD_INPUT, str(held))
    except (NotMovedError, JournalRefusedError) as refused:
        end_with(EXIT_FAILURE, str(refused))
    except OSError as failed:
        end_with(EXIT_FAILURE, f"{failed.filename or settings.state_dir}: {failed.strerror or failed}")
    click.echo(msgspec.json.encode(moved).decode() if shape == "json" else "\n".join(_lines(moved, settings.state_dir)))


def _tell(table: str, rows: int, of: int) -> None:
    if rows >= _TOLD_FROM_ROWS:
        click.echo(f"{table}: {rows} rows{f' of {of}' if of else ''}", err=True)


def _lines(moved: Moved, state_dir: str) -> list[str]:
    done = "an earlier move was finished" if moved.finished else "moved the journal"
    lines = [
        f"{done}: from {moved.source} to {moved.target}",
        f"  journal {moved.journal_id}, epoch {moved.epoch}, up to event {moved.last_sequence}",
    ]
    if moved.kept:
        lines.append(f"  what was left is kept as {moved.kept}; remove it when you trust the move")
    setting = "without journal.url in the settings" if moved.target.endswith(".sqlite") else "with the same journal.url"
    return [*lines, f"Start the daemon on {state_dir} {setting}"]
