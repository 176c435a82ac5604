"""Webhooks against a real HTTP server: signed, checked, following nothing, waiting for nobody."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from adapters.channels.webhook import Webhook
from adapters.clocks import SystemClock
from config.instants import SECOND, datetime_from_instant
from config.settings import WebhookChannel
from machines.ports.channels import ChannelGoneError, ChannelUnusableError, Message
from machines.ports.faults import Ambiguous, Permanent, Transient
from tests.contracts.channel import MESSAGE, ChannelContract, ChannelHarness, Trouble
from tests.mqtt.authority import Authority
from tests.notifications.receiver import Receiver, receiving, status
from tests.provisioners.mqtt.brokers import free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
BEFORE = "whsec_" + base64.b64encode(b"the one before it, just as long!").decode()
ENVIRON = {"NEW": SECRET, "OLD": BEFORE, "BAD": "whsec_not-base64!"}


def webhook(url: str, *, timeout_s: float = 5, verify: ssl.SSLContext | None = None, **more: Any) -> Webhook:
    """A channel called pager; private addresses are allowed unless said otherwise."""
    chosen = {"secret": "env:NEW", "private_allowed": True, **more}
    settings = WebhookChannel(url=url, **chosen)
    return Webhook("pager", settings, SystemClock(), ENVIRON, timeout_s=timeout_s, verify=verify)


def read(body: bytes) -> Message:
    """The message of a body."""
    return _message(msgspec.json.decode(body)["data"])


def _message(data: dict[str, Any]) -> Message:
    assert "2026-11-21T03:00:00Z" == data["at"]
    return Message(**{**data, "at": MESSAGE.at})


class WebhookHarness(ChannelHarness):
    """A receiver on this machine."""

    patience_s = 3

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.port = receiver.port

    def channel(self) -> Webhook:
        """To it."""
        return webhook(f"http://127.0.0.1:{self.port}/hooks/t0ken", timeout_s=0.3)

    async def received(self, count: int) -> list[Message]:
        """They are there before they are answered."""
        return [read(each.body) for each in self.receiver.requests[:count]]

    def trouble(self, trouble: Trouble) -> None:
        """By another port, another answer, or none."""
        if trouble is Trouble.AWAY:
            self.port = free_port()
        self.receiver.answers = status(503) if trouble is Trouble.BUSY else lambda _: None


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """One that answers 204."""
    async with receiving() as found:
        yield found


class TestWebhookContract(ChannelContract):
    """The port's contract."""

    @pytest.fixture
    def harness(self, receiver: Receiver) -> WebhookHarness:
        """Of this test."""
        return WebhookHarness(receiver)


# --- signing ---


async def test_the_library_of_the_standard_verifies_it(receiver: Receiver) -> None:
    """Id, time of the attempt, and body."""
    await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

    (request,) = receiver.requests
    assert "POST / HTTP/1.1" == request.line
    assert MESSAGE.id == request.headers["webhook-id"]
    verified = Verifier(SECRET).verify(request.body, dict(request.headers))
    assert "solvent.notification" == verified["type"]
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body.replace(b"critical", b"harmless"), dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Verifier(BEFORE).verify(request.body, dict(request.headers))


async def test_during_a_rotation_both_secrets_sign(receiver: Receiver) -> None:
    """A receiver may change over whenever it likes."""
    await webhook(f"http://127.0.0.1:{receiver.port}/", secret_before="env:OLD").deliver(MESSAGE)

    (request,) = receiver.requests
    for secret in (SECRET, BEFORE):
        Verifier(secret).verify(request.body, dict(request.headers))
    assert 2 == len(request.headers["webhook-signature"].split(" "))


async def test_each_attempt_is_signed_with_the_secret_of_its_time(receiver: Receiver) -> None:
    """A rotation needs no restart; a secret that is gone is waited for, and nothing is sent unsigned."""
    environ = {"NEW": SECRET, "OLD": BEFORE}
    url = f"http://127.0.0.1:{receiver.port}/"
    settings = WebhookChannel(url=url, secret="env:NEW", secret_before="env:OLD", private_allowed=True)
    channel = Webhook("pager", settings, SystemClock(), environ, timeout_s=5)
    environ["NEW"] = environ.pop("OLD")
    await channel.deliver(MESSAGE)
    del environ["NEW"]
    with pytest.raises(Transient, match="the variable NEW is not set"):
        await channel.deliver(MESSAGE)

    (request,) = receiver.requests
    Verifier(BEFORE).verify(request.body, dict(request.headers))
    assert 1 == len(request.headers["webhook-signature"].split(" "))


async def test_each_attempt_bears_its_own_time(receiver: Receiver) -> None:
    """A receiver refuses what is older than five minutes: an old alarm sent now is new."""
    before = SystemClock().wall() // SECOND
    await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

    assert before <= int(receiver.requests[0].headers["webhook-timestamp"]) <= SystemClock().wall() // SECOND


@pytest.mark.parametrize("reference", ["env:BAD", "env:NOT_SET", ""])
def test_a_secret_that_cannot_be_used_is_refused_at_the_start(reference: str) -> None:
    """Naming the field, and never the secret."""
    with pytest.raises(ChannelUnusableError, match=r"^channels\.pager\.secret: ") as refused:
        webhook("http://127.0.0.1:1/", secret=reference)

    assert "not-base64" not in str(refused.value)


# --- answers ---


async def test_410_means_never_again(receiver: Receiver) -> None:
    """The words name no path: it may hold a token."""
    receiver.answers = status(410, "Gone")

    with pytest.raises(ChannelGoneError, match=rf"^http://127\.0\.0\.1:{receiver.port} answered 410 Gone$"):
        await webhook(f"http://127.0.0.1:{receiver.port}/t0ken?key=t0ken").deliver(MESSAGE)


