"""What operators set beside the plan: a level, a threshold, what they attest."""

from __future__ import annotations

from config.instants import Instant
from machines.events.base import EventStruct


class LevelHeld(EventStruct, frozen=True):
    """An operator holds the level that components are moved towards, until `until` (None: until `set-level` `auto`)."""

    level: int
    until: Instant | None
    reason: str
    by: str


class LevelHoldEnded(EventStruct, frozen=True):
    """The planner decides again."""

    why: str


class Attested(EventStruct, frozen=True):
    """An operator states that a checklist item of the plan is met, until `until` (None: until it is taken back)."""

    item: str
    until: Instant | None
    reason: str
    by: str


class AttestationEnded(EventStruct, frozen=True):
    """An attestation was taken back or expired."""

    item: str
    why: str


class ThresholdSet(EventStruct, frozen=True):
    """An operator set the revenue from which a level may be activated, instead of the plan's figure."""

    level: int
    minimum_micros: int
    before_micros: int
    """What held until now."""
    until: Instant | None
    reason: str
    by: str


class ThresholdEnded(EventStruct, frozen=True):
    """The plan's own figure holds again: the setting was taken back, expired, or a new plan came."""

    level: int
    minimum_micros: int
    """The plan's."""
    why: str
