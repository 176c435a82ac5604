"""The endpoint of posts, asked by a plain client over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
import pytest

from adapters.sources.construction import SourceSurroundings
from adapters.sources.post import construct
from config.settings import PostSource
from daemon.actors.recording import NotRecorded
from daemon.actors.revenue import NAME as REVENUE
from daemon.kernel import Actor, ActorPolicy, Kernel, RestartPolicy
from daemon.messages import SourceGave, SourceTaken
from daemon.roots.http_listener import HttpLimits
from daemon.roots.receiving import Receiving, ReceivingLimits
from machines.ports.sources import Entry, PostRefusedError, Received
from tests.sources.payments import NOW, MovedClock, payment
from tests.sources.post.signing import SECRET, body_of, signed

POLICY = RestartPolicy(restarts_max=1, restart_window_s=60, backoff_min_s=0.01, backoff_max_s=0.01)
LIMITS = ReceivingLimits(
    HttpLimits(beat_s=0.05, connections_max=3),
    body_bytes_max=2_000,
    requests_per_minute_max=6,
    answer_timeout_s=0.5,
    entries_max=2,
)


class Taking(Actor):
    """Stands for the revenue actor: notes what it is given, and answers as the test says."""

    def __init__(self) -> None:
        super().__init__(REVENUE)
        self.given: list[SourceGave] = []
        self.answer: object = None
        self.holds = asyncio.Event()
        self.holds.set()

    async def receive(self, message: msgspec.Struct) -> object:
        """One message."""
        assert isinstance(message, SourceGave)
        await self.holds.wait()
        self.given.append(message)
        if self.answer is RuntimeError:
            raise RuntimeError("the actor fails")
        return self.answer or SourceTaken(counted=len(message.entries))


class Asked:
    """A source that posts and is asked too, as Stripe is."""

    name = "asked"

    def receive(self, headers: Mapping[str, str], body: bytes, now: int) -> Received:
        """News, without looking at anything."""
        if body == b"payment":
            return Received((Entry("evt-1", payment("p-1")),), through=now)
        if body != b"news":
            raise PostRefusedError(401, "no")
        return Received(asks_for_read=True)


class Site:
    """The endpoint on a kernel."""

    def __init__(self) -> None:
        self.kernel = Kernel(on_event=lambda *_event: None, jitter=lambda: 1.0)
        self.taking = Taking()
        self.asked = 0
        self.environ = {"S": SECRET}
        self.failed: list[tuple[str, str]] = []
        till = construct("till", PostSource(secret="env:S"), SourceSurroundings(MovedClock(), self.environ)).posted
        assert till is not None
        self.receiving = Receiving(
            host="127.0.0.1",
            port=0,
            receivers={"till": till, "asked": Asked()},
            asks={"asked": self._ask},
            kernel=self.kernel,
            clock=MovedClock(),
            limits=LIMITS,
            failing=self._fail,
        )

    def _ask(self) -> None:
        self.asked += 1

    async def _fail(self, source: str, reason: str) -> None:
        self.failed.append((source, reason))

    @property
    def address(self) -> tuple[str, int]:
        """Where it is."""
        host, _, port = self.receiving.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    async def send(self, request: bytes) -> tuple[int, dict[str, str], dict]:
        """Raw bytes; status, headers and the answer's object."""
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(*self.address)
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.close()
        return int(head[0].split()[1]), headers, json.loads(body) if body.startswith(b"{") else {}

    async def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, path: str = "/sources/till", method: str = "POST"
    ) -> tuple[int, dict[str, str], dict]:
        """A signed post."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or signed(body, NOW)).items())
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        return await self.send(head.encode() + body)


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """One that is up, and gone afterwards."""
    made = Site()
    made.kernel.spawn(made.taking, ActorPolicy(POLICY, 10))
    made.kernel.roots.start(
        "receiving", made.receiving.run, owner="receiving", policy=POLICY, essential=False, finishes=True
    )
    await made.receiving.bound.wait()
    try:
        yield made
    finally:
        await made.kernel.stop(ask_s=1, cancel_s=1)


async def test_a_post_is_answered_with_what_became_of_it() -> None:
    """Handed over a bounded number at a time, the word that it is all with the last; rejections by their place."""
    async with site() as up:
        body = body_of(payment("a"), payment("b"), payment("c"), through="2026-11-01T00:00:00Z")
        up.taking.answer = SourceTaken(1, 2, 3, (("msg_1:2", "amount", "expected more"),))

        status, _, said = await up.post(body)

        assert 200 == status
        assert {"counted": 2, "duplicates": 4, "not_completed": 6} == {key: said[key] for key in list(said)[:3]}
        assert {"index": 2, "field": "amount", "reason": "expected more"} == said["rejected"][0]
        assert [(2, False), (1, True)] == [(len(each.entries), each.ended) for each in up.taking.given]
        assert [True, False] == [each.through is None for each in up.taking.given]


async def test_what_is_no_post_is_refused() -> None:
    """Another path, another method, another sender; and nothing was taken."""
    async with site() as up:
        body = body_of()
        assert 404 == (await up.post(body, path="/sources/other"))[0]
        assert 404 == (await up.post(body, path="/metrics"))[0]
        assert 404 == (await up.post(body, path="/sources/till/"))[0]
        status, headers, _ = await up.post(body, method="GET")
        assert (405, "post") == (status, headers["allow"])
        assert 401 == (await up.post(body, {"webhook-id": "x"}))[0]
        assert 400 == (await up.post(b"[]"))[0]
        assert [] == up.taking.given


async def test_a_secret_that_cannot_be_read_is_the_operators_affair() -> None:
    """The sender hears only to come again; the source fails with the reason, once, until the secret is back."""
    async with site() as up:
        del up.environ["S"]
        answers = [await up.post(body_of()) for _ in range(2)]
        up.environ["S"] = SECRET

        assert [503, 503] == [status for status, _, _ in answers]
        assert "posts cannot be checked at this moment; send it again" == answers[0][2]["error"]
        assert "5" == answers[0][1]["retry-after"]
        assert [("till", "the variable S is not set: export it, or name another place")] == up.failed
        assert 200 == (await up.post(body_of()))[0]


async def test_a_long_body_is_refused_before_it_is_read() -> None:
    """Stated or sent in pieces: never more than the limit is held."""
    async with site() as up:
        assert 413 == (await up.post(b"x" * 2_001))[0]
        pieces = b"POST /sources/till HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        pieces += b"".join(b"3e8\r\n" + b"x" * 1_000 + b"\r\n" for _ in range(3)) + b"0\r\n\r\n"
        assert 413 == (await up.send(pieces))[0]


async def test_a_future_word_is_refused() -> None:
    """Nobody has sent the payments of next year."""
    async with site() as up:
        status, _, said = await up.post(body_of(through="2027-11-01T00:00:00Z"))

        assert (400, True) == (status, said["error"].startswith("through: expected an instant that has passed"))


async def test_too_many_posts_wait() -> None:
    """Only what is signed is counted: a stranger cannot use up what the sender may send."""
    async with site() as up:
        for _ in range(10):
            assert 401 == (await up.post(body_of(), {"webhook-id": "x"}))[0]
        statuses = [(await up.post(body_of()))[0] for _ in range(6)]
        status, headers, _ = await up.post(body_of())

        assert ([200] * 6, 429) == (statuses, status)
        assert 1 <= int(headers["retry-after"]) <= 10


@pytest.mark.parametrize("answer", [NotRecorded("the disk is full"), RuntimeError])
async def test_what_is_not_durable_comes_again(answer: object) -> None:
    """The journal refuses, or the actor fails: 503, and when to come again."""
    async with site() as up:
        up.taking.answer = answer

        status, headers, _ = await up.post(body_of(payment("a")))

        assert (503, "5") == (status, headers["retry-after"])


async def test_an_answer_that_takes_too_long_is_unavailable() -> None:
    """A sender gives up after some seconds; what it does not hear is not done for it."""
    async with site() as up:
        up.taking.holds.clear()

        status, headers, _ = await up.post(body_of(payment("a")))

        assert (503, "5") == (status, headers["retry-after"])
        up.taking.holds.set()


async def test_news_of_a_source_that_is_asked_makes_it_be_asked() -> None:
    """A webhook beside a poll says that there is something, and is no sign that the source is whole."""
    async with site() as up:
        assert 200 == (await up.post(b"news", path="/sources/asked"))[0]
        assert 401 == (await up.post(b"noise", path="/sources/asked"))[0]
        assert (1, []) == (up.asked, up.taking.given)


async def test_what_is_posted_beside_reads_is_no_sign_that_the_source_is_whole() -> None:
    """It counts; but that the source was heard, and up to when, only a read says."""
    async with site() as up:
        assert 200 == (await up.post(b"payment", path="/sources/asked"))[0]
        (given,) = up.taking.given
        assert (1, False, None) == (len(given.entries), given.ended, given.through)


async def test_whoever_sends_nothing_is_hung_up_on() -> None:
    """Connections that never come to a request make room for those that do."""
    async with site() as up:
        idle = [await asyncio.open_connection(*up.address) for _ in range(3)]
        for reader, writer in idle:
            writer.write(b"POST /sources/till HTTP/1.1\r\n")
            async with asyncio.timeout(10):
                await reader.read()
            writer.close()

        assert 200 == (await up.post(body_of()))[0]


async def test_too_many_connections_hear_when_to_come_again() -> None:
    """With the places taken, a post is answered with 503 and `Retry-After`, and nothing was taken."""
    async with site() as up:
        idle = [await asyncio.open_connection(*up.address) for _ in range(3)]
        status, headers, _ = await up.post(body_of(payment("a")))
        for _, writer in idle:
            writer.close()

        assert (503, "5", []) == (status, headers["retry-after"], up.taking.given)


async def test_a_slow_body_is_not_waited_for() -> None:
    """A body that does not come is answered within the time limit."""
    async with site() as up:
        head = b"POST /sources/till HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"

        assert 503 == (await up.send(head))[0]
