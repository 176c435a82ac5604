"""A sender: it signs as Standard Webhooks say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from standardwebhooks import Webhook

from config.instants import SECOND, Instant

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET: Final = "whsec_b3RoZXIgc2VjcmV0IG9mIDI0IGJ5dGVzISE="


def body_of(*payments: Mapping[str, Any], **more: Any) -> bytes:
    """The body of a post."""
    return json.dumps({"payments": payments, **more}).encode()


def signed(body: bytes, now: Instant, *, post_id: str = "msg_1", secret: str = SECRET) -> dict[str, str]:
    """The headers of a post."""
    at = datetime.fromtimestamp(now // SECOND, tz=UTC)
    return {
        "webhook-id": post_id,
        "webhook-timestamp": str(now // SECOND),
        "webhook-signature": Webhook(secret).sign(post_id, at, body.decode(errors="replace")),
        "content-type": "application/json",
    }
