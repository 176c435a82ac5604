"""What an event looks like in the streams."""

from __future__ import annotations

import msgspec
import pytest

from config.instants import SECOND
from daemon.publication.entries import STREAMS, entry_for, entry_id, sequence_of
from machines.event_codec import decode_event
from machines.events import CommandAnswered, EntryRejected, Event, MonthClosed, Recorded, RevenueMeasured
from tests.fixtures.event_samples import one_of_each

AT = 1_709_251_200 * SECOND + 123_456


def fields_of(stream: str, event: Event) -> dict[str, str]:
    """The entry's fields without those that every entry has."""
    entry = entry_for(stream, Recorded(7, AT, AT - SECOND, "revenue", 5, event), "journal-1")
    assert entry is not None
    common = {"journal_id": "journal-1", "sequence": "7", "recorded_at": "2024-03-01T00:00:00.123456Z"}
    assert common == {name: entry.fields[name] for name in common}
    return {name: value for name, value in entry.fields.items() if name not in common}


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_the_published_event_is_the_journals(event: Event) -> None:
    """Each event can be read back from the stream of all events, with its times and its cause."""
    fields = fields_of("events", event)

    assert event == decode_event(fields["type"], int(fields["version"]), fields["data"])
    assert ("revenue", "5") == (fields["actor"], fields["cause"])
    assert (str(AT), str(AT - SECOND)) == (fields["recorded_micros"], fields["effective_micros"])


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_each_stream_shows_its_own_events(event: Event) -> None:
    """All events are in `events`; readings, replies and rejections have a stream of their own as well."""
    wanted = {"events"}
    if isinstance(event, RevenueMeasured | MonthClosed):
        wanted.add("mrr")
    if isinstance(event, CommandAnswered):
        wanted.add("replies")
    if isinstance(event, EntryRejected):
        wanted.add("rejected")

    recorded = Recorded(7, AT, AT, "tester", None, event)

    assert wanted == {stream for stream in STREAMS if entry_for(stream, recorded, "j") is not None}


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_fields_are_flat_text(event: Event) -> None:
    """Redis keeps text: no field is anything else."""
    recorded = Recorded(7, AT, AT, "tester", None, event)
    entries = [entry for stream in STREAMS if (entry := entry_for(stream, recorded, "j")) is not None]

    assert {str} == {type(text) for entry in entries for pair in entry.fields.items() for text in pair}


def test_the_id_is_milliseconds_and_sequence() -> None:
    """The id sorts by the recorded time, then by the sequence number, which can be read back from it."""
    recorded = Recorded(7, AT, AT, "tester", None, one_of_each()[0])

    assert "1709251200123-7" == entry_id(recorded)
    assert 7 == sequence_of("1709251200123-7")


def test_a_reading_is_exact_money() -> None:
    """Amounts are decimal text, a month is its text, and the quality is said."""
    event = RevenueMeasured(AT, 650_250_001, 600_000_000, 2024 * 12 + 2, 41_000_000, "silent", "nothing was received")

    assert {
        "kind": "measured",
        "as_of": "2024-03-01T00:00:00.123456Z",
        "mrr": "650.250001",
        "mrr_committed": "600.00",
        "month": "2024-03",
        "month_to_date": "41.00",
        "quality": "silent",
        "reason": "nothing was received",
    } == fields_of("mrr", event)


def test_a_closed_month_is_a_reading_too() -> None:
    """It carries the month's revenue in all three figures and says how it was closed."""
    fields = fields_of("mrr", MonthClosed(2024 * 12, "watermark", 10_000_000, 9_000_000, 12_000_000, 8_000_000))

    assert ("closed", "2024-01", "watermark") == (fields["kind"], fields["month"], fields["closed_by"])
    assert ("9.00", "10.00", "12.00", "8.00") == (
        fields["mrr"],
        fields["revenue"],
        fields["revenue_all"],
        fields["revenue_committed"],
    )


def test_a_reply_names_its_command() -> None:
    """The id and stream of the command, what became of it and why."""
    assert {
        "id": "9-0",
        "stream": "commands:night",
        "verb": "pin",
        "outcome": "refused",
        "reason": "no such component",
        "by": "ann",
    } == fields_of("replies", CommandAnswered("commands:night", "9-0", "pin", "refused", "no such component", "ann"))


def test_a_rejected_entry_can_be_read_again() -> None:
    """What was wrong, and each field of the original under a name of its own."""
    raw = msgspec.json.encode({"payment_id": "p-1", "amount": "x", "field": "mine"}).decode()
    fields = fields_of("rejected", EntryRejected("payments", "5-0", "amount", "expected an amount", raw))

    assert {
        "stream": "payments",
        "id": "5-0",
        "field": "amount",
        "reason": "expected an amount",
        "raw": raw,
        "original_payment_id": "p-1",
        "original_amount": "x",
        "original_field": "mine",
    } == fields


@pytest.mark.parametrize("raw", ["", "one line of a file", "[1, 2]", '{"a": '])
def test_what_is_no_object_stays_raw(raw: str) -> None:
    """A row that cannot be taken apart is published as it is."""
    fields = fields_of("rejected", EntryRejected("payments", "5-0", "row", "expected 7 columns", raw))

    assert raw == fields["raw"]
    assert [] == [name for name in fields if name.startswith("original_")]
