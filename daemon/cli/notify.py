"""`solvent notify`: try the channels, list what was and was not delivered, and send it again."""

from __future__ import annotations

import asyncio
import os
from typing import Final

import click
import msgspec

from config.settings import Settings
from daemon.assembly import CannotStart, channels_of, clock_from
from daemon.cli.asking import WAIT_S, ask
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.notify_list import listed, rows
from daemon.cli.reading_state import finding_settings_option, format_option, journal_of, read_state, state_dir_option
from daemon.cli.redis_reaching import RedisWish, principal_option, redis_option, settings_option
from daemon.cli.settings_options import settings_of, settings_options
from daemon.roots.notifications import OpenChannel
from machines.ports.channels import ChannelGoneError, Message
from machines.ports.clock import Clock
from machines.ports.faults import CallError

TITLE: Final = "This is a test"


@click.group("notify")
def notify_group() -> None:
    """Try, list and repeat what is told to people: docs/notifications.md.

    \b
    Examples:
      solvent notify test --settings solvent.toml
      solvent notify list --dead --state-dir ./state
      solvent notify replay --all --state-dir ./state
    """  # noqa: D301 - click's mark for text that is not rewrapped


@notify_group.command("test")
@settings_options
@click.option("--channel", metavar="NAME", help="Only this one.")
def test_command(
    settings_file: str | None, state_dir: str | None, plan: str | None, redis: str | None, channel: str | None
) -> None:
    """Send one test message to each channel, whatever its least severity, and say what became of it.

    No daemon is needed, and nothing is written to its journal.

    \b
    Example:
      solvent notify test --settings solvent.toml --channel pager

    Exit codes: 0 all delivered, 1 one was not, 2 settings that cannot be used, 3 no channel.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    settings = settings_of(settings_file, plan_needed=False, state_dir=state_dir, plan=plan, redis=redis)
    if not settings.channels:
        end_with(EXIT_NOTHING, "the settings have no channels: give them a table such as [channels.pager]")
    if channel is not None and channel not in settings.channels:
        end_with(EXIT_BAD_INPUT, f"--channel: expected one of {', '.join(settings.channels)}; found {channel}")
    if not asyncio.run(_test(settings, channel)):
        raise click.exceptions.Exit(EXIT_FAILURE)


async def _test(settings: Settings, only: str | None) -> bool:
    clock = clock_from(None)
    names = {name: each for name, each in settings.channels.items() if only in (None, name)}
    try:
        opened = channels_of(msgspec.structs.replace(settings, channels=names), clock, os.environ)
    except CannotStart as refused:
        end_with(EXIT_BAD_INPUT, str(refused))
    said = [(each.name, await _attempt(each, settings, clock)) for each in opened]
    for name, failure in said:
        click.echo(f"{name}: {failure or 'delivered'}", err=bool(failure))
    return not any(failure for _, failure in said)


async def _attempt(opened: OpenChannel, settings: Settings, clock: Clock) -> str:
    """Why it was not delivered; "" where it was."""
    now = clock.wall()
    text = "`solvent notify test` sent this. Nothing happened, and nothing is to be done."
    message = Message(f"test-{now}", "info", "test", True, TITLE, text, now, settings.instance)
    limit_s = settings.notifications.call_timeout_s
    try:
        async with asyncio.timeout(limit_s):
            await opened.channel.deliver(message)
    except TimeoutError:
        return f"failed: no answer within {limit_s} s"
    except ChannelGoneError as gone:
        return f"failed: {gone}: the daemon would close this channel"
    except CallError as error:
        return f"failed: {error.reason}"
    except Exception as defect:  # noqa: BLE001 - as in the daemon: one channel's defect is not the others'
        return f"failed: the channel failed: {type(defect).__name__}: {defect}"
    finally:
        await opened.channel.close()
    return ""


@notify_group.command("list")
@state_dir_option
@finding_settings_option
@click.option("--dead", is_flag=True, help="Only what was given up.")
@format_option
def list_command(state_dir: str, dead: bool, shape: str) -> None:
    """List what stands, what waits to be delivered, and the dead letters; beside a daemon or without one.

    \b
    Examples:
      solvent notify list --state-dir ./state
      solvent notify list --dead --format json --state-dir ./state

    Exit codes: 0 listed, 1 a damaged journal, 2 no state directory.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    shown = asyncio.run(_list(state_dir, dead_only=dead))
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
        return
    for row in rows(shown, dead_only=dead):
        click.echo(row)


async def _list(state_dir: str, *, dead_only: bool) -> dict[str, object]:
    async with journal_of(state_dir) as journal:
        return listed((await read_state(journal)).state.notifications, dead_only=dead_only)


@notify_group.command("replay")
@click.argument("notification", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
@click.option("--channel", metavar="NAME", help="Only to this channel.")
@state_dir_option
@redis_option()
@settings_option
@principal_option
@click.option(
    "--wait-s", type=click.FloatRange(1), default=WAIT_S, show_default=True, help="Give up after so long unanswered."
)
def replay_command(  # noqa: PLR0917 - one for each option
    notification: str | None,
    everything: bool,
    channel: str | None,
    state_dir: str,
    redis: str | None,
    settings_file: str | None,
    principal: str,
    wait_s: float,
) -> None:
    """Have the running daemon send the dead letter ID again, or what waits under that id at once.

    It goes out under the id that it had, so that a receiver which did take it knows it. A channel that was closed is
    open again.

    \b
    Examples:
      solvent notify replay 5f0c2a91b3d4-1-42 --state-dir ./state
      solvent notify replay --all --channel pager --state-dir ./state

    Exit codes: 0 done, 1 refused, not answered, or Redis is away, 2 wrong usage or no state directory, 3 no daemon
    runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    if (notification is None) is not everything:
        raise click.UsageError("expected an ID of `solvent notify list`, or --all")
    fields = {"verb": "replay", "id": notification or "all"}
    if channel is not None:
        fields["channel"] = channel
    answered = asyncio.run(ask(state_dir, fields, RedisWish(redis, settings_file, principal), wait_s=wait_s))
    click.echo(f"{answered.outcome}: {answered.reason}", err=answered.outcome != "done")
    if answered.outcome != "done":
        raise click.exceptions.Exit(EXIT_FAILURE)
