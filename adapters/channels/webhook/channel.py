"""A webhook: one POST an attempt, to an address that was checked, following nothing and reading no answer's body."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final

import httpx

from adapters.channels.body import body_of
from adapters.channels.secrets import channel_secret
from adapters.channels.webhook.addresses import addresses_of
from adapters.channels.webhook.signing import Signer, signed_headers, signer_of
from adapters.rotated_secrets import RotatedSecrets
from adapters.secret_references import SecretMissingError
from config.errors import ReadingError
from config.instants import SECOND, InstantError, instant_from_datetime
from config.settings import WebhookChannel
from config.web_address import web_address
from machines.ports.channels import ChannelGoneError, ChannelUnusableError, Message
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, CallError, Transient

GONE: Final = 410
ADDRESSES_TRIED_MAX: Final = 3
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Webhook:
    """One endpoint. A connection lives as long as one attempt: days may lie between two."""

    def __init__(
        self,
        name: str,
        settings: WebhookChannel,
        clock: Clock,
        environ: Mapping[str, str],
        *,
        timeout_s: float,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """`verify` is what is expected of certificates; None for the system's authorities.

        Raises `ChannelUnusableError`.
        """
        self.name = name
        self._settings = settings
        self._clock = clock
        self._timeout_s = timeout_s
        try:
            self._address = web_address(settings.url)
        except ReadingError as error:
            raise ChannelUnusableError(f"channels.{name}.url: {error}") from None
        self._secrets = RotatedSecrets(settings.secret, settings.secret_before, environ)
        for field in ("secret", "secret_before"):
            secret = channel_secret(name, field, getattr(settings, field), environ)
            if secret or field == "secret":
                signer_of(secret, f"channels.{name}.{field}")
        self._verify = verify or ssl.create_default_context()
        self._agent = f"solvent/{version('solvent')}"

    async def deliver(self, message: Message) -> None:
        """As the port says. Whatever answers that is neither 2xx nor 410 is tried again: endpoints get mended."""
        to = self._address
        signers = self._signers()
        addresses = await addresses_of(to.host, to.port, private_allowed=self._settings.private_allowed)
        failure: CallError | None = None
        for address in addresses[:ADDRESSES_TRIED_MAX]:
            try:
                await self._post(message, address, signers)
            except httpx.HTTPError as error:
                failure = self._failure(error)
                if isinstance(error, _NEVER_SENT):
                    continue
            else:
                return
            break
        assert failure is not None
        raise failure

    async def close(self) -> None:
        """Nothing stays open between attempts."""

    def _signers(self) -> list[Signer]:
        """Of the secrets as they are now: a rotation needs no restart. Raises `Transient`."""
        try:
            return [signer_of(secret, f"channels.{self.name}: {at}") for at, secret in self._secrets.now().items()]
        except (SecretMissingError, ChannelUnusableError) as unusable:
            raise Transient(str(unusable)) from None

    async def _post(self, message: Message, address: str, signers: Sequence[Signer]) -> None:
        """Raises `httpx.HTTPError` where nothing was answered, else what the answer means."""
        body = body_of(message)
        request = httpx.Request(
            "POST",
            # The address that was checked is the one connected to: the name is not looked up a second time.
            httpx.URL(self._settings.url).copy_with(host=address),
            headers={
                "host": self._address.written.partition("://")[2],
                "content-type": "application/json",
                "user-agent": self._agent,
                **signed_headers(signers, message.id, self._clock.wall(), body),
            },
            content=body.encode(),
            extensions={
                "sni_hostname": self._address.host,
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s),
            },
        )
        # The transport alone: no redirects, no proxies of the environment, no line in the log with the URL's token.
        async with httpx.AsyncHTTPTransport(verify=self._verify, retries=0) as transport:
            response = await transport.handle_async_request(request)
            await response.aclose()
        self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _SUCCESS:
            return
        if status == GONE:
            raise ChannelGoneError(f"{self._place} answered 410 Gone")
        said = f"{self._place} answered {status} {response.reason_phrase[:40]}".rstrip()
        if status in _REDIRECT:
            said += ": redirects are not followed; give the final URL in the settings"
        raise Transient(said, self._retry_after_s(response.headers.get("retry-after", "")))

    def _failure(self, error: httpx.HTTPError) -> CallError:
        said = str(error) or type(error).__name__
        if isinstance(error, _NEVER_SENT):
            return Transient(f"{self._place} cannot be reached: {said}")
        return Ambiguous(f"{self._place} did not answer: {said}")

    def _retry_after_s(self, text: str) -> float | None:
        """Seconds, or a date of HTTP; None for anything else."""
        if text.isascii() and text.isdigit() and len(text) <= 9:
            return int(text)
        try:
            at = instant_from_datetime(parsedate_to_datetime(text))
        except (ValueError, TypeError, OverflowError, InstantError):
            return None
        return max(0, at - self._clock.wall()) / SECOND

    @property
    def _place(self) -> str:
        """Scheme and host: the path or the query may hold a token."""
        return self._address.written
