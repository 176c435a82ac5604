"""Dials."""

from __future__ import annotations

from config.instants import Instant
from machines.dialing import Rule
from machines.events.base import EventStruct


class DialTurned(EventStruct, frozen=True):
    """A dial's share, its goal or the rules that hold changed; the application reads it after this is durable."""

    component: str
    share_percent: int
    wished_percent: int
    turned_at: Instant
    holding: tuple[Rule, ...] = ()
    reasons: tuple[str, ...] = ()
