"""The signature of a post: Standard Webhooks, HMAC-SHA-256 over id, time and body, any of several secrets."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from adapters.rotated_secrets import RotatedSecrets
from adapters.secret_references import SecretMissingError
from config.instants import SECOND, Instant, datetime_from_instant
from config.secret import Secret
from machines.ports.sources import PostRefusedError, ReceiverUnableError

_TIME: Final = re.compile(r"\d{1,11}", re.ASCII)
_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
SIGNATURES_MAX: Final = 16
"""A rotation needs two; more than a few is an attempt to make us count."""
SECRET_BYTES_MIN: Final = 16
_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class UnusableSecretError(Exception):
    """A signing secret that is none; the message says what was expected, and never the secret."""


class Signatures:
    """Checks posts by our own clock: the library's check reads the machine's, and knows one tolerance."""

    def __init__(self, secrets: RotatedSecrets, tolerance_s: int) -> None:
        """Raises `UnusableSecretError` and `SecretMissingError`."""
        self._secrets = secrets
        for secret in secrets.at_start().values():
            _signer(secret)
        self._tolerance_s = tolerance_s

    def check(self, headers: Mapping[str, str], body: bytes, now: Instant) -> str:
        """The post's id, once its signature holds. Raises `PostRefusedError` with 401, and tells a forger nothing.

        Raises `ReceiverUnableError` where the secret cannot be read any more.
        """
        missing = [name for name in _HEADERS if not headers.get(name)]
        if missing:
            raise PostRefusedError(401, f"the header {missing[0]} is missing: sign posts as Standard Webhooks say")
        post_id, time, signature = (headers[name] for name in _HEADERS)
        if not _ID.fullmatch(post_id) or not _TIME.fullmatch(time):
            raise PostRefusedError(401, "webhook-id or webhook-timestamp is none: expected a text and Unix seconds")
        seconds = int(time)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise PostRefusedError(401, "the body is not UTF-8, so that its signature cannot hold") from None
        # The signature first: whoever cannot sign is not told how our clock stands.
        if not self._holds(post_id, seconds, text, signature):
            raise PostRefusedError(401, "the signature does not hold: see that both sides have the same secret")
        if abs(seconds * SECOND - now) > self._tolerance_s * SECOND:
            raise PostRefusedError(
                401,
                f"webhook-timestamp is more than {self._tolerance_s} s from {datetime_from_instant(now):%H:%M:%S} UTC:"
                " sign each attempt anew, and see to the clocks",
            )
        return post_id

    def _holds(self, post_id: str, seconds: int, text: str, signature: str) -> bool:
        offered = [each.encode() for each in signature.split(" ", SIGNATURES_MAX)[:SIGNATURES_MAX]]
        signed_at = datetime.fromtimestamp(seconds, tz=UTC)
        holds = False
        for signer in self._signers():
            expected = signer.sign(post_id, signed_at, text).encode()
            for each in offered:
                holds = hmac.compare_digest(expected, each) or holds
        return holds

    def _signers(self) -> list[Webhook]:
        """Of the secrets as they are now: a rotation needs no restart."""
        try:
            return [_signer(secret) for secret in self._secrets.now().values()]
        except (SecretMissingError, UnusableSecretError) as unusable:
            raise ReceiverUnableError(str(unusable)) from None


def _signer(secret: Secret) -> Webhook:
    encoded = secret.reveal().removeprefix("whsec_")
    try:
        signer = Webhook(encoded)
    except (ValueError, EmptyWebhookSecretError):
        raise UnusableSecretError("expected a signing secret whsec_ and base64, found something else") from None
    if len(encoded) * 3 // 4 < SECRET_BYTES_MIN:
        raise UnusableSecretError(f"expected a signing secret of at least {SECRET_BYTES_MIN} bytes, found fewer")
    return signer
