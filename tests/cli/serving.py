"""A whole daemon beside a test: the real service on a thread of its own, with its own event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import HealthSettings, PaymentsSettings, Settings
from daemon.assembly import clock_from
from daemon.service import serve

STARTS_WITHIN_S = 30


@contextmanager
def served(state_dir: Path, redis: str, instance: str) -> Iterator[None]:
    """A daemon of the shipped plan, observing only; stopped at the end."""
    settings = Settings(
        plan="autobroker",
        instance=instance,
        state_dir=str(state_dir),
        redis=redis,
        http="127.0.0.1:0",
        payments=PaymentsSettings(block_ms=50),
        health=HealthSettings(check_every_s=1),
    )
    ready = threading.Event()
    stops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    failures: list[BaseException] = []

    async def run() -> None:
        stop = asyncio.Event()
        stops.append((asyncio.get_running_loop(), stop))
        await serve(settings, clock_from(None), stop=stop, ready=lambda _serving: ready.set())

    def body() -> None:
        try:
            asyncio.run(run())
        except BaseException as failure:  # noqa: BLE001 - shown by the test that waits
            failures.append(failure)
            ready.set()

    thread = threading.Thread(target=body, name="daemon")
    thread.start()
    try:
        assert ready.wait(STARTS_WITHIN_S), "the daemon did not start"
        assert failures == []
        yield
    finally:
        loop, stop = stops[0]
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join(STARTS_WITHIN_S)
