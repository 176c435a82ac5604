"""Reading many events a page at a time, so that memory does not grow with the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from machines.events import Recorded

Page = Callable[[int, int], Awaitable[list[Recorded]]]
"""The events after a sequence number, up to so many; fewer than that are the last ones."""


async def paged(page: Page, page_events: int, after: int, limit: int | None) -> AsyncIterator[Recorded]:
    """The events after a sequence number, in order, up to `limit` where there is one."""
    left = limit
    while left is None or left > 0:
        wanted = page_events if left is None else min(left, page_events)
        events = await page(after, wanted)
        for recorded in events:
            yield recorded
        if len(events) < wanted:
            return
        after = events[-1].sequence
        left = None if left is None else left - len(events)
