"""Events as the bytes that a journal keeps: JSON that people can query, typed again on the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from machines.events import Event
from machines.upcasters import EVENT_VERSIONS, UPCASTERS, RawEvent, Upcaster, upcast

_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")
_DECODER: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_RAW_DECODER: Final = msgspec.json.Decoder(RawEvent)


class EncodedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event ready to be stored. `data` is UTF-8 JSON that includes the name under `type`."""

    name: str
    version: int
    data: bytes


def encode_event(event: Event) -> EncodedEvent:
    """The event in today's version; raises `TypeError` or `ValueError` for values that JSON cannot carry."""
    name = type(event).__name__
    return EncodedEvent(name, EVENT_VERSIONS[name], _ENCODER.encode(event))


def decode_event(
    name: str,
    version: int,
    data: bytes | str,
    versions: Mapping[str, int] = EVENT_VERSIONS,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> Event:
    """The event that was stored, upcast to today's version.

    Raises `machines.upcasters.EventNewerError` for one from a newer solvent and `msgspec.MsgspecError` for bytes that
    are no such event.
    """
    if version == versions.get(name):
        return _DECODER.decode(data)
    event: Event = msgspec.convert(upcast(name, version, _RAW_DECODER.decode(data), versions, upcasters), Event)
    return event
