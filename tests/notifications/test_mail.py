"""E-mail against a real SMTP server: encrypted as the settings say, and nothing of a message becomes a header."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.channels.mail import Mail
from adapters.channels.mail.writing import mail_of
from config.settings import MailChannel
from machines.ports.channels import ChannelUnusableError, Message
from machines.ports.faults import CallError, Permanent, Transient
from tests.contracts.channel import MESSAGE, ChannelContract, ChannelHarness, Trouble
from tests.mqtt.authority import Authority
from tests.notifications.mail_server import PASSWORD, USER, MailServer, mail_server
from tests.provisioners.mqtt.brokers import free_port

ENVIRON = {"PASSWORD": PASSWORD, "WRONG": "another"}
PLAIN: dict[str, Any] = {"host": "127.0.0.1", "encryption": "none"}


def mail(port: int, *, timeout_s: float = 5, **settings: Any) -> Mail:
    """A channel called ops."""
    chosen = {"to": ("ops@example.org",), "sender": "solvent@example.org", "port": port, **settings}
    return Mail("ops", MailChannel(**chosen), ENVIRON, timeout_s=timeout_s)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """One without passwords."""
    async with mail_server() as found:
        yield found


class MailHarness(ChannelHarness):
    """A server on this machine."""

    troubles = frozenset({Trouble.AWAY, Trouble.BUSY})

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.port = server.port

    def channel(self) -> Mail:
        """To it."""
        return mail(self.port, **PLAIN)

    async def received(self, count: int) -> list[Message]:
        """Read back from the mails."""
        return [self._read(index) for index in range(count)]

    def _read(self, index: int) -> Message:
        found = self.server.taken[index]
        subject = str(found["Subject"]).removeprefix("[solvent shop] ")
        # Between words in ASCII and others the library folds in a second space.
        severity, _, title = " ".join(subject.split()).partition(": ")
        text = found.get_content().replace("\r\n", "\n").partition("\n\n-- \n")[0]
        identifier = str(found["Message-ID"]).strip("<>").partition("@")[0]
        key = str(found["X-Solvent-Key"])
        return Message(identifier, severity, key, not title.startswith("Over: "), title, text, MESSAGE.at, "shop")

    def trouble(self, trouble: Trouble) -> None:
        """By another port, or another answer."""
        if trouble is Trouble.AWAY:
            self.port = free_port()
        self.server.answer = "451 the disk is full"


class TestMailContract(ChannelContract):
    """The port's contract."""

    @pytest.fixture
    def harness(self, server: MailServer) -> MailHarness:
        """Of this test."""
        return MailHarness(server)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """For the certificate of localhost."""
    return Authority(tmp_path_factory.mktemp("mail"), "authority")


@pytest.fixture(params=["starttls", "tls"])
async def locked(
    request: pytest.FixtureRequest, authority: Authority
) -> AsyncIterator[tuple[MailServer, dict[str, Any]]]:
    """A server that asks for encryption and a password, and the settings for it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue(f"server-{request.param}"))
    settings = {"host": "localhost", "encryption": request.param, "user": USER, "password": "env:PASSWORD"}
    async with mail_server(**{request.param: context}) as found:
        yield found, {**settings, "ca_file": authority.pem}


async def test_a_password_goes_over_an_encrypted_line(locked: tuple[MailServer, dict[str, Any]]) -> None:
    """By either kind of encryption, and it arrives."""
    server, settings = locked

    await mail(server.port, **settings).deliver(MESSAGE)

    assert [True] == server.encrypted


async def test_a_wrong_password_is_tried_again_and_not_told(locked: tuple[MailServer, dict[str, Any]]) -> None:
    """Accounts get unlocked; the reason names the user only."""
    server, settings = locked

    with pytest.raises(Transient, match="refuses the user solvent: 535") as refused:
        await mail(server.port, **{**settings, "password": "env:WRONG"}).deliver(MESSAGE)

    assert "another" not in str(refused.value)


async def test_a_password_that_was_changed_is_used_at_once(
    locked: tuple[MailServer, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read at each attempt; one that is gone is waited for."""
    server, settings = locked
    monkeypatch.setitem(ENVIRON, "CHANGED", "the one before")
    channel = mail(server.port, **{**settings, "password": "env:CHANGED"})
    monkeypatch.delitem(ENVIRON, "CHANGED")
    with pytest.raises(Transient, match=r"channels\.ops\.password: the variable CHANGED is not set"):
        await channel.deliver(MESSAGE)

    monkeypatch.setitem(ENVIRON, "CHANGED", PASSWORD)
    await channel.deliver(MESSAGE)

    assert 1 == len(server.taken)


