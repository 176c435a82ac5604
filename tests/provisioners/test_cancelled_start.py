"""A script that is cancelled while it starts leaves nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.clocks import SystemClock
from adapters.processes.running import Script, run
from tests.processes.waiting import until


def is_running(process_id: str) -> bool:
    """Whether the process still does anything; one that only waits to be noted by its parent does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_what_the_script_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own children would hold the component's lock, and every later step would wait for them."""
    begun = tmp_path / "begun"
    script = Script(("sh", "-c", f"sleep 600 & echo $! > {begun}; wait"), {"PATH": "/usr/bin:/bin"}, None, 60)
    started, cancelled = asyncio.Event(), asyncio.Event()
    real_start = asyncio.create_subprocess_exec

    async def slow_start(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        """The script is at work before the one who starts it is told."""
        process = await real_start(*arguments, **options)
        await asyncio.to_thread(until, lambda: begun.exists() and begun.read_text().strip(), "the script to be at work")
        started.set()
        await cancelled.wait()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow_start)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(script, tmp_path, SystemClock(), lambda _process_id: None))
        await started.wait()
        running.cancel()
        cancelled.set()

    assert running.cancelled()
    assert not is_running(begun.read_text().strip())
