"""One daemon as a service: everything started in order, and stopped in the reverse order when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import msgspec

from config.loading import load_plan
from config.settings import Settings
from daemon.assembly import Installation, installed
from daemon.kernel import StopReport
from daemon.roots.gate import Gate
from daemon.running import Daemon
from machines.events import Mode
from machines.ports.clock import Clock
from machines.ports.streams import StreamsAwayError


class Serving(msgspec.Struct, frozen=True):
    """A daemon that is up: what there is to tell about it."""

    daemon: Daemon
    installation: Installation
    http_url: str


async def serve(
    settings: Settings,
    clock: Clock,
    *,
    stop: asyncio.Event,
    ready: Callable[[Serving], None],
) -> StopReport:
    """Run one daemon until `stop` is set or it cannot go on.

    Raises what keeps it from starting (`PlanError`, `HeldError`, `OwnedByAnotherError`, `JournalDamagedError`, ...), or
    what ended it.
    """
    plan = load_plan(settings.plan)
    async with installed(settings, clock) as installation:
        daemon = Daemon(
            installation.ports,
            settings,
            plan=plan,
            read_plan=lambda: load_plan(settings.plan),
            mode=None if settings.mode is None else Mode(settings.mode.value),
            holder=f"process {os.getpid()} on {socket.gethostname()}, state directory {settings.state_dir}",
            version=version("solvent"),
        )
        await daemon.resume()
        try:
            await _refuse_foreign_keys(daemon.gate)
            daemon.begin()
            installation.write_run_facts("")
            ready(Serving(daemon, installation, ""))
            await _until(stop, daemon)
        finally:
            report = await daemon.stop()
    return report


async def _refuse_foreign_keys(gate: Gate) -> None:
    """A second daemon on the same instance name must not start; an unreachable Redis is waited for instead.

    Raises `OwnedByAnotherError`.
    """
    try:
        await gate.enter()
    except StreamsAwayError:
        return


async def _until(stop: asyncio.Event, daemon: Daemon) -> None:
    stopped = daemon.kernel.tasks.start(_wait(stop), name="waiting for the stop", owner="service")
    ends: set[asyncio.Future[Any]] = {stopped, daemon.kernel.fatal}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if daemon.kernel.fatal.done():
        daemon.kernel.fatal.result()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C ask for a stop; the ladder does the rest."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
