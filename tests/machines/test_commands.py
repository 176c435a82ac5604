"""A command's fields as they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import SECOND
from machines.commands import Command, CommandError, Judged, done
from machines.events import PauseEnded
from tests.machines.histories import NOW

TTL_MAX_S = 30 * 86400


def command(**fields: str) -> Command:
    """A command with these fields."""
    return Command("pin", "alice", "1-0", fields)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800), ("30d", TTL_MAX_S)]
)
def test_a_duration_is_a_number_with_its_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours and days, up to the longest that is allowed."""
    assert NOW + seconds * SECOND == command(ttl=text).until(NOW, TTL_MAX_S)


def test_no_duration_means_for_good() -> None:
    """Without `ttl` nothing runs out."""
    assert command().until(NOW, TTL_MAX_S) is None


@pytest.mark.parametrize("text", ["", "0s", "15", "h", "-1h", "1.5h", "1w", "1 h", "1h ", "1h\n", "1234567890s", "٣h"])
def test_a_duration_that_cannot_be_read_is_refused(text: str) -> None:
    """The field is named, and what was expected and found."""
    with pytest.raises(CommandError, match=r"^ttl: expected a duration such as 90s, 15m, 2h or 7d, found "):
        command(ttl=text).until(NOW, TTL_MAX_S)


def test_a_duration_beyond_the_limit_is_refused() -> None:
    """One second too many is too long."""
    with pytest.raises(CommandError, match=f"^ttl: expected at most {TTL_MAX_S} s, found {TTL_MAX_S + 1}s$"):
        command(ttl=f"{TTL_MAX_S + 1}s").until(NOW, TTL_MAX_S)


@given(st.text(max_size=1000))
def test_no_duration_escapes_the_limits(text: str) -> None:
    """Whatever is sent is refused by a short message or ends within the limit."""
    try:
        until = command(ttl=text).until(NOW, TTL_MAX_S)
    except CommandError as error:
        refused, until = str(error), NOW + 1
    else:
        refused = ""

    assert len(refused) < 400
    assert until is not None
    assert NOW < until <= NOW + TTL_MAX_S * SECOND


@pytest.mark.parametrize("fields", [{}, {"component": ""}])
def test_a_missing_field_is_named(fields: dict[str, str]) -> None:
    """An empty text is as good as none."""
    with pytest.raises(CommandError, match=r"^component: missing; expected the id of a component$"):
        command(**fields).required("component", "the id of a component")


def test_a_field_is_taken_as_it_is() -> None:
    """What is there is handed over unchanged."""
    assert "web" == command(component="web").required("component", "the id of a component")


def test_a_reason_may_be_missing() -> None:
    """It is then empty."""
    assert ["", "tonight's sale"] == [command().reason, command(reason="tonight's sale").reason]


def test_what_is_done_carries_its_events() -> None:
    """Nothing else follows from it unless a verb says so."""
    event = PauseEnded("resumed")

    assert Judged("done", "resumed", (event,), resume_actor="", trust_clock=False) == done("resumed", event)
