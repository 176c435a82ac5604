"""What is posted: the signature before anything else, and then each field."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.sources.construction import SourceSurroundings, SourceUnusableError
from adapters.sources.post import construct
from config.instants import SECOND, instant_from_text
from config.settings import PostSource
from machines.ports.sources import PaymentReceiver, PostRefusedError, ReceiverUnableError
from tests.sources.payments import NOW, MovedClock, payment
from tests.sources.post.signing import OTHER_SECRET, SECRET, body_of, signed

ENVIRON = {"NEW": SECRET, "OLD": OTHER_SECRET, "SHORT": "whsec_c2hvcnQ=", "NONE": "whsec_!"}


def receiver(**changed: object) -> PaymentReceiver:
    """The source as the settings make it."""
    settings = PostSource(**{"secret": "env:NEW", "payments_max": 3, **changed})
    made = construct("till", settings, SourceSurroundings(MovedClock(), ENVIRON)).posted
    assert made is not None
    return made


def refusal(body: bytes, headers: dict[str, str] | None = None, **changed: object) -> tuple[int, str]:
    """How a post is refused."""
    with pytest.raises(PostRefusedError) as refused:
        receiver(**changed).receive(signed(body, NOW) if headers is None else headers, body, NOW)
    return refused.value.status, str(refused.value)


def test_a_signed_post_is_read() -> None:
    """Its payments become entries under its id, with amounts as text."""
    body = body_of(payment("p-1"), payment("p-2", amount=5), through="2026-11-01T00:00:00Z")

    received = receiver().receive(signed(body, NOW), body, NOW)

    assert [("msg_1:0", "49.90"), ("msg_1:1", "5")] == [(each.id, each.fields["amount"]) for each in received.entries]
    assert instant_from_text("2026-11-01T00:00:00Z") == received.through


def test_an_empty_list_is_a_sign_of_life() -> None:
    """It is signed, and so it is somebody's word."""
    body = body_of()

    assert () == receiver().receive(signed(body, NOW), body, NOW).entries


def test_both_secrets_of_a_rotation_are_taken() -> None:
    """The new one and the one before; after the rotation the old one is refused."""
    body = body_of(payment("p-1"))
    headers = signed(body, NOW, secret=OTHER_SECRET)

    assert 1 == len(receiver(secret_before="env:OLD").receive(headers, body, NOW).entries)
    assert 401 == refusal(body, headers)[0]


def test_a_rotation_needs_no_restart(tmp_path: Path) -> None:
    """The secret is read at each post: the old one is refused as soon as it is gone from the file."""
    new, old, body = tmp_path / "new", tmp_path / "old", body_of(payment("p-1"))
    new.write_text(OTHER_SECRET)
    old.write_text(SECRET)
    till = receiver(secret=f"file:{new}", secret_before=f"file:{old}")
    assert 1 == len(till.receive(signed(body, NOW), body, NOW).entries)

    old.unlink()
    with pytest.raises(PostRefusedError, match="the signature does not hold"):
        till.receive(signed(body, NOW), body, NOW)
    new.write_text(SECRET)
    assert 1 == len(till.receive(signed(body, NOW), body, NOW).entries)


@pytest.mark.parametrize("content", [None, "", "whsec_!"])
def test_a_secret_that_is_gone_or_spoilt_judges_no_post(tmp_path: Path, content: str | None) -> None:
    """Nothing is accepted, and nobody is called a forger; the message does not show what stands there."""
    file, body = tmp_path / "secret", body_of()
    file.write_text(SECRET)
    till = receiver(secret=f"file:{file}")
    file.unlink()
    if content is not None:
        file.write_text(content)

    with pytest.raises(ReceiverUnableError) as unable:
        till.receive(signed(body, NOW), body, NOW)
    assert "whsec_!" not in str(unable.value)


def test_one_of_several_signatures_is_enough() -> None:
    """A sender that rotates sends two."""
    body = body_of(payment("p-1"))
    headers = signed(body, NOW)
    headers["webhook-signature"] = f"v1,bm9uZQ== v1a,x {headers['webhook-signature']}"

    assert 1 == len(receiver().receive(headers, body, NOW).entries)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed(name: str) -> None:
    """Without it there is no signature."""
    body = body_of()
    headers = {key: value for key, value in signed(body, NOW).items() if key != name}

    assert (401, f"the header {name} is missing: sign posts as Standard Webhooks say") == refusal(body, headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "AAAA"),
        ("webhook-signature", "v1, ,,"),
        ("webhook-signature", "v2,é"),
        ("webhook-id", "msg_2"),
        ("webhook-id", "a b"),
        ("webhook-timestamp", str(NOW // SECOND + 1)),
        ("webhook-timestamp", "9" * 40),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "nan"),
    ],
)
def test_what_was_not_signed_is_refused(name: str, value: str) -> None:
    """Body, id and time are under the signature."""
    body = body_of(payment("p-1"))

    assert 401 == refusal(body, {**signed(body, NOW), name: value})[0]


