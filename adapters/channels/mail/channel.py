"""E-mail over SMTP: encrypted as the settings say or not at all, one conversation an attempt."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import aiosmtplib

from adapters.channels.mail.writing import mail_of
from adapters.channels.secrets import channel_secret
from config.secret import Secret
from config.settings import MailChannel
from machines.ports.channels import ChannelUnusableError, Message
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient

QUIT_TIMEOUT_S: Final = 2
_FOR_GOOD: Final = range(500, 600)


class Mail:
    """One set of recipients."""

    def __init__(self, name: str, settings: MailChannel, environ: Mapping[str, str], *, timeout_s: float) -> None:
        """Raises `ChannelUnusableError`."""
        self.name = name
        self._settings = settings
        self._timeout_s = timeout_s
        self._environ = environ
        if bool(settings.user) is not bool(self._password()):
            raise ChannelUnusableError(f"channels.{name}: expected user and password together, or neither")
        if settings.user and settings.encryption == "none":
            raise ChannelUnusableError(
                f'channels.{name}.encryption: a password is never sent without encryption; choose "starttls" or "tls"'
            )
        self._tls = None if settings.encryption == "none" else _tls_context(name, settings.ca_file)

    async def deliver(self, message: Message) -> None:
        """As the port says. Several recipients get one mail; one that is refused does not take it from the others."""
        settings = self._settings
        try:
            password = self._password()
        except ChannelUnusableError as missing:
            raise Transient(str(missing)) from None
        mail = mail_of(message, settings.sender, settings.to)
        smtp = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=self._timeout_s,
            use_tls=settings.encryption == "tls",
            start_tls=settings.encryption == "starttls",
            tls_context=self._tls,
        )
        try:
            await smtp.connect()
            if settings.user:
                await smtp.login(settings.user, password.reveal())
            refused, _ = await smtp.send_message(mail, sender=settings.sender, recipients=list(settings.to))
            with suppress(aiosmtplib.SMTPException, OSError):  # it is taken already
                await smtp.quit(timeout=QUIT_TIMEOUT_S)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._failure(error) from error
        finally:
            smtp.close()
        if refused:
            said = "; ".join(f"{who}: {response.code}" for who, response in sorted(refused.items()))
            raise Permanent(f"{self._place} took it for the others, but not for {said}")

    async def close(self) -> None:
        """Nothing stays open between attempts."""

    def _password(self) -> Secret:
        """As it is now: one that was changed needs no restart. Raises `ChannelUnusableError`."""
        return channel_secret(self.name, "password", self._settings.password, self._environ)

    def _failure(self, error: Exception) -> CallError:
        said = str(getattr(error, "message", "") or error) or type(error).__name__
        if isinstance(error, aiosmtplib.SMTPConnectError | ssl.SSLError):
            return Transient(f"{self._place} cannot be reached: {said}")
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            codes = [each.code for each in error.recipients]
            kind = Permanent if all(code in _FOR_GOOD for code in codes) else Transient
            return kind(f"{self._place} takes no mail for any recipient: {', '.join(map(str, codes))}")
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            # Passwords are changed and accounts locked for an hour: worth trying again.
            return Transient(f"{self._place} refuses the user {self._settings.user}: {error.code}")
        if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPDataError):
            kind = Permanent if error.code in _FOR_GOOD else Transient
            return kind(f"{self._place} refuses it: {error.code} {said}")
        unknown = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError)
        if isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, unknown):
            return Transient(f"{self._place} does not do what the settings ask for: {said}")
        return Ambiguous(f"{self._place} broke off: {said}")

    @property
    def _place(self) -> str:
        return f"the mail server {self._settings.host}:{self._settings.port}"


def _tls_context(name: str, ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise ChannelUnusableError(
            f"channels.{name}.ca_file: {ca_file} cannot be used ({error}): expected certificates in PEM"
        ) from error
