"""Running the daemon from the command line: what is said when it starts, cannot start, or ends."""

from __future__ import annotations

import asyncio
import os
import sys

import click
import structlog

from config.errors import PlanError
from config.instants import Instant
from config.settings import Settings
from daemon.assembly import CannotStart, clock_from, log_to_stderr
from daemon.cycle_collection import set_start_aside
from daemon.doctor.secrets import open_secrets
from daemon.journal_ending import JournalGoneError
from daemon.kernel import RootFailed
from daemon.large_blocks import keep_large_blocks_apart
from daemon.leading.held import LeadLostError
from daemon.recorder import NotFoldedError
from daemon.roots.gate import OwnedByAnotherError
from daemon.service import Serving, serve, stop_on_signals
from machines.events import Mode


async def run_until_stopped(settings: Settings, as_of: Instant | None) -> int:
    """The exit code of one run."""
    keep_large_blocks_apart()
    clock = clock_from(as_of)
    left_out = log_to_stderr(clock, settings.logs)
    for sentence in open_secrets(settings):
        structlog.get_logger("service").warning("set_up_warning", text=sentence)
    stop = asyncio.Event()
    stop_on_signals(stop)
    try:
        report = await serve(
            settings, clock, stop=stop, ready=lambda serving: _begin_to_serve(serving, settings), left_out=left_out
        )
    except (PlanError, OwnedByAnotherError, OSError, *CannotStart) as refused:
        click.echo(str(refused), err=True)
        return 2
    except (RootFailed, JournalGoneError, NotFoldedError) as failed:
        click.echo(f"solvent ends: {failed}", err=True)
        return 1
    except LeadLostError as lost:
        click.echo(f"solvent ends, for it leads no longer: {lost}", err=True)
        sys.stderr.flush()
        os._exit(1)  # a store that cannot be reached must not hold up the end
    if report.abandoned:
        click.echo(f"left behind at the stop: {', '.join(report.abandoned)}", err=True)
        sys.stderr.flush()
        os._exit(1)  # asyncio would wait for what was abandoned for ever
    return 0


def _begin_to_serve(serving: Serving, settings: Settings) -> None:
    set_start_aside()
    _say_ready(serving, settings)


def _say_ready(serving: Serving, settings: Settings) -> None:
    log = structlog.get_logger("service")
    for warning in serving.installation.warnings:
        log.warning("set_up_warning", text=warning)
    mode = serving.daemon.recorder.state.mode
    observing = "nothing is changed until it is started with --act" if mode is Mode.OBSERVE_ONLY else None
    log.info(
        "daemon_ready",
        plan=settings.plan,
        mode=mode.value,
        redis=serving.installation.redis_url,
        http=serving.http_url,
        state_dir=settings.state_dir,
        **({} if observing is None else {"note": observing}),
    )
