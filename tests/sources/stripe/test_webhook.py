"""The webhook: who may speak, what is news, and that nothing it says is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.sources.stripe.webhook import StripeWebhook
from config.secret import Secret
from machines.ports.sources import PostRefusedError, Received
from tests.sources.stripe import objects
from tests.sources.stripe.posting import SECRET, body_of, signed

NOW_S = 1_795_262_400
NOW = NOW_S * 1_000_000
BEFORE = "whsec_theOneBeforeTheRotation"


def webhook(*secrets: str, live: bool = False) -> StripeWebhook:
    """A receiver with these secrets."""
    return StripeWebhook("stripe", lambda: tuple(Secret(each) for each in secrets or (SECRET,)), live=live)


def event(kind: str = "charge.succeeded", **fields: Any) -> bytes:
    """The body of an event of a charge."""
    return body_of({**objects.event("evt_1", kind, objects.charge("ch_1", 1000, "eur", NOW_S), NOW_S), **fields})


def refusal(headers: dict[str, str], body: bytes, *secrets: str, live: bool = False) -> str:
    """Why a post is refused, with its status."""
    with pytest.raises(PostRefusedError) as raised:
        webhook(*secrets, live=live).receive(headers, body, NOW)
    return f"{raised.value.status} {raised.value}"


@pytest.mark.parametrize(
    "kind", ["charge.succeeded", "charge.refunded", "refund.updated", "charge.dispute.closed", "charge.failed"]
)
def test_an_event_of_money_asks_for_a_read_and_counts_nothing_by_itself(kind: str) -> None:
    """Whatever the object in the event says, only a read of Stripe counts."""
    body = event(kind)
    assert Received(asks_for_read=True) == webhook().receive(signed(body, NOW_S, SECRET), body, NOW)


@pytest.mark.parametrize("kind", ["customer.created", "payout.paid", "something.of.2031"])
def test_an_event_of_something_else_is_taken_and_ignored(kind: str) -> None:
    """An unknown kind is no error: Stripe would send it again for three days."""
    body = event(kind)
    assert Received() == webhook().receive(signed(body, NOW_S, SECRET), body, NOW)


def test_an_event_of_a_connected_account_is_none_of_ours() -> None:
    """A Connect endpoint also tells of other accounts' charges; the poll reads this account's only."""
    body = event(account="acct_other")
    assert Received() == webhook().receive(signed(body, NOW_S, SECRET), body, NOW)


@pytest.mark.parametrize("secret", [SECRET, BEFORE])
def test_both_secrets_of_a_rotation_are_accepted(secret: str) -> None:
    """While the old secret stands in the settings beside the new one, either signs."""
    body = event()
    assert webhook(SECRET, BEFORE).receive(signed(body, NOW_S, secret), body, NOW).asks_for_read


def test_a_post_signed_with_both_secrets_is_accepted_by_a_receiver_that_knows_one() -> None:
    """During a rotation Stripe signs with both: one of the signatures suffices."""
    body = event()
    assert webhook(BEFORE).receive(signed(body, NOW_S, SECRET, BEFORE), body, NOW).asks_for_read


def test_an_old_secret_that_was_taken_out_signs_no_more() -> None:
    """What is not in the settings is nobody's."""
    body = event()
    assert refusal(signed(body, NOW_S, BEFORE), body).startswith("400 the signature is not of this endpoint's secret")


@pytest.mark.parametrize(
    "header",
    [
        "t=1,v1=00",
        "v1=abc",
        "t=,v1=",
        "nonsense",
        f"t={NOW_S},v0=abc",
        f"t={NOW_S},v1=é",
        "t=é,v1=1",
        ",,,=,=",
        "\udcff",
    ],
)
def test_a_signature_that_is_none_is_refused(header: str) -> None:
    """No header, however mangled, gets through or crashes."""
    assert refusal({"stripe-signature": header}, event()).startswith("400 the signature is not")


def test_a_post_without_a_signature_is_refused() -> None:
    """Anybody can post; only Stripe signs."""
    assert "400 there is no header Stripe-Signature: only Stripe posts here" == refusal({}, event())


def test_a_body_changed_on_the_way_is_refused() -> None:
    """One byte more, and the signature is of another body."""
    body = event()
    assert refusal(signed(body, NOW_S, SECRET), body + b" ").startswith("400 the signature is not")


def test_a_body_that_is_no_text_is_refused() -> None:
    """Bytes that are no UTF-8 have no signature of Stripe's."""
    assert refusal(signed(event(), NOW_S, SECRET), b"\xff\xfe").startswith("400 the signature is not")


@pytest.mark.parametrize(("age_s", "taken"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_either_way(age_s: int, taken: bool) -> None:
    """An older one is a copy sent again; one of the future shows a clock that is wrong."""
    body = event()
    headers = signed(body, NOW_S - age_s, SECRET)
    if taken:
        assert webhook().receive(headers, body, NOW).asks_for_read
    else:
        assert "at most 300 are taken" in refusal(headers, body)


@pytest.mark.parametrize("slipped", [f" t={NOW_S},", f"T={NOW_S},", f"x=1, t={NOW_S},"])
def test_a_fresh_time_slipped_into_an_old_header_does_not_make_it_fresh(slipped: str) -> None:
    """The time that is judged is the one that is signed, also where another stands before it."""
    body = event()
    old = signed(body, NOW_S - 3_600, SECRET)["stripe-signature"]
    assert "3600 s old" in refusal({"stripe-signature": slipped + old}, body)


def test_a_secret_is_not_read_as_standard_webhooks_reads_it() -> None:
    """Stripe's key is the whole text with its prefix; a key decoded from it signs nothing here."""
    body = event()
    assert refusal(signed(body, NOW_S, SECRET.removeprefix("whsec_")), body).startswith("400 the signature is not")


def test_an_event_of_the_other_mode_is_refused() -> None:
    """A test event at the live source says where to point the endpoint."""
    body = event()
    assert "of Stripe's test mode" in refusal(signed(body, NOW_S, SECRET), body, live=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"object": "event"}',
        json.dumps({"object": "v2.core.event", "type": "v1.charge.succeeded", "livemode": False, "data": {}}).encode(),
        json.dumps(
            {"object": "charge", "type": "x", "livemode": False, "data": {"object": {"id": "a", "object": "b"}}}
        ).encode(),
    ],
)
def test_a_signed_body_of_another_shape_is_refused_with_what_was_expected(body: bytes) -> None:
    """Thin events and other shapes are refused, without a word of what they hold."""
    assert refusal(signed(body, NOW_S, SECRET), body).startswith("400 expected an event of Stripe with its object")


def test_a_refusal_shows_neither_the_secret_nor_the_body() -> None:
    """What is answered to whoever posts holds nothing that they or we keep to ourselves."""
    body = body_of({"customer": "customer@example.com"})
    told = refusal(signed(body, NOW_S, SECRET), body) + refusal(signed(body, NOW_S, BEFORE), body)
    assert (False, False) == (SECRET in told, "customer@example.com" in told)
