"""A mail server of the test's own, with STARTTLS and passwords; it keeps what it took."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "solvent", "pass word, with ünicode"


class MailServer:
    """`answer` is what it says to each mail; `refused` are recipients that it does not know."""

    def __init__(self) -> None:
        """It takes everything."""
        self.port = 0
        self.taken: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.encrypted: list[bool] = []
        self.answer = "250 taken"
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - its library calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse those it does not know."""
        if address in self.refused:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep it, where the answer says so."""
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
            self.recipients.append(list(envelope.rcpt_tos))
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return self.answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> AuthResult:
        """There is one user."""
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[MailServer]:
    """A server for the length of the block, on a free port of this machine; with either kind it asks for a password."""
    found = MailServer()
    locked = starttls is not None or tls is not None

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it takes a line that was encrypted from the start for one that is not
            return SMTP(
                found,
                hostname="localhost",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=locked,
                auth_require_tls=starttls is not None,
                authenticator=found.authenticate,
                loop=asyncio.get_running_loop(),
            )

    server = await asyncio.get_running_loop().create_server(protocol, "localhost", 0, family=socket.AF_INET, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
