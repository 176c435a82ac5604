"""`approve` and `deny`: answer what waits."""

from __future__ import annotations

import msgspec
import pytest

from config.instants import DAY
from machines.events import ApprovalAsked, ApprovalEnded, ApprovalGiven
from tests.machines.histories import NOW, acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told

LEVEL = ApprovalAsked("level-1-7", "level:1", "", "ann", NOW + DAY)
OVER_CAP = ApprovalAsked("web-8", "component:web", "", "ann", NOW + DAY, exceeds_cap=True)


def test_a_level_is_approved() -> None:
    """By anybody, also without a reason; it lives as long as the question."""
    judged = told("approve", bench(acting(LEVEL)), id="level-1-7")

    assert ("done", "approved level:1") == (judged.outcome, judged.reason)
    assert (ApprovalGiven("level-1-7", "ann", NOW + DAY, ""),) == judged.events


def test_an_approval_may_live_shorter() -> None:
    """As long as it says."""
    judged = told("approve", bench(acting(LEVEL)), id="level-1-7", ttl="2h", reason="go")

    assert (ApprovalGiven("level-1-7", "ann", IN_TWO_HOURS, "go"),) == judged.events


def test_exceeding_the_cap_needs_another_operator() -> None:
    """Whoever asked cannot approve; the second one says why."""
    before = bench(acting(OVER_CAP))

    how = "name them in the setting commands.principals; solvent redis-acl writes what each may do"
    expected = f"id: ann asked for it; exceeding the cap needs another operator ({how})"
    refused("approve", before, expected, id="web-8", reason="go")
    judged = told("approve", before, principal="bob", id="web-8", reason="launch")
    assert (ApprovalGiven("web-8", "bob", NOW + DAY, "launch"),) == judged.events


def test_the_answer_says_up_to_which_amount_it_holds() -> None:
    """What the question named, in all."""
    asked = msgspec.structs.replace(OVER_CAP, total_micros=70_000_000)
    judged = told("approve", bench(acting(asked)), principal="bob", id="web-8", reason="launch")

    assert "approved component:web, up to 70.00 a month in all" == judged.reason


def test_exceeding_the_cap_needs_a_reason() -> None:
    """The field is named."""
    expected = "reason: missing; expected why the cap may be exceeded"

    refused("approve", bench(acting(OVER_CAP)), expected, principal="bob", id="web-8")


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_only_what_waits_can_be_answered(verb: str) -> None:
    """The refusal lists what does; what was approved waits no more."""
    given = ApprovalGiven("level-1-7", "bob", NOW + DAY, "")
    before = bench(acting(LEVEL, OVER_CAP, given))

    refused(verb, before, "id: missing; expected the id of what waits for approval")
    refused(verb, before, "id: nothing of that id waits for approval; what waits: web-8", id="level-1-7")
    refused(verb, bench(acting()), "id: nothing of that id waits for approval; what waits: nothing", id="x")


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_a_question_that_ran_out_waits_no_more(verb: str) -> None:
    """Also where nobody recorded its end yet."""
    late = msgspec.structs.replace(OVER_CAP, until=NOW)

    expected = "id: nothing of that id waits for approval; what waits: nothing"
    refused(verb, bench(acting(late)), expected, principal="bob", id="web-8", reason="go")


def test_a_duration_must_be_readable() -> None:
    """As everywhere."""
    expected = "ttl: expected a duration such as 90s, 15m, 2h or 7d, found '0h'"

    refused("approve", bench(acting(LEVEL)), expected, id="level-1-7", ttl="0h")


def test_a_move_is_denied() -> None:
    """Also by whoever asked for it."""
    judged = told("deny", bench(acting(OVER_CAP)), id="web-8")

    assert ("done", "denied component:web") == (judged.outcome, judged.reason)
    assert (ApprovalEnded("web-8", "denied", "ann"),) == judged.events
