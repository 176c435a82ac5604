"""`solvent backup`: make a backup of the journal, list them, and try the newest one out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from config.instants import instant_text
from daemon.assembly import clock_from
from daemon.assembly.backups import DrillOutcome, Made, Manifest, back_up, drill, list_place, make_key
from daemon.cli.backup_settings import environment_of, refusals_told, settings_option, state_dir_option
from daemon.cli.ending import EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.reading_state import format_option


@click.group("backup", invoke_without_command=True)
@state_dir_option
@settings_option
@format_option
@click.pass_context
def backup_group(context: click.Context, state_dir: str | None, settings_file: str | None, shape: str) -> None:
    """Back the journal up to the folder or bucket of the settings, beside a running daemon or without one.

    The copy is one moment of the journal; its chain is proven before it is kept, and it is encrypted where
    backup.recipients names keys. Then older ones go as backup.keep_... says.

    \b
    Examples:
      solvent backup key --out age.key
      solvent backup --state-dir ./state --settings solvent.toml
      solvent backup list --settings solvent.toml
      solvent backup drill --state-dir ./state --settings solvent.toml

    Exit codes: 0 kept, 1 not made (nothing is half kept), 2 wrong usage, bad settings or no journal.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    context.obj = (state_dir, settings_file)
    if context.invoked_subcommand is not None:
        return
    with refusals_told():
        made = back_up(environment_of(settings_file, state_dir))
    click.echo(msgspec.json.encode(made).decode() if shape == "json" else _made_text(made))
    if made.warning:
        click.echo(made.warning, err=True)


@backup_group.command("list")
@state_dir_option
@settings_option
@format_option
@click.pass_obj
def list_command(
    above: tuple[str | None, str | None], state_dir: str | None, settings_file: str | None, shape: str
) -> None:
    """List the backups, oldest first. No key is needed.

    Exit codes: 0 listed, 1 the place cannot be read, 2 bad settings, 3 there is none.
    """
    with refusals_told():
        around = environment_of(settings_file or above[1], state_dir or above[0])
        listing = list_place(around)
    found, now = listing.manifests, around.clock.wall()
    if shape == "json":
        click.echo(msgspec.json.encode(found).decode())
    elif found:
        click.echo("\n".join(_listed(found)))
    for each in found:
        if each.is_dated_ahead(now):
            click.echo(
                f"{each.name} is dated in the future: a clock was wrong; it counts as new as it reaches", err=True
            )
    for name in listing.passed_over:
        click.echo(f"{name} was passed over: it is no manifest of solvent, or says what cannot be", err=True)
    if not found:
        end_with(EXIT_NOTHING, f"there is no backup in {around.settings.backup.to}")


@backup_group.command("drill")
@state_dir_option
@settings_option
@format_option
@click.pass_obj
def drill_command(
    above: tuple[str | None, str | None], state_dir: str | None, settings_file: str | None, shape: str
) -> None:
    """Restore the newest backup into a scratch folder, verify it and say how long it took; nothing is left behind.

    It fails where the backup cannot be read, does not verify, or takes longer than backup.drill_limit_s.

    Exit codes: 0 the drill passed, 1 it failed, 2 bad settings or no state directory.
    """
    with refusals_told():
        outcome = drill(environment_of(settings_file or above[1], state_dir or above[0]))
    click.echo(msgspec.json.encode(outcome).decode() if shape == "json" else _drill_text(outcome))
    if not outcome.ok:
        raise click.exceptions.Exit(EXIT_FAILURE)


@backup_group.command("key")
@click.option("--out", default="age.key", show_default=True, metavar="FILE", help="The new file for the secret key.")
def key_command(out: str) -> None:
    """Make an age key: the secret one into a new file of mode 0600, the public one on standard output.

    The public key goes into backup.recipients. Keep the file off this machine: without it the backups are noise.

    Exit codes: 0 made, 1 not made (a file that is there is never written over).
    """
    with refusals_told():
        public = make_key(Path(out), clock_from(None).wall())
    click.echo(public)
    click.echo(f"the secret key is in {out}: keep a copy off this machine", err=True)


def _made_text(made: Made) -> str:
    manifest = made.manifest
    keys = "1 key" if manifest.recipients == 1 else f"{manifest.recipients} keys"
    read_by = f"readable with {keys}" if manifest.recipients else "not encrypted"
    at = instant_text(manifest.last_recorded_at)
    size = f"{manifest.stored_bytes} bytes, {read_by}, in {made.took_s:.1f} s"
    lines = [f"kept {manifest.name}", f"  up to event {manifest.last_sequence} of {at}, {size}"]
    if made.removed:
        older = "1 older one" if len(made.removed) == 1 else f"{len(made.removed)} older ones"
        lines.append(f"  let {older} go, as the settings say")
    return "\n".join(lines)


def _listed(found: Sequence[Manifest]) -> list[str]:
    lines = [f"{'MADE AT':<28} {'LAST EVENT':>10}  {'RECORDED':<28} {'BYTES':>12}  NAME"]
    lines += [
        f"{instant_text(each.made_at):<28} {each.last_sequence:>10}  {instant_text(each.last_recorded_at):<28} "
        f"{each.stored_bytes:>12}  {each.name}"
        for each in found
    ]
    return lines


def _drill_text(outcome: DrillOutcome) -> str:
    if outcome.ok:
        return f"the drill passed: {outcome.name} was restored and verified in {outcome.took_s:.1f} s"
    of = f" of {outcome.name}" if outcome.name else ""
    return f"the drill{of} failed after {outcome.took_s:.1f} s: {outcome.reason}"
