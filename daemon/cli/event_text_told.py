"""Sentences of what operators hold beside the plan, of where payments come from, and of what was told to whom."""

from __future__ import annotations

from config.instants import Instant, instant_text
from config.money import amount_text
from machines import events
from machines.events import Event


def text_of_holds(event: Event) -> str:
    """A level, a threshold or an attestation; "" for any other event."""
    match event:
        case events.LevelHeld():
            return f"level held at {event.level}{until_text(event.until)} by {event.by}: {event.reason}"
        case events.LevelHoldEnded():
            return f"the level is no longer held: {event.why}"
        case events.Attested():
            return f"{event.item} attested{until_text(event.until)} by {event.by}: {event.reason}"
        case events.AttestationEnded():
            return f"{event.item} is no longer attested: {event.why}"
        case events.ThresholdSet():
            amounts = f"from {amount_text(event.before_micros)} to {amount_text(event.minimum_micros)}"
            until = until_text(event.until)
            return f"threshold of level {event.level} {amounts}{until} by {event.by}: {event.reason}"
        case events.ThresholdEnded():
            return f"threshold of level {event.level} is the plan's {amount_text(event.minimum_micros)}: {event.why}"
        case _:
            return ""


def text_of_sources(event: Event) -> str:
    """Where payments come from; "" for any other event."""
    match event:
        case events.SourcesConfigured():
            return f"payments come from {', '.join(event.names) or 'the Redis stream'}"
        case events.SourceHeard():
            return f"the source {event.source} was read whole"
        case _:
            return ""


def text_of_telling(event: Event) -> str:
    """What was told to whom; "" for any other event."""
    match event:
        case events.NotificationRaised():
            return f"{event.severity}: {event.title} (to {', '.join(event.channels) or 'nobody'})"
        case events.NotificationCleared():
            return f"{event.key} is over"
        case events.DeliveryEnded():
            reason = f": {event.reason}" if event.reason else ""
            return f"{event.notification_id} to {event.channel} {event.outcome}, attempt {event.attempts}{reason}"
        case events.ChannelClosed():
            return f"channel {event.channel} is closed: {event.reason}"
        case events.DeliveryReplayed():
            return f"{event.notification_id} to {event.channel} is sent again, says {event.by}"
        case _:
            return ""


def text_of_the_file(event: Event) -> str:
    """What was done to the journal's file itself; "" for any other event."""
    match event:
        case events.JournalRestored():
            left = f", {event.dropped_events} later events left away" if event.dropped_events else ""
            return f"restored from {event.backup} of {instant_text(event.backed_up_at)}{left}"
        case events.JournalMigrated():
            return f"the journal's tables went from version {event.from_schema} to {event.to_schema}"
        case events.JournalMoved():
            return f"the journal was moved from {event.source} to {event.target}, epoch {event.epoch}"
        case _:
            return ""


def until_text(until: Instant | None) -> str:
    """` until 2026-11-21T09:00:00Z`, or nothing."""
    return "" if until is None else f" until {instant_text(until)}"
