"""`solvent restore`: take the journal back from a backup."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from config.instants import Instant, instant_text
from config.settings import Settings
from daemon.assembly.backups import Restored, Wish, take_back
from daemon.cli.backup_settings import environment_of, refusals_told, settings_option, state_dir_option
from daemon.cli.reading_state import format_option
from daemon.cli.run import InstantOption


@click.command("restore")
@click.option("--at", "until", type=InstantOption(), help="The moment to take the journal back to, in UTC.")
@click.option("--backup", "name", default="", help="This backup instead of the one that fits --at best.")
@click.option("--journal", "journal_id", default="", help="Backups of this journal, where there are several.")
@click.option("--replace", is_flag=True, help="Move a journal that stands there aside, under a name that is told.")
@state_dir_option
@settings_option
@format_option
def restore_command(
    until: Instant | None, replace: bool, state_dir: str | None, settings_file: str | None, **named: str
) -> None:
    """Take the journal back from a backup, as it was at a moment. The daemon that goes on with it starts paused.

    The daemon must not run. The backup is proven before anything is touched; a kill leaves the old journal or the new
    one. Payments after the moment are unknown again: they count when they come again.

    \b
    Examples:
      solvent restore --state-dir ./state --settings solvent.toml
      solvent restore --at 2026-11-20T03:00:00Z --replace --state-dir ./state --settings solvent.toml

    Exit codes: 0 restored, 1 not restored (nothing was changed), 2 wrong usage, bad settings or a daemon that runs,
    3 no backup fits.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    around = environment_of(settings_file, state_dir)
    wish = Wish(
        Path(around.settings.state_dir),
        until=until,
        backup=named["name"],
        journal_id=named["journal_id"],
        replace=replace,
        instance=around.settings.instance,
    )
    with refusals_told():
        restored = take_back(around, wish)
    if named["shape"] == "json":
        click.echo(msgspec.json.encode(restored).decode())
    else:
        click.echo(_told(restored, until, around.settings))
    for each in restored.warnings:
        click.echo(f"warning: {each}", err=True)


def _told(restored: Restored, until: Instant | None, settings: Settings) -> str:
    manifest, at = restored.manifest, instant_text(restored.last_recorded_at)
    later = "1 later event was" if restored.dropped_events == 1 else f"{restored.dropped_events} later events were"
    left = f"{later} left away; epoch {restored.epoch}"
    lines = [f"restored {manifest.name}", f"  up to event {restored.last_sequence} of {at}; {left}"]
    if until is not None and not restored.dropped_events and until > manifest.made_at:
        made_at = instant_text(manifest.made_at)
        lines.append(f"  no backup reaches {instant_text(until)}: this is the newest, of {made_at}")
    if restored.moved_aside:
        lines.append(f"  the journal that stood there is kept as {restored.moved_aside}")
    events = f"{settings.key_prefix}events"
    lines += [
        "",
        "What to do next:",
        f"  1. start the daemon on {settings.state_dir}: it is paused, and changes nothing",
        "  2. `solvent drift` and `solvent orphans` show what the journal has forgotten: adopt it",
        f"  3. send the payments since {at} again (`solvent import`): a payment id counts once",
        f"  4. where {events} in Redis shows later events, nothing is published there (`stream_blocked` in the log):",
        f"     `redis-cli RENAME {events} {events}-before-restore`",
        f"  5. `redis-cli XADD {settings.key_prefix}commands '*' verb resume reason restored`",
    ]
    return "\n".join(lines)
