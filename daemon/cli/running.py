"""Running the daemon from the command line: what is said when it starts, cannot start, or ends."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from config.errors import PlanError
from config.instants import Instant
from config.settings import Settings
from daemon.assembly import CannotStart, clock_from
from daemon.kernel import RootFailed
from daemon.roots.gate import OwnedByAnotherError
from daemon.service import Serving, serve, stop_on_signals


async def run_until_stopped(settings: Settings, as_of: Instant | None) -> int:
    """The exit code of one run."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    try:
        report = await serve(
            settings, clock_from(as_of), stop=stop, ready=lambda serving: _say_ready(serving, settings)
        )
    except (PlanError, OwnedByAnotherError, *CannotStart) as refused:
        click.echo(str(refused), err=True)
        return 2
    except RootFailed as failed:
        click.echo(f"solvent ends: {failed}", err=True)
        return 1
    if report.abandoned:
        click.echo(f"left behind at the stop: {', '.join(report.abandoned)}", err=True)
        sys.stderr.flush()
        os._exit(1)  # asyncio would wait for what was abandoned for ever
    return 0


def _say_ready(serving: Serving, settings: Settings) -> None:
    for warning in serving.installation.warnings:
        click.echo(f"warning: {warning}", err=True)
    state = serving.daemon.recorder.state
    click.echo(
        f"solvent runs plan {settings.plan} in mode {state.mode.value}; redis {serving.installation.redis_url},"
        f" http {serving.http_url or 'off'}, state directory {settings.state_dir}",
        err=True,
    )
    if state.mode.value == "observe_only":
        click.echo("it observes only: nothing is changed until it is started with --act", err=True)
