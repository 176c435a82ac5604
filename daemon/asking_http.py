"""Asking a running daemon over its own HTTP endpoints, from a command."""

from __future__ import annotations

from typing import Final
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from config.unreadable import UNREADABLE

PAGE_BYTES_MAX: Final = 20_000_000
PAGE_TIMEOUT_S: Final = 10
HEALTH_TIMEOUT_S: Final = 2


class Said(msgspec.Struct, frozen=True):
    """What a daemon says on `/healthz` or `/readyz`."""

    ok: bool
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def metrics_page(url: str) -> str:
    """The text of `/metrics`; `url` is the daemon's own, as it wrote it down. Raises `OSError`."""
    with urlopen(f"{url}/metrics", timeout=PAGE_TIMEOUT_S) as answer:  # noqa: S310 - an http URL of our own daemon
        return str(answer.read(PAGE_BYTES_MAX).decode("utf-8", "replace"))


def unwell(url: str) -> tuple[str, ...]:
    """Why the daemon calls itself unwell; () where it is well. One that does not answer in time is unwell too."""
    try:
        found = _asked(f"{url}/healthz")
    except OSError as error:
        return (f"it does not answer at {url}/healthz: {getattr(error, 'reason', error)}",)
    return (f"{url}/healthz answers with something else than its health",) if found is None else found.reasons


def readiness(url: str) -> Said | None:
    """What the daemon says on `/readyz`; None where it does not answer with that."""
    try:
        return _asked(f"{url}/readyz")
    except OSError:
        return None


def _asked(page: str) -> Said | None:
    """Raises `OSError` where nothing answers."""
    try:
        with urlopen(page, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310 - an http URL of our own daemon
            body = answer.read(PAGE_BYTES_MAX)
    except HTTPError as said:
        body = said.read(PAGE_BYTES_MAX)
    try:
        return msgspec.json.decode(body, type=Said)
    except UNREADABLE:
        return None