async def test_a_server_that_nobody_vouches_for_gets_nothing(locked: tuple[MailServer, dict[str, Any]]) -> None:
    """Without its authority its certificate is refused."""
    server, settings = locked

    with pytest.raises(CallError, match="CERTIFICATE_VERIFY_FAILED"):
        await mail(server.port, **{**settings, "ca_file": ""}).deliver(MESSAGE)

    assert [] == server.taken


async def test_where_starttls_is_not_offered_nothing_is_sent(server: MailServer) -> None:
    """Whoever strips it from the line gets neither password nor mail."""
    with pytest.raises(Transient, match="does not do what the settings ask for"):
        await mail(server.port, host="127.0.0.1").deliver(MESSAGE)

    assert [] == server.taken


def test_a_password_is_never_sent_in_the_clear() -> None:
    """The settings are refused at the start."""
    with pytest.raises(ChannelUnusableError, match="a password is never sent without encryption"):
        mail(25, **PLAIN, user=USER, password="env:PASSWORD")


@pytest.mark.parametrize("half", [{"user": USER}, {"password": "env:PASSWORD"}])
def test_half_an_account_is_refused(half: dict[str, str]) -> None:
    """A user without a password would be sent nowhere useful."""
    with pytest.raises(ChannelUnusableError, match="user and password together"):
        mail(25, host="localhost", **half)


def test_authorities_that_cannot_be_read_are_refused_at_the_start(tmp_path: Path) -> None:
    """Naming the file."""
    with pytest.raises(ChannelUnusableError, match=r"channels\.ops\.ca_file: .*missing\.pem"):
        mail(25, host="localhost", ca_file=str(tmp_path / "missing.pem"))


async def test_a_mail_that_is_refused_for_good_is_a_dead_letter(server: MailServer) -> None:
    """Its content will not change."""
    server.answer = "554 this is spam"

    with pytest.raises(Permanent, match="554"):
        await mail(server.port, **PLAIN).deliver(MESSAGE)


async def test_one_unknown_recipient_does_not_take_it_from_the_others(server: MailServer) -> None:
    """It is a dead letter that says who did not get it: sent again, the others would have it twice."""
    server.refused = {"gone@example.org"}

    with pytest.raises(Permanent, match=r"took it for the others, but not for gone@example\.org: 550"):
        await mail(server.port, **PLAIN, to=("gone@example.org", "ops@example.org")).deliver(MESSAGE)

    assert [["ops@example.org"]] == server.recipients


async def test_nothing_becomes_a_header(server: MailServer) -> None:
    """Line breaks of any alphabet in a title, a key or an instance are spaces."""
    evil = "x\r\nBcc: victim@example.org\nX: \u2028y\x85\x0b\x00"
    message = msgspec.structs.replace(MESSAGE, title=evil, key=evil, severity=evil, instance=evil)

    await mail(server.port, **PLAIN).deliver(message)

    (found,) = server.taken
    assert found["Bcc"] is None
    assert found["X"] is None
    assert [["ops@example.org"]] == server.recipients


def test_the_same_message_is_the_same_mail() -> None:
    """At each attempt: its id, its date and every byte."""
    first, second = (mail_of(MESSAGE, "solvent@example.org", ("ops@example.org",)) for _ in range(2))

    assert bytes(first) == bytes(second)
    assert "<5f0c2a91b3d4-1-42@example.org>" == first["Message-ID"]
    assert "Sat, 21 Nov 2026 03:00:00 +0000" == first["Date"]


def test_long_lines_and_other_alphabets_are_carried() -> None:
    """No line of the wire is longer than 998 characters."""
    message = msgspec.structs.replace(MESSAGE, text="€" * 5_000, title="é" * 190)

    wire = bytes(mail_of(message, "solvent@example.org", tuple(f"ops{number}@example.org" for number in range(32))))

    assert max(len(line) for line in wire.split(b"\r\n")) <= 998
