"""`solvent import`: send a payments file to a running daemon."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import date
from typing import Any, Final

import click
import msgspec

from config.calendar import calendar_of
from config.instants import Instant, InstantError, instant_from_text
from config.plan import Plan
from config.settings import DEFAULT_INSTANCE
from config.settings_redis import RedisReached
from config.settings_sources import SETTINGS_VARIABLE
from daemon.assembly import (
    PaymentsSender,
    UnreadableFileError,
    clock_from,
    payments_sender,
    read_payments_csv,
    run_facts,
)
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.cli.import_following import Follower
from daemon.cli.import_progress import ImportProgress
from daemon.cli.import_report import import_object, list_rejections, say_import
from daemon.cli.import_sending import POLL_S, Sending, StalledError
from daemon.cli.reading_state import STATE_DIR_DEFAULT, format_option, journal_of, read_state
from daemon.cli.redis_reaching import RedisWish, reach, redis_option, settings_option
from daemon.cli.settings_options import settings_of
from machines.ports.clock import Clock
from machines.ports.streams import StreamsAwayError

UNTIL_YEAR_MAX: Final = 2199
AGAIN: Final = "what was sent stays sent; run the same command again, a payment id counts once"


class Target(msgspec.Struct, frozen=True):
    """Where the payments go, and where the daemon's journal is read, if at all."""

    redis: RedisReached
    instance: str
    state_dir: str | None


