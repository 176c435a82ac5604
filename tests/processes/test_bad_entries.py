"""Entries that are no payments: rejected by id and field, readable again, and nothing beside them lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from machines.events import EntryRejected, PaymentsRecorded
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, RedisServer, payment_fields
from tests.processes.waiting import until

MEGABYTE = 1_000_000
BAD: dict[str, tuple[Mapping[Any, Any], str]] = {
    "missing field": ({"payment_id": "x", "amount": "1.00"}, "customer_id"),
    "nothing of a payment": ({"hello": "world"}, "payment_id"),
    "negative amount": (payment_fields("x", "2024-01-10", "-1.00"), "amount"),
    "not a number": (payment_fields("x", "2024-01-10", "NaN"), "amount"),
    "infinite": (payment_fields("x", "2024-01-10", "Infinity"), "amount"),
    "exponent of a thousand": (payment_fields("x", "2024-01-10", "1e1000"), "amount"),
    "no amount": (payment_fields("x", "2024-01-10", ""), "amount"),
    "date without zone": (payment_fields("x", "2024-01-10", "1.00", created_at="2024-01-10T12:00:00"), "created_at"),
    "no date": (payment_fields("x", "2024-01-10", "1.00", created_at="yesterday"), "created_at"),
    "unknown currency": (payment_fields("x", "2024-01-10", "1.00", currency="XYZ"), "currency"),
    "unknown kind": (payment_fields("x", "2024-01-10", "1.00", kind="gift"), "kind"),
    "unknown field": (payment_fields("x", "2024-01-10", "1.00", amuont="2.00"), "amuont"),
    "the same id, another amount": (payment_fields("good-0", "2024-01-10", "2.00"), "amount"),
    "a megabyte": (payment_fields("x" * MEGABYTE, "2024-01-10", "1.00"), "payment_id"),
    "a field name of a megabyte": (payment_fields("x", "2024-01-10", "1.00") | {"y" * MEGABYTE: "1"}, ""),
    "bytes that are no text": (payment_fields("x", "2024-01-10", "1.00") | {"payment_id": b"\xff\x00"}, "payment_id"),
    "a watermark that is none": ({"watermark": "soon"}, "watermark"),
    "a watermark without zone": ({"watermark": "2024-02-01T00:00:00"}, "watermark"),
    "a watermark and a payment": (
        payment_fields("x", "2024-01-10", "1.00") | {"watermark": "2024-02-01T00:00:00Z"},
        "watermark",
    ),
}  # fmt: skip
"""What is sent, and the field that must be named; an empty one is the megabyte's own name, cut."""


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon."""
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url) as daemon:
        yield daemon


def rejected(keys: Keys) -> dict[str, dict[str, str]]:
    """What stands in `solvent:rejected`, by the id of the entry that was rejected."""
    return {fields["id"]: fields for _, fields in keys.entries("rejected")}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_entry_between_good_ones_is_rejected_alone(daemon: DaemonProcess, keys: Keys, name: str) -> None:
    """It is published with its id and field; its neighbours count, each once."""
    fields, field = BAD[name]
    keys.payment("good-0", "2024-01-10", "1.00")
    bad_id = keys.add("payments", fields)
    keys.payment("good-1", "2024-01-11", "1.00")
    until(lambda: len(daemon.journal.counted()) >= 2, "the good ones to be counted")
    shown = until(lambda: rejected(keys).get(bad_id), "the rejection to be published")

    assert ["good-0", "good-1"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert [bad_id] == [event.entry_id for event in daemon.journal.events(EntryRejected)]
    assert "payments" == shown["stream"]
    assert field == shown["field"] or (not field and shown["field"].startswith("y"))
    assert shown["reason"]
    assert len(str(shown)) < 50_000


def test_all_of_them_at_once_lose_and_double_nothing(daemon: DaemonProcess, keys: Keys) -> None:
    """Each bad entry twice among good ones sent twice, over a kill: as many rejections, every payment once."""
    bad_ids: list[str] = []
    for number, (fields, _) in enumerate((*BAD.values(), *BAD.values())):
        for _ in range(2):
            keys.payment(f"good-{number}", "2024-01-10", "1.00")
        bad_ids.append(keys.add("payments", fields))
    daemon.kill()
    daemon.start()
    until(lambda: len(rejected(keys)) >= len(bad_ids), "all rejections")

    assert sorted(bad_ids) == sorted(fields["id"] for _, fields in keys.entries("rejected"))
    assert [f"good-{number}" for number in range(len(bad_ids))] == [
        payment.payment_id for payment in daemon.journal.counted()
    ]
    assert len(bad_ids) == sum(event.duplicates for event in daemon.journal.events(PaymentsRecorded))


def test_a_rejected_entry_can_be_mended_and_sent_again(daemon: DaemonProcess, keys: Keys) -> None:
    """Its own fields stand in `solvent:rejected`; mended and sent again, it counts."""
    sent = payment_fields("mistyped", "2024-01-10", "12,50")
    bad_id = keys.add("payments", sent)
    shown = until(lambda: rejected(keys).get(bad_id), "the rejection to be published")
    kept = msgspec.json.decode(shown["raw"], type=dict[str, str])

    assert {name: text for name, text in sent.items() if name != "customer_id"} == {
        name: text for name, text in kept.items() if name != "customer_id"
    }
    assert sent["customer_id"] not in str(shown)  # the journal's chain cannot forget: customers stand there hashed
    keys.add("payments", {**sent, "amount": "12.50"})
    counted = until(daemon.journal.counted, "the mended one to be counted")
    assert [("mistyped", 12_500_000)] == [(payment.payment_id, payment.amount_micros) for payment in counted]
