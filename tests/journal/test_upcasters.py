"""Old versions of events are read as today's."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from machines.event_codec import decode_event, encode_event
from machines.events import Event, PauseSet, StepEnded
from machines.upcasters import EVENT_VERSIONS, UPCASTERS, EventNewerError, RawEvent, upcast
from tests.fixtures.event_samples import one_of_each


def pause_from_1(raw: RawEvent) -> RawEvent:
    """Version 1 had `what`, in capitals."""
    return {key: value for key, value in raw.items() if key != "what"} | {"scope": raw["what"].lower()}


def pause_from_2(raw: RawEvent) -> RawEvent:
    """Version 2 did not say who."""
    return raw | {"by": "unknown"}


VERSIONS = dict(EVENT_VERSIONS) | {"PauseSet": 3}
CHAIN = {("PauseSet", 1): pause_from_1, ("PauseSet", 2): pause_from_2}


def test_an_event_two_versions_old_is_read_through_both_upcasters() -> None:
    """Each upcaster brings the raw event one version on."""
    old = b'{"type":"PauseSet","what":"ALL","until":null,"reason":"holiday"}'
    event = decode_event("PauseSet", 1, old, VERSIONS, CHAIN)
    assert isinstance(event, PauseSet)
    assert (event.scope.value, event.by, event.reason) == ("all", "unknown", "holiday")


def test_an_event_of_today_passes_no_upcaster() -> None:
    """Today's version is taken as it is."""
    raw = {"type": "PauseSet", "what": "left alone"}
    assert upcast("PauseSet", 3, raw, VERSIONS, CHAIN) == raw


def test_an_event_from_the_future_is_refused() -> None:
    """A higher version or an unknown name was written by a newer solvent."""
    with pytest.raises(EventNewerError, match="reads PauseSet up to version 3, found version 4"):
        upcast("PauseSet", 4, {}, VERSIONS, CHAIN)
    with pytest.raises(EventNewerError, match="knows no event called 'Teleported'"):
        upcast("Teleported", 1, {}, VERSIONS, CHAIN)


def test_every_version_left_behind_has_its_upcaster() -> None:
    """Raising a number in `EVENT_VERSIONS` without writing the function fails here."""
    behind = {(name, version) for name, current in EVENT_VERSIONS.items() for version in range(1, current)}
    assert behind == set(UPCASTERS)


def test_every_event_has_a_version() -> None:
    """No event can be written without one."""
    assert set(EVENT_VERSIONS) == {kind.__name__ for kind in get_args(Event)}


def test_bytes_that_are_no_event_are_refused() -> None:
    """A field of the wrong type is an error, not a guess."""
    ended = next(each for each in one_of_each() if isinstance(each, StepEnded))
    spoilt = encode_event(ended).data.replace(b'"attempt":', b'"attempt":"x","was":')
    with pytest.raises(msgspec.MsgspecError):
        decode_event("StepEnded", 1, spoilt)
