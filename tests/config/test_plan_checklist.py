"""`checklist` and `attested`: what operators attest, declared once and asked for by name."""

from __future__ import annotations

import msgspec
import pytest

from config.loading import plan_from_text
from config.triggers import AllOf, Attested, bounds_micros, items_of, minimum_micros, with_minimum
from tests.config.plan_text import PLAN, lines_of
from tests.deciding.months import UNIT, at_least

UNBOUND = "expected a trigger that at_least or above bounds from below, in every branch of an any, found none"
REVENUE = "{metric: revenue, at_least: 50.50, for_months: 2}"
LIST = "checklist:\n  audited: the auditor signed\n"


def asking(trigger: str, checklist: str = LIST) -> str:
    """The plan with a checklist at its end, so that no line moves, and another trigger of its paid level."""
    return PLAN.replace(f"trigger: {REVENUE}", f"trigger: {trigger}") + checklist


AUDITED = asking(f"{{all: [{REVENUE}, {{attested: audited}}]}}")


def test_an_item_is_read() -> None:
    """With its text, as a leaf of the tree; the minimum is that of revenue."""
    plan = plan_from_text(AUDITED, "shop.yaml", ())

    assert {"audited": "the auditor signed"} == plan.checklist
    trigger = plan.levels[1].trigger
    assert trigger is not None
    assert (("audited",), 50_500_000) == (items_of(trigger), minimum_micros(trigger))


def test_a_hold_may_ask_for_an_item_too() -> None:
    """It is used then."""
    hold = "{any: [{metric: revenue, below: 20}, {all: [{metric: revenue, at_most: 10}]}]}"

    assert [] == lines_of(PLAN.replace(hold, "{attested: audited}") + LIST)


ITEM = "36: levels.paid.trigger.all.1.attested: expected an item of checklist"
UNASKED = "an item that the trigger or hold of a level asks for, as {attested: audited}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            asking(f"{{all: [{REVENUE}, {{attested: auditd}}]}}"),
            f"{ITEM} (audited), found 'auditd' (did you mean 'audited'?)",
        ),
        (asking(f"{{all: [{REVENUE}, {{attested: audited}}]}}", ""), f"{ITEM} (none is declared), found 'audited'"),
        (asking(REVENUE), f"42: checklist.audited: expected {UNASKED}, found 'audited', which none does"),
        (
            asking(f"{{all: [{REVENUE}, {{attested: audited, for_months: 2}}]}}"),
            "36: levels.paid.trigger.all.1.for_months: expected attested, found the unknown key 'for_months'",
        ),
        (asking("{attested: audited}"), f"36: levels.paid.trigger: {UNBOUND}"),
        (asking(f"{{any: [{REVENUE}, {{attested: audited}}]}}"), f"36: levels.paid.trigger: {UNBOUND}"),
    ],
)
def test_a_mistake_is_named_exactly(text: str, problem: str) -> None:
    """Unknown items with the nearest; items nobody asks for; an item alone, which would rise without revenue."""
    assert [f"shop.yaml:{problem}"] == lines_of(text)


def test_the_former_name_leads_to_the_new_one() -> None:
    """`attest` was announced; `attested` is what it became."""
    found = lines_of(asking(f"{{all: [{REVENUE}, {{attest: audited}}]}}"))

    assert any("levels.paid.trigger.all.1" in each for each in found)


def test_a_plan_without_a_checklist_keeps_its_json() -> None:
    """So its fingerprint stays, and what an older solvent recorded is still the same plan."""
    plain, listed = plan_from_text(PLAN, "shop.yaml", ()), plan_from_text(AUDITED, "shop.yaml", ())

    assert [False, True] == [b"checklist" in msgspec.json.encode(each) for each in (plain, listed)]


def test_every_bound_from_below_is_replaced_at_once() -> None:
    """What bounds from above, and items, stay."""
    tree = AllOf((at_least(5, 2), Attested("audited"), at_least(5)))

    assert (5 * UNIT,) == bounds_micros(tree)
    assert AllOf((at_least(7, 2), Attested("audited"), at_least(7))) == with_minimum(tree, 7 * UNIT)
