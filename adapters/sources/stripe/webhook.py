"""Stripe's webhook: checks who speaks, and asks for a read. The objects in events are never believed.

Events come late, twice and out of order, and the object in one is as it was, in whatever version of the API the
endpoint has. So an event is news that something changed; what it is now is read from Stripe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import stripe

from adapters.sources.stripe.listing import CHANGES, CLOSED
from config.instants import SECOND, Instant
from config.secret import Secret
from config.unreadable import UNREADABLE
from machines.ports.sources import PostRefusedError, Received

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300
"""Stripe's own: each attempt is signed anew, so an older signature is a copy sent again."""
FOLLOWED: Final = frozenset({*CHANGES, CLOSED, "charge.refunded", "charge.dispute.created"})


class _Object(msgspec.Struct, frozen=True):
    id: str
    object: str


class _Data(msgspec.Struct, frozen=True):
    object: _Object


class _Envelope(msgspec.Struct, frozen=True):
    object: str
    type: str
    livemode: bool
    data: _Data
    account: str | None = None


class StripeWebhook:
    """A `PaymentReceiver` for one endpoint."""

    def __init__(self, name: str, secrets: Callable[[], Sequence[Secret]], *, live: bool) -> None:
        """`secrets` reads those of the endpoint, the present one first; `live` is the mode of the key.

        It raises `ReceiverUnableError`.
        """
        self.name = name
        self._secrets = secrets
        self._live = live

    def receive(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Received:
        """What the post says; see the port."""
        self._check_signature(headers.get(HEADER, ""), body, now)
        event = _envelope(body)
        if event.livemode != self._live:
            raise PostRefusedError(
                400,
                f"the event is of Stripe's {'live' if event.livemode else 'test'} mode and this source's key is not: "
                "point this endpoint at the source with the key of that mode",
            )
        ours = event.account is None and event.type in FOLLOWED
        return Received(asks_for_read=ours)

    def _check_signature(self, header: str, body: bytes, now: Instant) -> None:
        if not header:
            raise PostRefusedError(400, "there is no header Stripe-Signature: only Stripe posts here")
        if not any(_signed(header, body, secret) for secret in self._secrets()):
            raise PostRefusedError(
                400,
                "the signature is not of this endpoint's secret: see that `webhook_secret` is the one that Stripe "
                "shows for this endpoint, and that no proxy changes the body",
            )
        age_s = now // SECOND - _signed_at(header)
        if abs(age_s) > TOLERANCE_S:
            raise PostRefusedError(
                400,
                f"the signature is {abs(age_s)} s {'old' if age_s > 0 else 'ahead'}, at most {TOLERANCE_S} are taken: "
                "a copy sent again, or a clock that is wrong",
            )


def _signed(header: str, body: bytes, secret: Secret) -> bool:
    """Whether Stripe's own check takes it. The time is checked apart, by the clock that the daemon has."""
    try:
        return bool(stripe.WebhookSignature.verify_header(body.decode(), header, secret.reveal(), None))
    except (stripe.SignatureVerificationError, UnicodeError, TypeError, ValueError):
        return False


def _signed_at(header: str) -> int:
    """The time that the signature covers; the signature was checked before, so there is one."""
    parts = [
        part.split("=", 2) for part in header.split(",")
    ]  # exactly as the SDK, else another time could be slipped in
    return next(int(part[1]) for part in parts if part[0] == "t")


def _envelope(body: bytes) -> _Envelope:
    try:
        event = msgspec.json.decode(body, type=_Envelope)
    except UNREADABLE:
        event = None
    if event is None or event.object != "event":
        raise PostRefusedError(
            400,
            "expected an event of Stripe with its object (snapshot payload), found another shape: see that the "
            "endpoint sends snapshot events, not thin ones",
        )
    return event
