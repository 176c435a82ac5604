"""`solvent verify`: prove the journal, or a backup of it."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from daemon.assembly.backups import BackupError, Environment, Manifest, list_backups, verify_backup, verify_state_dir
from daemon.backing_up.verifying import Verification
from daemon.cli.backup_settings import environment_of, refusals_told, settings_option, state_dir_option
from daemon.cli.ending import EXIT_FAILURE
from daemon.cli.reading_state import format_option


@click.command("verify")
@click.option(
    "--backup", "name", default="", help="Verify this backup, or the `newest`, instead of the state directory."
)
@state_dir_option
@settings_option
@format_option
def verify_command(name: str, state_dir: str | None, settings_file: str | None, shape: str) -> None:
    """Prove the journal: every event's hash, the tables beside it, and the invariants I1 to I12 as far as it can tell.

    Damage is located: the event, its time, the last good one. It works beside a running daemon and changes nothing.
    A journal in PostgreSQL is copied at one moment, and the copy is proven.
    Where the settings name backups, the journal is also held against what they saw of it.

    \b
    Examples:
      solvent verify --state-dir ./state
      solvent verify --backup newest --settings solvent.toml --state-dir ./state

    Exit codes: 0 nothing is broken, 1 something is, or it cannot be read, 2 wrong usage, bad settings or no journal,
    3 there is no such backup.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    around = environment_of(settings_file, state_dir)
    with refusals_told():
        if name:
            manifest, found = verify_backup(around, name)
            what = manifest.name
        else:
            what = around.settings.state_dir
            found = verify_state_dir(what, _witnesses(around), around)
    click.echo(msgspec.json.encode(found).decode() if shape == "json" else "\n".join(_lines(what, found)))
    if not found.whole:
        raise click.exceptions.Exit(EXIT_FAILURE)


def _witnesses(around: Environment) -> Sequence[Manifest]:
    """What backups saw of the journal; a place that is away must not keep anybody from verifying."""
    if not around.settings.backup.to:
        return ()
    try:
        return list_backups(around)
    except BackupError as away:
        click.echo(f"not held against the backups: {away}", err=True)
        return ()


def _lines(what: str, found: Verification) -> list[str]:
    lines = [
        f"{what}: journal {found.journal_id}, epoch {found.epoch}, schema {found.schema}",
        f"events {found.first_sequence} to {found.last_sequence}, the last of {found.last_recorded_at or 'no time'}",
        *([found.backups] if found.backups else []),
        "",
    ]
    lines += [
        f"{each.invariant:<4} {each.verdict:<15} {each.means}{f': {each.text}' if each.text else ''}"
        for each in found.invariants
    ]
    if found.findings:
        lines += ["", f"{len(found.findings)} findings:", *(f"  {finding}" for finding in found.findings)]
        lines += ["", "Take a backup that verifies: `solvent backup list`, `solvent restore --replace`"]
    else:
        lines += ["", "nothing is broken"]
    return lines