@pytest.mark.parametrize("code", [300, 400, 401, 404, 408, 409, 422, 429, 500, 502, 503, 504])
async def test_every_other_refusal_is_tried_again(receiver: Receiver, code: int) -> None:
    """Endpoints get mended; three days are time enough."""
    receiver.answers = status(code)

    with pytest.raises(Transient, match=f"answered {code}"):
        await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_every_success_is_one(receiver: Receiver, code: int) -> None:
    """Whatever its body says, it is not read."""
    receiver.answers = lambda _: f"HTTP/1.1 {code} ok\r\ncontent-length: 1000000000\r\n\r\nan endless answer"

    await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

    assert 1 == len(receiver.requests)


def in_a_minute() -> str:
    """A date as HTTP writes it."""
    moment = datetime_from_instant(SystemClock().wall() + 61 * SECOND)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (lambda: "120", 120, 120),
        (in_a_minute, 55, 61),
        (lambda: "soon", None, None),
        (lambda: "-5", None, None),
        (lambda: "Wed, 99 Foo", None, None),
        (lambda: "Wed, 21 Oct 2015 07:28:00 +9999999999999999", None, None),
    ],
)
async def test_retry_after_is_heard(
    receiver: Receiver, text: Callable[[], str], least: float | None, most: float | None
) -> None:
    """In seconds or as a date; what is neither is nothing."""
    receiver.answers = status(503, retry_after=text())

    with pytest.raises(Transient) as refused:
        await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

    after_s = refused.value.retry_after_s
    assert (after_s is None) is (least is None)
    if after_s is not None and least is not None and most is not None:
        assert least <= after_s <= most


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """It would lead where nobody checked."""
    async with receiving() as elsewhere:
        receiver.answers = status(307, location=f"http://127.0.0.1:{elsewhere.port}/")

        with pytest.raises(Transient, match="redirects are not followed"):
            await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

        assert [] == elsewhere.requests


async def test_nothing_is_sent_through_a_proxy_of_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect to an address that nobody checked."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    await webhook(f"http://127.0.0.1:{receiver.port}/").deliver(MESSAGE)

    assert f"127.0.0.1:{receiver.port}" == receiver.requests[0].headers["host"]


# --- addresses ---


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What the resolver answers to a name, look by look; the last answer stands."""
    table: dict[str, list[list[str]]] = {}
    really = asyncio.BaseEventLoop.getaddrinfo

    async def looked_up(self: asyncio.BaseEventLoop, name: str | bytes, port: int, **options: Any) -> Any:
        host = name.decode() if isinstance(name, bytes) else name
        if host not in table:
            return await really(self, host, port, **options)
        answers = table[host].pop(0) if len(table[host]) > 1 else table[host][0]
        if not answers:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in answers]
        return [(kind, socket.SOCK_STREAM, 6, "", (each, port)) for kind, each in zip(kinds, answers, strict=True)]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", looked_up)
    return table


INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
async def test_what_is_inside_is_not_reached(address: str, names: dict[str, list[list[str]]]) -> None:
    """However it is written, and by whatever name; a dead letter at once, for no time changes it."""
    names["hooks.example.org"] = [[address]]

    with pytest.raises(Permanent, match="set private_allowed = true"):
        await webhook("http://hooks.example.org/", private_allowed=False).deliver(MESSAGE)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::1]"])
async def test_no_spelling_of_this_machine_gets_through(receiver: Receiver, host: str) -> None:
    """The resolver says what an address means, not its text; what other readers take for an address is refused."""
    with pytest.raises((Permanent, Transient, ChannelUnusableError)):
        await webhook(f"http://{host}:{receiver.port}/", private_allowed=False).deliver(MESSAGE)

    assert [] == receiver.requests


async def test_the_address_that_was_checked_is_the_one_connected_to(
    receiver: Receiver, names: dict[str, list[list[str]]]
) -> None:
    """A name that answers well once and leads inside the next time is looked up only once."""
    names["rebound.example.org"] = [["203.0.113.7"], ["127.0.0.1"]]
    channel = webhook(f"http://rebound.example.org:{receiver.port}/", private_allowed=True, timeout_s=0.3)

    with pytest.raises((Transient, Ambiguous)):  # 203.0.113.7 is nobody's
        await channel.deliver(MESSAGE)

    assert [] == receiver.requests
    assert [["127.0.0.1"]] == names["rebound.example.org"], "one look"


async def test_a_name_that_is_not_resolved_is_tried_again(names: dict[str, list[list[str]]]) -> None:
    """Name servers fail too."""
    names["hooks.example.org"] = [[]]

    with pytest.raises(Transient, match=r"hooks\.example\.org cannot be resolved"):
        await webhook("http://hooks.example.org/", private_allowed=False).deliver(MESSAGE)


async def test_the_certificate_is_that_of_the_name(tmp_path: Path) -> None:
    """Although an address is connected to; another name's certificate is refused."""
    authority = Authority(tmp_path, "authority")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*authority.issue("server"))
    ours = ssl.create_default_context(cafile=authority.pem)
    async with receiving(tls) as receiver:
        await webhook(f"https://localhost:{receiver.port}/", verify=ours).deliver(MESSAGE)
        with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
            await webhook(f"https://127.0.0.1:{receiver.port}/", verify=ours).deliver(MESSAGE)
        with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
            await webhook(f"https://localhost:{receiver.port}/").deliver(MESSAGE)

    assert [MESSAGE] == [read(each.body) for each in receiver.requests]
