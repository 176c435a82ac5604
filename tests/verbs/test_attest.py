"""`attest`: state that a checklist item is met, and take it back."""

from __future__ import annotations

import msgspec

from machines.events import AttestationEnded, Attested
from tests.machines.histories import SHOP, acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told

CHECKED = msgspec.structs.replace(SHOP, checklist={"audited": "the auditor signed", "staffed": "somebody is on call"})
ATTESTED = Attested("audited", None, "the report", "ann")


def test_an_item_is_attested() -> None:
    """With its end, its reason and who stands for it."""
    judged = told("attest", bench(acting(plan=CHECKED)), item="audited", ttl="2h", reason="the report")

    assert (Attested("audited", IN_TWO_HOURS, "the report", "ann"),) == judged.events
    assert "audited is attested until 2024-06-01T02:00:00Z, which the next close judges" == judged.reason


def test_it_is_taken_back() -> None:
    """By anybody; only what is attested can be."""
    before = bench(acting(ATTESTED, plan=CHECKED))

    judged = told("attest", before, principal="bob", item="audited", state="withdrawn")
    assert (AttestationEnded("audited", "withdrawn by bob"),) == judged.events
    refused("attest", before, "item: nobody attests staffed", item="staffed", state="withdrawn")


def test_the_item_must_be_on_the_checklist() -> None:
    """The refusal lists it, and the nearest."""
    before = bench(acting(plan=CHECKED))

    refused("attest", before, "item: missing; expected an item of the plan's checklist: audited, staffed", reason="x")
    found = "item: the plan's checklist has audited, staffed; found 'audit' (did you mean 'audited'?)"
    refused("attest", before, found, item="audit", reason="x")
    none = "item: the plan has no checklist; declare the item there, and ask for it in a trigger"
    refused("attest", bench(acting()), none, item="audited", reason="x")


def test_a_reason_is_needed_and_the_state_is_one_of_two() -> None:
    """The refusal shows the item's own text."""
    before = bench(acting(plan=CHECKED))
    asked = "reason: missing; expected what shows that it is met: the auditor signed"

    refused("attest", before, asked, item="audited")
    refused("attest", before, "state: expected met or withdrawn, found 'no'", item="audited", state="no", reason="x")