class Wish(msgspec.Struct, frozen=True):
    """What was asked for besides the target."""

    file: str
    until: str | None
    wait: bool
    stall_s: float


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--state-dir", envvar="SOLVENT_STATE_DIR", metavar="DIR", help="The daemon's state directory.")
@redis_option("Its Redis, without a password; needed without --state-dir.")
@settings_option
@click.option("--instance", metavar="NAME", help="Its instance; read from the state directory unless given.")
@click.option("--until", metavar="DATE", help="The file is complete through the end of this day, in the plan's zone.")
@click.option("--wait/--no-wait", default=True, help="Wait until the daemon has counted everything and decided.")
@click.option(
    "--wait-s", type=click.FloatRange(1), default=120.0, show_default=True, help="Give up after so long without change."
)
@format_option
def import_command(  # noqa: PLR0917 - one for each option
    file: str,
    state_dir: str | None,
    redis: str | None,
    settings_file: str | None,
    instance: str | None,
    until: str | None,
    wait: bool,
    wait_s: float,
    shape: str,
) -> None:
    """Send a payments file (CSV, plain or .gz; - reads standard input) to a running daemon.

    The rows go into its Redis stream in their order, no faster than it takes them. At the end a watermark says that
    all payments up to --until (or up to the last payment of the file) have been sent: months close by their own
    dates, and the daemon decides once. Rejected rows are listed on standard error and leave exit 0. Importing a file
    again is harmless: a payment id counts once.

    \b
    Examples:
      solvent import payments.csv --state-dir ./state
      solvent import payments.csv.gz --state-dir ./state --until 2024-12-31
      solvent import payments.csv --redis redis://127.0.0.1:6379 --instance shop --no-wait

    Exit codes: 0 sent (and, unless --no-wait, counted), 1 Redis or the daemon did not take it, 2 wrong usage or a
    file that cannot be read, 3 no daemon runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    target = _target(state_dir, RedisWish(redis, settings_file), instance)
    wish = Wish(file, until, wait, wait_s)
    try:
        shown = asyncio.run(_import(target, wish))
    except UnreadableFileError as error:
        end_with(EXIT_BAD_INPUT, str(error))
    except (StreamsAwayError, StalledError) as error:
        end_with(EXIT_FAILURE, f"{error}; {AGAIN}")
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
    else:
        say_import(shown)


def _target(state_dir: str | None, wish: RedisWish, instance: str | None) -> Target:
    """Where the daemon is found: by its run facts, or as it was said."""
    if wish.redis is not None and state_dir is None:
        return Target(reach(wish), instance or DEFAULT_INSTANCE, None)
    directory = state_dir or _state_dir_of_settings(wish.settings_file)
    facts = run_facts(directory)
    if wish.redis is None and (facts is None or not facts.redis):
        end_with(
            EXIT_NOTHING,
            f"no daemon runs on {directory}: start it with `solvent run --state-dir {directory} --plan …`,"
            " or name its Redis with --redis",
        )
    known = facts.instance if facts is not None else DEFAULT_INSTANCE
    return Target(reach(wish, facts.redis if facts else ""), instance or known, directory)


def _state_dir_of_settings(settings_file: str | None) -> str:
    settings_file = settings_file or os.environ.get(SETTINGS_VARIABLE)
    return settings_of(settings_file, plan_needed=False).state_dir if settings_file else STATE_DIR_DEFAULT


async def _import(target: Target, wish: Wish) -> dict[str, Any]:
    clock = clock_from(None)
    async with AsyncExitStack() as stack:
        follower: Follower | None = None
        plan: Plan | None = None
        if target.state_dir is not None:
            journal = await stack.enter_async_context(journal_of(target.state_dir))
            state = (await read_state(journal)).state
            follower, plan = Follower(journal, state), state.plan
        through = _until(wish.until, plan)
        sender = _sender(target)
        stack.push_async_callback(sender.close)
        file = read_payments_csv(wish.file)
        progress = stack.enter_context(ImportProgress(file.name))
        sending = Sending(sender=sender, follower=follower, clock=clock, stall_s=wish.stall_s, progress=progress)
        try:
            await sending.send_file(file)
            last_at = sending.sent.last_payment_at
            watermark = through if through is not None else None if last_at is None else last_at + 1
            if wish.wait and follower is not None and sending.sent.payments:
                await sending.wait_taken()
                _refuse_where_nothing_counted(follower)
            if watermark is not None:
                await sending.send_watermark(watermark)
            if wish.wait:
                await sending.wait_taken()
                await _wait_decided(follower, clock, wish.stall_s)
        finally:
            list_rejections(sending.sent, follower)
        return import_object(file.name, sending.sent, watermark, follower, taken=wish.wait)


def _refuse_where_nothing_counted(follower: Follower) -> None:
    """A watermark after a file of which nothing counts would close its months at 0: none is sent."""
    taken = follower.taken
    if taken.rejected and not (taken.counted or taken.duplicates or taken.not_completed):
        first = follower.rejections[0] if follower.rejections else None
        why = f", the first because {first.field}: {first.reason}" if first is not None else ""
        end_with(
            EXIT_BAD_INPUT,
            f"none of the file's payments counts: the daemon rejected all {taken.rejected}{why};"
            " no month was closed by this import",
        )


def _sender(target: Target) -> PaymentsSender:
    try:
        return payments_sender(target.redis, target.instance)
    except ValueError as error:
        end_with(EXIT_BAD_INPUT, f"--redis: {error}")


async def _wait_decided(follower: Follower | None, clock: Clock, stall_s: float) -> None:
    """The planner judges right after the closes are recorded; a daemon that does not is not waited for for ever."""
    if follower is None:
        return
    since_s = clock.monotonic_s()
    while not follower.decided and clock.monotonic_s() - since_s < stall_s:
        await clock.sleep(POLL_S)
        await follower.look()


def _until(text: str | None, plan: Plan | None) -> Instant | None:
    """The first instant after the day in the plan's zone, or the instant that was given with its zone."""
    if text is None:
        return None
    try:
        if "T" in text:
            return instant_from_text(text)
        day = date.fromisoformat(text)
    except (InstantError, ValueError):
        end_with(EXIT_BAD_INPUT, f"--until: expected a date such as 2024-12-31, found {text[:40]!r}")
    if not 1970 <= day.year <= UNTIL_YEAR_MAX:
        end_with(EXIT_BAD_INPUT, f"--until: expected a year from 1970 to {UNTIL_YEAR_MAX}, found {text!r}")
    if plan is None:
        end_with(
            EXIT_BAD_INPUT,
            "--until: a day needs the plan's time zone: give --state-dir too, or a time such as 2025-01-01T00:00:00Z",
        )
    return calendar_of(plan.timezone).day_end(day)
