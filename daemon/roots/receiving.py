"""The endpoint of posted payments, `POST /sources/<name>`: apart from metrics, for strangers must reach it.

What a post brought is answered with 200 only when it is durable. Nothing of a body or a signature is ever sent back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from daemon.actors.recording import NotRecorded
from daemon.actors.revenue import NAME as REVENUE
from daemon.kernel import ActorFailed, ActorRefused, AskTimeout, Kernel, Root
from daemon.messages import SourceGave, SourceTaken
from daemon.roots.http_listener import Application, HttpLimits, HttpListener
from machines.ports.clock import Clock
from machines.ports.sources import PaymentReceiver, PostRefusedError, Received, ReceiverUnableError
from machines.revenue.closing import watermark_fault
from machines.sources.rate import MinuteRate

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

RECEIVING: Final = "receiving"
RETRY_AFTER_S: Final = 5
"""When a post that could not be made durable may come again."""
_UNAVAILABLE: Final = 503
_LOGGED_FROM: Final = 400


class ReceivingLimits(msgspec.Struct, frozen=True):
    """What a sender may ask of the daemon."""

    http: HttpLimits
    body_bytes_max: int
    requests_per_minute_max: int
    answer_timeout_s: float
    entries_max: int = 1_000
    """Entries handed over at once: each is a transaction."""


class Receiving:
    """The root. Each receiver is served under its own name."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        receivers: Mapping[str, PaymentReceiver],
        asks: Mapping[str, Callable[[], None]],
        kernel: Kernel,
        clock: Clock,
        limits: ReceivingLimits,
        failing: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`asks` has what makes a source that is asked too be asked at once; `failing` notes why another fails."""
        self._receivers = receivers
        self._asks = asks
        self._kernel = kernel
        self._clock = clock
        self._limits = limits
        self._failing = failing
        self._rates = {name: MinuteRate(limits.requests_per_minute_max) for name in receivers}
        self._said: dict[str, str] = {}
        self._log = structlog.get_logger("sources")
        self._listener = HttpListener(
            host=host,
            port=port,
            application=self._application,
            limits=limits.http,
            setting="receiving.http",
            listening=lambda url: self._log.info("receiving_listening", url=url),
        )

    @property
    def url(self) -> str:
        """Where the endpoint is; empty until it is bound."""
        return self._listener.url

    @property
    def bound(self) -> asyncio.Event:
        """Set once it is bound."""
        return self._listener.bound

    async def run(self, root: Root) -> None:
        """Serve until the root is told to stop or cancelled."""
        await self._listener.run(root)

    def _application(self) -> Application:
        from starlette.applications import Starlette  # noqa: PLC0415 - only where it serves
        from starlette.routing import Route  # noqa: PLC0415 - only where it serves

        async def missing(_request: Request, _error: Exception) -> Response:
            return _answer(404, {"error": "post to /sources/<name>, the name of the table [sources.NAME]"})

        async def misused(_request: Request, _error: Exception) -> Response:
            return _answer(405, {"error": "only POST is understood here"}, {"allow": "POST"})

        application = Starlette(
            routes=[Route("/sources/{name}", self._serve, methods=["POST"])],
            exception_handlers={404: missing, 405: misused},
        )
        application.router.redirect_slashes = False  # a sender that is redirected may send without its body
        return application

    async def _serve(self, request: Request) -> Response:
        from starlette.requests import ClientDisconnect  # noqa: PLC0415 - only where it serves

        name = request.path_params["name"]
        receiver = self._receivers.get(name)
        if receiver is None:
            return _answer(404, {"error": "no source of this name takes posts"})
        try:
            async with asyncio.timeout(self._limits.answer_timeout_s):
                return _answer(200, await self._take(receiver, request))
        except PostRefusedError as refused:
            self._say(name, refused)
            wait = {"retry-after": str(refused.retry_after_s)} if isinstance(refused, _LaterError) else {}
            return _answer(refused.status, {"error": str(refused)}, wait)
        except ReceiverUnableError as unable:
            await self._say_unable(name, str(unable))
            later = _LaterError(_UNAVAILABLE, "posts cannot be checked at this moment; send it again")
            return _answer(later.status, {"error": str(later)}, {"retry-after": str(later.retry_after_s)})
        except ClientDisconnect:
            return _answer(400, {"error": "the body broke off"})  # nobody reads this
        except TimeoutError:
            late = _LaterError(_UNAVAILABLE, f"not done within {self._limits.answer_timeout_s:g} s; send it again")
            self._say(name, late)
            return _answer(late.status, {"error": str(late)}, {"retry-after": str(late.retry_after_s)})

    async def _take(self, receiver: PaymentReceiver, request: Request) -> dict[str, Any]:
        body = await self._body(request)
        now = self._clock.wall()
        received = receiver.receive(request.headers, body, now)
        # Counted behind the signature, so that no stranger can use up what the sender may send.
        wait_s = self._rates[receiver.name].take(asyncio.get_running_loop().time())
        if wait_s > 0:
            raise _LaterError(429, "too many posts a minute; send more payments in each", math.ceil(wait_s))
        if received.through is not None and (fault := watermark_fault(received.through, now)) is not None:
            raise PostRefusedError(400, f"through: {fault}")
        taken = await self._hand_over(receiver.name, received)
        if received.asks_for_read and receiver.name in self._asks:
            self._asks[receiver.name]()
        if self._said.pop(receiver.name, None) is not None:
            self._log.info("source_works", source=receiver.name)
        return taken

    async def _body(self, request: Request) -> bytes:
        """The body, never more of it than is allowed."""
        too_long = PostRefusedError(413, f"the body is longer than {self._limits.body_bytes_max} bytes")
        stated = request.headers.get("content-length", "0")
        if stated.isdecimal() and int(stated) > self._limits.body_bytes_max:
            raise too_long
        parts, length = list[bytes](), 0
        async for part in request.stream():
            length += len(part)
            if length > self._limits.body_bytes_max:
                raise too_long
            parts.append(part)
        return b"".join(parts)

    async def _hand_over(self, name: str, received: Received) -> dict[str, Any]:
        """Everything is durable when this returns. What was a part of a post that failed later is a duplicate then."""
        step, entries = self._limits.entries_max, received.entries
        index_of = {entry.id: index for index, entry in enumerate(entries)}
        is_asked = name in self._asks
        taken: list[SourceTaken] = []
        while len(entries) > step:
            taken.append(await self._tell(SourceGave(name, entries[:step], None, ended=False)))
            entries = entries[step:]
        through = None if is_asked else received.through
        # A source that is asked too was heard when it was asked: what is posted beside may be a part.
        if entries or not is_asked:
            taken.append(await self._tell(SourceGave(name, entries, None, through, ended=not is_asked)))
        rejected = [
            {"index": index_of[entry_id], "field": field, "reason": reason}
            for each in taken
            for entry_id, field, reason in each.rejected
        ]
        return {
            "counted": sum(each.counted for each in taken),
            "duplicates": sum(each.duplicates for each in taken),
            "not_completed": sum(each.not_completed for each in taken),
            "rejected": sorted(rejected, key=lambda each: (each["index"], each["field"])),
        }

    async def _tell(self, gave: SourceGave) -> SourceTaken:
        try:
            reply = await self._kernel.ask(REVENUE, gave, self._limits.answer_timeout_s)
        except (ActorRefused, ActorFailed, AskTimeout):
            raise _LaterError(_UNAVAILABLE, "the daemon takes nothing at this moment; send it again") from None
        if isinstance(reply, NotRecorded):
            raise _LaterError(_UNAVAILABLE, "the journal takes nothing at this moment; send it again")
        assert isinstance(reply, SourceTaken)
        return reply

    def _say(self, name: str, refused: PostRefusedError) -> None:
        """Once a reason: who posts wrongly does so again and again."""
        if refused.status >= _LOGGED_FROM and self._said.get(name) != str(refused):
            self._said[name] = str(refused)
            self._log.warning("post_refused", source=name, status=refused.status, reason=str(refused))

    async def _say_unable(self, name: str, reason: str) -> None:
        """Why no post can be checked; once a reason, as above. What a source that is asked is worth, its reads say."""
        if self._said.get(name) != reason:
            self._said[name] = reason
            self._log.warning("source_failed", source=name, reason=reason)
            if name not in self._asks:
                await self._failing(name, reason)


class _LaterError(PostRefusedError):
    """The same post may come again."""

    def __init__(self, status: int, message: str, retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(status, message)
        self.retry_after_s = retry_after_s


def _answer(status: int, said: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    from starlette.responses import Response  # noqa: PLC0415 - only where it serves

    body = msgspec.json.encode(said) + b"\n"
    return Response(body, status_code=status, media_type="application/json", headers=dict(headers or {}))
