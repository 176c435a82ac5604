"""Judging a raw entry of a command stream, whatever the verb."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import SECOND
from daemon.verbs.table import VERBS, judge
from machines.commands import TEXT_CHARACTERS_MAX, Command, CommandError
from machines.events import PauseSet
from tests.machines.histories import NOW, acting
from tests.verbs.benches import AGE_MAX_S, SENT, bench, refused, told

KNOWN = (
    "pin, unpin, activate, deactivate, set-level, pause, resume, approve, deny, attest, set-threshold, adopt,"
    " remove-orphan, reconcile-budget, reset-breaker, resume-actor, reload, replay"
)


def test_the_verbs_are_these() -> None:
    """Each under its own name, with a sentence of help."""
    assert KNOWN.split(", ") == list(VERBS)
    assert list(VERBS) == [verb.name for verb in VERBS.values() if verb.help]


def test_an_unknown_verb_is_refused_with_the_nearest() -> None:
    """`did you mean` only where something is near."""
    before = bench(acting())

    refused("pausse", before, f"verb: expected one of {KNOWN}; found 'pausse' (did you mean 'pause'?)")
    refused("fly", before, f"verb: expected one of {KNOWN}; found 'fly'")
    refused("", before, f"verb: expected one of {KNOWN}; it is missing")


@pytest.mark.parametrize(
    ("verb", "takes"),
    [("pin", "by, component, reason, state, ttl"), ("resume", "by, reason"), ("deny", "by, id, reason")],
)
def test_an_unknown_field_is_refused(verb: str, takes: str) -> None:
    """The refusal names it, cut short, and the fields that the verb takes."""
    refused(verb, bench(acting()), f"{'f' * 40}: {verb} takes {takes}", **{"f" * 50: "x"})


def test_reason_and_by_are_taken_by_every_verb() -> None:
    """They are notes."""
    assert "done" == told("resume", bench(acting()), reason="why", by="ann").outcome


def test_a_text_that_is_too_long_is_refused() -> None:
    """500 characters are enough for a reason."""
    before = bench(acting())

    assert "done" == told("resume", before, reason="r" * TEXT_CHARACTERS_MAX).outcome
    refused("resume", before, "reason: expected at most 500 characters, found 501", reason="r" * 501)


def test_a_command_that_is_too_old_is_refused() -> None:
    """It may have been sent under other circumstances; exactly the limit is young enough."""
    at_limit, beyond = NOW + AGE_MAX_S * SECOND, NOW + (AGE_MAX_S + 1) * SECOND

    assert "done" == told("resume", bench(acting(), stamped_now=at_limit)).outcome
    refused(
        "resume",
        bench(acting(), stamped_now=beyond),
        "age: sent 3601 s ago; a command older than 3600 s is refused, send it again",
    )


def test_age_is_measured_by_the_clock_that_stamps() -> None:
    """A daemon that runs as of another day judges age by the machine's time."""
    years_later = NOW + 10**9 * SECOND
    before = bench(acting(), stamped_now=years_later)

    assert "done" == told("resume", before, entry_id=f"{years_later // 1000}-0").outcome


def test_a_command_from_the_future_is_taken() -> None:
    """Two clocks differ a little."""
    assert "done" == told("resume", bench(acting(), stamped_now=NOW - 5 * SECOND)).outcome


def test_the_principal_is_the_streams_and_not_a_field() -> None:
    """Nobody acts in another's name."""
    (event,) = told("pause", bench(acting()), principal="ann", by="root").events

    assert isinstance(event, PauseSet)
    assert "ann" == event.by


texts = st.text(max_size=20)
FIELDS = ["component", "state", "ttl", "scope", "id", "breaker", "actor", "reason", "level", "minimum", "item"]


@given(
    st.sampled_from(list(VERBS)) | texts,
    st.dictionaries(
        st.sampled_from(FIELDS) | texts,
        st.sampled_from(["web", "vps", "HOT", "all", "1h", "component:web", "1", "auto", "plan", "250"]) | texts,
        max_size=4,
    ),
)
def test_whatever_is_sent_is_answered(verb: str, fields: dict[str, str]) -> None:
    """It is done, or refused by a message that begins with a field."""
    try:
        outcome = judge(Command(verb, "ann", SENT, fields), bench(acting()), age_max_s=AGE_MAX_S).outcome
    except CommandError as error:
        outcome = "refused" if ": " in str(error) else str(error)

    assert outcome in {"done", "refused"}
