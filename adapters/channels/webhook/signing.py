"""Signing by Standard Webhooks 1.0.0, over the id, the time of the attempt and the body; in a rotation twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from standardwebhooks.webhooks import Webhook as Signer

from config.instants import SECOND, Instant, datetime_from_instant
from config.secret import Secret
from machines.ports.channels import ChannelUnusableError

__all__ = ["Signer", "signed_headers", "signer_of"]

PREFIX: Final = "whsec_"
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64


def signer_of(secret: Secret, where: str) -> Signer:
    """The signer of a secret; raises `ChannelUnusableError`, which never shows it."""
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ChannelUnusableError(
            f"{where}: expected {PREFIX} and {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64 (the alphabet"
            f" with + and /); make one with: echo {PREFIX}$(openssl rand -base64 32)"
        )
    return Signer(key)


def signed_headers(signers: Sequence[Signer], message_id: str, now: Instant, body: str) -> dict[str, str]:
    """The three headers of an attempt at `now`."""
    at = datetime_from_instant(now // SECOND * SECOND)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now // SECOND),
        "webhook-signature": " ".join(signer.sign(message_id, at, body) for signer in signers),
    }
