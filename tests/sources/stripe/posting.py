"""Posts as Stripe sends them: signed at each attempt, repeated, and in any order."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256

from tests.sources.stripe.objects import Object

SECRET = "whsec_emulated1234567890"


def signed(body: bytes, at_s: int, *secrets: str) -> dict[str, str]:
    """The headers of a post signed with each of the secrets, as Stripe does while one is rotated."""
    text = body.decode()
    signatures = "".join(f",v1={_signature(f'{at_s}.{text}', secret)}" for secret in secrets)
    return {"stripe-signature": f"t={at_s}{signatures}", "content-type": "application/json"}


def body_of(event: Object) -> bytes:
    """An event's body, indented as Stripe's are."""
    return json.dumps(event, indent=2).encode()


def _signature(text: str, secret: str) -> str:
    """Stripe's scheme v1, written after its documentation: the key is the whole secret, its prefix included."""
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
