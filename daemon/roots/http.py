"""The HTTP endpoints `/metrics`, `/healthz` and `/readyz`, served by the daemon's own loop as a root task.

Starlette is imported when the root first runs: who only reads a journal does not carry it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from daemon.kernel import Root
from daemon.roots.http_listener import Application, HttpLimits, HttpListener, check_address
from daemon.telemetry.health import Check

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["METRICS_TYPE", "Http", "HttpLimits", "check_address"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Http:
    """The endpoints. `url` resolves once they are bound, also after port 0 has picked one."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        metrics: Callable[[], bytes],
        health: Check,
        ready: Check,
        notes: Check = tuple,
        limits: HttpLimits = HttpLimits(),  # noqa: B008 - frozen
        listening: Callable[[str], None] | None = None,
    ) -> None:
        """`health` and `ready` return the reasons against it, none of them meaning yes. `listening` is told the URL.

        `notes` are what `/readyz` shows beside them: it is no reason against being ready, and wants somebody's eye.
        """
        self._metrics = metrics
        self._checks: dict[str, tuple[Check, Check]] = {"/healthz": (health, tuple), "/readyz": (ready, notes)}
        self._listener = HttpListener(
            host=host,
            port=port,
            application=self._application,
            limits=limits,
            setting="--http",
            listening=self._say_bound,
        )
        self._listening = listening

    @property
    def url(self) -> str:
        """Where the endpoints are; empty until they are bound."""
        return self._listener.url

    @property
    def bound(self) -> asyncio.Event:
        """Set once they are bound."""
        return self._listener.bound

    async def run(self, root: Root) -> None:
        """Serve until the root is told to stop or cancelled; raises `OSError` where the address cannot be bound."""
        await self._listener.run(root)

    def _say_bound(self, url: str) -> None:
        structlog.get_logger("http").info("http_listening", url=url)
        if self._listening is not None:
            self._listening(url)

    def _application(self) -> Application:
        from starlette.applications import Starlette  # noqa: PLC0415 - only where it serves
        from starlette.responses import PlainTextResponse  # noqa: PLC0415 - only where it serves
        from starlette.routing import Route  # noqa: PLC0415 - only where it serves

        async def missing(_request: Request, _error: Exception) -> Response:
            return PlainTextResponse("there are /metrics, /healthz and /readyz\n", status_code=404)

        return Starlette(
            routes=[
                Route("/metrics", self._serve_metrics, methods=["GET"]),
                *(Route(path, self._serve_check, methods=["GET"]) for path in self._checks),
            ],
            exception_handlers={404: missing},
        )

    async def _serve_metrics(self, _request: Request) -> Response:
        from starlette.responses import Response  # noqa: PLC0415 - only where it serves

        return Response(self._metrics(), headers={"content-type": METRICS_TYPE})

    async def _serve_check(self, request: Request) -> Response:
        from starlette.responses import Response  # noqa: PLC0415 - only where it serves

        check, noting = self._checks[request.url.path]
        reasons, notes = tuple(check()), tuple(noting())
        said = {"ok": not reasons, "reasons": reasons, **({"notes": notes} if notes else {})}
        body = msgspec.json.encode(said) + b"\n"
        return Response(body, status_code=503 if reasons else 200, media_type="application/json")
