"""What all events are."""

from __future__ import annotations

import msgspec


class EventStruct(msgspec.Struct, frozen=True, tag=True, tag_field="type", omit_defaults=True):
    """The base of all events; the tag is the class's name."""
