"""`reconcile-budget`: set what a month of a paid API has spent to what its provider bills."""

from __future__ import annotations

import pytest

from config.calendar import month_from_text
from config.instants import SECOND
from machines.events import BudgetReconcileAsked, BudgetReconciled, Event, Mode, Started
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import NOW, SHOP, acting, with_component
from tests.verbs.benches import bench, refused, told

APIS = with_component(SHOP, "search", provisioner="budget")
JUNE = month_from_text("2024-06")
ASKED = BudgetReconcileAsked("search", JUNE, 580 * UNIT, NOW + 600 * SECOND, "invoice 4711", "ann")
FIELDS = {"component": "search", "month": "2024-06", "bill": "580.00", "reason": "invoice 4711"}


def acting_on_apis(*events: Event) -> State:
    """A daemon that acts on a plan with a budget."""
    return acting(*events, plan=APIS)


def test_the_order_is_recorded_with_its_answer() -> None:
    """Who, why, how much, and until when it is tried."""
    judged = told("reconcile-budget", bench(acting_on_apis()), **FIELDS)

    assert ("done", (ASKED,)) == (judged.outcome, judged.events)
    assert "setting 2024-06 of search to 580.00; its end is in solvent history, as BudgetReconciled" == judged.reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"component": "web"}, "component: web is of the kind simulated; expected a budget"),
        ({"month": "May"}, "month: expected a month such as 2026-11, found 'May'"),
        ({"month": "2024-07"}, "month: 2024-07 has not begun; nothing was spent in it"),
        (
            {"month": "2024-05"},
            "month: 2024-05 is before 2024-06, when the first plan was adopted: nothing was counted in it",
        ),
        ({"bill": "much"}, "bill: expected a decimal amount such as 19.99, found 'much'"),
        ({"bill": "-1"}, "bill: expected an amount from 0 to 9000000000.00, found -1"),
        (
            {"reason": ""},
            "reason: missing; expected where the bill is from; a lower one lets the application spend again",
        ),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, str], reason: str) -> None:
    """Each says the field and what was expected."""
    refused("reconcile-budget", bench(acting_on_apis()), reason, **{**FIELDS, **changed})


def test_a_dry_run_refuses() -> None:
    """A daemon that only observes changes no budget."""
    before = bench(acting_on_apis(Started("shop", "0", Mode.OBSERVE_ONLY)))

    reason = "mode: this daemon only observes and changes nothing; start it with --act to reconcile"
    refused("reconcile-budget", before, reason, **FIELDS)


def test_one_order_at_a_time() -> None:
    """A second one waits for the first's end."""
    reason = "component: search is being reconciled already; see solvent history"
    refused("reconcile-budget", bench(acting_on_apis(ASKED)), reason, **FIELDS)
    ended = BudgetReconciled("search", JUNE, "done", 580 * UNIT, 0, 580 * UNIT)
    assert "done" == told("reconcile-budget", bench(acting_on_apis(ASKED, ended)), **FIELDS).outcome