def test_a_changed_body_is_refused() -> None:
    """One byte is enough, also one that is no text."""
    headers = signed(body_of(payment("p-1")), NOW)

    assert (401, 401) == (refusal(body_of(payment("p-2")), headers)[0], refusal(b"\xff", headers)[0])


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_copy_sent_later_is_refused(seconds: int) -> None:
    """The time is under the signature, and may be so far from ours and no further."""
    body = body_of(payment("p-1"))

    status, said = refusal(body, signed(body, NOW + seconds * SECOND))

    assert (401, True) == (status, said.startswith("webhook-timestamp is more than 300 s from 12:00:00 UTC"))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[]", 'expected a JSON object {"payments": [...]}, found a list'),
        (b"{", 'expected a JSON object {"payments": [...]}, found no JSON'),
        (b'{"payments": [NaN]}', 'expected a JSON object {"payments": [...]}, found no JSON'),
        (b"[" * 100_000, 'expected a JSON object {"payments": [...]}, found no JSON'),
        (b'{"payment": []}', "'payment' is an unknown key (did you mean 'payments'?)"),
        (b"{}", "payments: missing; a sender that has none sends an empty list"),
        (b'{"payments": [], "payments": []}', "expected each key once, found 'payments' twice in one object"),
        (b'{"payments": {}}', "payments: expected a list of objects, found an object"),
        (b'{"payments": [1]}', "payments[0]: expected an object, found a number"),
        (b'{"payments": [{}, {}, {}, {}]}', "payments: expected at most 3, found 4; send several posts"),
        (b'{"payments": [{"amonut": "1"}]}', "payments[0].amonut: an unknown field (did you mean 'amount'?)"),
        (b'{"payments": [{"status": true}]}', "payments[0].status: expected text, found true or false"),
        (b'{"payments": [{"payment_id": null}]}', "payments[0].payment_id: expected text, found nothing"),
        (
            b'{"payments": [{"amount": 49.9}]}',
            'payments[0].amount: expected text such as "49.90", found a number with a point, which is not exact',
        ),
        (b'{"payments": [], "through": 5}', "through: expected text such as 2026-12-01T00:00:00Z, found a number"),
        (
            b'{"payments": [], "through": "2026-12-01"}',
            "through: expected a time with its zone, such as 2024-01-31T09:00:00Z, found 2026-12-01T00:00:00",
        ),
        (
            b'{"payments": [], "through": "1066-10-14T09:00Z"}',
            "through: expected a time since 1970, found an earlier one",
        ),
    ],
)
def test_a_post_of_another_shape_is_refused_with_the_field(body: bytes, sentence: str) -> None:
    """Nothing of it is taken."""
    status, said = refusal(body)

    assert (400, sentence) == (status, said)


def test_another_content_type_is_refused() -> None:
    """A form is no post."""
    body = body_of()

    assert 415 == refusal(body, {**signed(body, NOW), "content-type": "application/x-www-form-urlencoded"})[0]


def test_no_refusal_holds_the_secret_or_the_signature() -> None:
    """Whoever may not post learns nothing."""
    body = body_of(payment("p-1"))
    headers = {**signed(body, NOW), "webhook-id": "msg_2"}
    said = refusal(body, headers)[1]

    assert not [each for each in (SECRET, headers["webhook-signature"], "customer", "p-1") if each in said]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"secret": ""}, "sources.till.secret is empty"),
        ({"secret": "env:SHORT"}, "at least 16 bytes"),
        ({"secret": "env:NONE"}, "expected a signing secret whsec_ and base64"),
    ],
)
def test_a_secret_that_is_none_is_refused(changed: dict[str, str], sentence: str) -> None:
    """Before the daemon starts, and without showing it."""
    with pytest.raises(SourceUnusableError, match=sentence) as refused:
        receiver(**changed)

    assert "c2hvcnQ" not in str(refused.value)
