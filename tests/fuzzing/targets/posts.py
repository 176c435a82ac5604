"""Posted bodies, rightly signed: by a sender of payments, and by Stripe; then the headers themselves."""

from __future__ import annotations

import json
from typing import Final

from adapters.sources.construction import SourceSurroundings
from adapters.sources.post import construct
from adapters.sources.stripe.webhook import StripeWebhook
from config.instants import SECOND
from config.secret import Secret
from config.settings import PostSource
from machines.ports.sources import PaymentReceiver, PostRefusedError, Received
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader
from tests.fuzzing.target import Answer, Target, require, require_told
from tests.sources.payments import NOW, MovedClock, payment
from tests.sources.post import signing
from tests.sources.stripe import objects, posting

_HEADERS_END: Final = b"\n\n"
_STATUSES: Final = {400, 401, 413, 415, 429}
_NOW_S: Final = NOW // SECOND


def _till() -> PaymentReceiver:
    made = construct("till", PostSource(secret="env:S"), SourceSurroundings(MovedClock(), {"S": signing.SECRET}))
    assert made.posted is not None
    return made.posted


_TILL: Final = _till()
_STRIPE: Final = StripeWebhook("stripe", lambda: (Secret(posting.SECRET),), live=False)


def posted(data: bytes) -> Answer:
    """One signed body of a sender."""
    try:
        headers = signing.signed(data, NOW)
    except ValueError:
        return Answer("unsignable")
    return _answer(_TILL, headers, data)


def stripes(data: bytes) -> Answer:
    """One signed body of Stripe's."""
    try:
        headers = posting.signed(data, _NOW_S, posting.SECRET)
    except UnicodeDecodeError:
        headers = {"stripe-signature": f"t={_NOW_S},v1=0"}
    return _answer(_STRIPE, headers, data)


def headed(data: bytes) -> Answer:
    """A good body under strange headers, at both."""
    lines, _, _ = data.partition(_HEADERS_END)
    headers = {}
    for line in lines.decode("latin-1").split("\n"):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    _answer(_STRIPE, headers, _EVENT)
    return _answer(_TILL, headers, _BODY)


def _answer(receiver: PaymentReceiver, headers: dict[str, str], body: bytes) -> Answer:
    try:
        received = receiver.receive(headers, body, NOW)
    except PostRefusedError as refused:
        require_told(str(refused))
        require(refused.status in _STATUSES, f"the status {refused.status}")
        return Answer("refused")
    return Answer("taken", max(1, _entries(received)))


def _entries(received: Received) -> int:
    """What was received is written down and read: it must be text of whole characters."""
    for entry in received.entries:
        "".join(entry.fields.values()).encode()
        try:
            PaymentReader().read_fields(entry.fields)
        except FieldError as error:
            require_told(str(error))
    return len(received.entries)


_BODY: Final = signing.body_of(payment("p-1"), payment("p-2", amount=5), through="2026-11-01T00:00:00Z")
_EVENT: Final = posting.body_of(
    objects.event("evt_1", "charge.succeeded", objects.charge("ch_1", 1000, "eur", _NOW_S), _NOW_S)
)
_NAMED: Final = "\n".join(
    f"{name}: {value}"
    for name, value in {**signing.signed(_BODY, NOW), **posting.signed(_EVENT, _NOW_S, posting.SECRET)}.items()
).encode()

POSTS: Final = Target("posts", (_BODY, signing.body_of(), json.dumps({"payments": [{}]}).encode()), posted, share=15)
STRIPE: Final = Target("stripe_posts", (_EVENT,), stripes, share=15)
HEADERS: Final = Target("post_headers", (_NAMED,), headed, share=8)
