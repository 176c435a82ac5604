"""The daemon's own page of metrics, asked for over HTTP."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.request import urlopen

PAGE_BYTES_MAX: Final = 20_000_000
TIMEOUT_S: Final = 10


async def metrics_page(url: str) -> str:
    """The text of `/metrics`; `url` is the daemon's own, as it wrote it down. Raises `OSError`."""
    return await asyncio.to_thread(_read, f"{url}/metrics")


def _read(url: str) -> str:
    with urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - an http URL that our own daemon wrote
        return str(answer.read(PAGE_BYTES_MAX).decode("utf-8", "replace"))
