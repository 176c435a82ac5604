"""The entries of the outgoing streams: flat text fields, made from an event alone, the same every time they are made.

`docs/streams.md` lists the fields. An entry's id is `<recorded milliseconds>-<sequence>`; it never falls, because the
recorded time does not (ARCHITECTURE 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text
from config.unreadable import UNREADABLE
from machines import events
from machines.event_codec import encode_event
from machines.events import Recorded
from machines.ports.streams import Outgoing

EVENTS: Final = "events"
MRR: Final = "mrr"
REPLIES: Final = "replies"
REJECTED: Final = "rejected"
STREAMS: Final = (MRR, REPLIES, REJECTED, EVENTS)
"""In the order of publishing: what `events` holds, the others hold already."""

_MICROSECONDS_PER_MILLISECOND: Final = 1_000
_ORIGINAL: Final = "original_"
"""What the names of a rejected entry's own fields begin with, so that they cannot hide ours."""


def entry_id(recorded: Recorded) -> str:
    """The id of the event's entry in every stream."""
    return f"{recorded.recorded_at // _MICROSECONDS_PER_MILLISECOND}-{recorded.sequence}"


def sequence_of(published_id: str) -> int:
    """The sequence number in an entry's id."""
    return int(published_id.rpartition("-")[2])


def entry_for(stream: str, recorded: Recorded, journal_id: str) -> Outgoing | None:
    """The event's entry in one of `STREAMS`; None where that stream does not show it."""
    fields = _FIELDS[stream](recorded)
    if fields is None:
        return None
    own = {
        "journal_id": journal_id,
        "sequence": str(recorded.sequence),
        "recorded_at": instant_text(recorded.recorded_at),
    }
    return Outgoing(entry_id(recorded), {**own, **fields})


def _event_fields(recorded: Recorded) -> Mapping[str, str]:
    encoded = encode_event(recorded.event)
    return {
        "type": encoded.name,
        "version": str(encoded.version),
        "actor": recorded.actor,
        "cause": "" if recorded.cause is None else str(recorded.cause),
        "effective_at": instant_text(recorded.effective_at),
        # Whole microseconds as well: folding the stream must give the journal's state (I9).
        "recorded_micros": str(recorded.recorded_at),
        "effective_micros": str(recorded.effective_at),
        "data": encoded.data.decode(),
    }


def _mrr_fields(recorded: Recorded) -> Mapping[str, str] | None:
    match recorded.event:
        case events.RevenueMeasured() as measured:
            return {
                "kind": "measured",
                "as_of": instant_text(measured.as_of),
                "mrr": amount_text(measured.mrr_micros),
                "mrr_committed": amount_text(measured.mrr_committed_micros),
                "month": month_text(measured.month),
                "month_to_date": amount_text(measured.month_to_date_micros),
                "quality": measured.quality,
                "reason": measured.reason,
            }
        case events.MonthClosed() as closed:
            return {
                "kind": "closed",
                "as_of": instant_text(recorded.effective_at),
                "mrr": amount_text(closed.trailing_micros),
                "month": month_text(closed.month),
                "month_to_date": amount_text(closed.revenue_micros),
                "revenue": amount_text(closed.revenue_micros),
                "revenue_all": amount_text(closed.revenue_all_micros),
                "revenue_committed": amount_text(closed.revenue_committed_micros),
                "quality": "closed",
                "closed_by": closed.by,
            }
        case _:
            return None


def _reply_fields(recorded: Recorded) -> Mapping[str, str] | None:
    event = recorded.event
    if not isinstance(event, events.CommandAnswered):
        return None
    return {
        "id": event.entry_id,
        "stream": event.stream,
        "verb": event.verb,
        "outcome": event.outcome,
        "reason": event.reason,
        "by": event.by,
    }


def _rejected_fields(recorded: Recorded) -> Mapping[str, str] | None:
    event = recorded.event
    if not isinstance(event, events.EntryRejected):
        return None
    return {
        "stream": event.stream,
        "id": event.entry_id,
        "field": event.field,
        "reason": event.reason,
        "raw": event.raw,
        **{f"{_ORIGINAL}{name}": value for name, value in _original(event.raw).items()},
    }


def _original(raw: str) -> dict[str, str]:
    """The rejected entry's own fields, where `raw` is their JSON."""
    try:
        fields: Any = msgspec.json.decode(raw)
    except UNREADABLE:
        return {}
    if not isinstance(fields, dict):
        return {}
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in fields.items()
    }


_FIELDS: Final = {
    EVENTS: _event_fields,
    MRR: _mrr_fields,
    REPLIES: _reply_fields,
    REJECTED: _rejected_fields,
}
