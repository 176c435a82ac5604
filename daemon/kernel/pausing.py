"""Waiting in the loop's own time: virtual in simulation, real in production, and never the wall clock's."""

from __future__ import annotations

import asyncio


async def pause(seconds: float) -> None:
    """Wait so many seconds of the running loop before a refused or unreachable thing is tried again."""
    await asyncio.sleep(seconds)
