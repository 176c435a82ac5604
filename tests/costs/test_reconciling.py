"""Orders to set a budget to a bill, as the root task carries them out."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from adapters.clocks import LoopClock
from config.calendar import month_from_text
from config.instants import HOUR, MINUTE
from daemon.actuator import DRY_RUN, NOT_LEADING, STOPPING, Actuator, Answer
from daemon.kernel.pausing import pause
from machines.events import BudgetReconcileAsked, BudgetReconciled, PlanAdopted, StepOutcome
from machines.ports.budgets import Reconciled
from machines.ports.faults import Ambiguous, CallError, Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Provisioner
from tests.costs.test_costs_root import BEGAN, House, store
from tests.deciding.months import UNIT
from tests.machines.histories import shop, with_component
from tests.simulation.leading.test_guards import Led
from tests.simulation.virtual_loop import run

OCTOBER = month_from_text("2026-10")
ASKED = BudgetReconcileAsked("search", OCTOBER, 580 * UNIT, BEGAN + HOUR, "invoice 4711", "ann")


class Budgets:
    """A kind that keeps budgets; each call meets the next trouble, and then succeeds."""

    kind = "budget"

    def __init__(self, *troubles: CallError) -> None:
        self.calls: list[tuple[str, str, int, str]] = []
        self.orders: list[str] = []
        self._troubles = list(troubles)

    async def reconcile(
        self, component: str, period: str, billed_micros: int, reason: str, *, order: str, mandate: Mandate
    ) -> Reconciled:
        """520 were spent before."""
        mandate.require(f"the reconciliation of {component}")
        self.orders.append(order)
        self.calls.append((component, period, billed_micros, reason))
        if self._troubles:
            raise self._troubles.pop(0)
        return Reconciled(component, period, 520 * UNIT, billed_micros)


def ended(budgets: Any, *asked: BudgetReconcileAsked, kind: str = "budget", minutes: int = 5) -> list[BudgetReconciled]:
    """The ends that the journal has so many minutes after the orders; `budgets` None is a dry run."""

    async def main() -> list[BudgetReconciled]:
        house = House(store())
        provisioners = {} if budgets is None else {kind: cast("Provisioner", budgets)}
        await house.start((), provisioners)
        plan = with_component(shop(), "search", provisioner=kind)
        await house.recorder.record("test", [PlanAdopted(plan, "apis")])
        for each in asked or (ASKED,):
            await house.recorder.record("test", [each])
            await pause(minutes * MINUTE / 1_000_000)
        await house.stop()
        assert (house.state.costs.reconciling == {}) is bool(await house.events(BudgetReconciled))
        return cast("list[BudgetReconciled]", await house.events(BudgetReconciled))

    return run(main, 1)


def test_the_end_has_the_figures_before_and_after() -> None:
    """Once, with who ordered it and why."""
    budgets = Budgets()

    assert [
        BudgetReconciled("search", OCTOBER, "done", 580 * UNIT, 520 * UNIT, 580 * UNIT, "invoice 4711", "ann")
    ] == ended(budgets)
    assert [("search", "2026-10", 580 * UNIT, "invoice 4711")] == budgets.calls


def test_a_dry_run_changes_nothing() -> None:
    """The actuator refuses: no object exists that could."""
    (found,) = ended(None)

    assert ("refused", DRY_RUN, None) == (found.outcome, found.reason, found.after_micros)


def test_an_unknown_answer_is_asked_again() -> None:
    """As the same order, which the budget carries out once."""
    budgets = Budgets(Ambiguous("Redis did not answer"))
    (found,) = ended(budgets)

    assert ("done", 2, 1) == (found.outcome, len(budgets.calls), len(set(budgets.orders)))


def test_every_order_has_a_name_of_its_own() -> None:
    """The same bill, ordered once more, is set once more."""
    budgets = Budgets()
    again = msgspec.structs.replace(ASKED, deadline_at=ASKED.deadline_at + MINUTE)

    assert ["done", "done"] == [found.outcome for found in ended(budgets, ASKED, again)]
    assert 2 == len(set(budgets.orders))


def test_an_order_whose_deadline_passed_is_not_carried_out() -> None:
    """A daemon that was down meanwhile sets nothing back to a bill that is older than what was spent since."""
    budgets = Budgets()
    (found,) = ended(budgets, msgspec.structs.replace(ASKED, deadline_at=BEGAN))

    assert ("unknown", "no answer came by its deadline; order it again") == (found.outcome, found.reason)
    assert [] == budgets.calls


def test_a_refusal_ends_the_order() -> None:
    """With what the budget says."""
    (found,) = ended(Budgets(Permanent("search spent more")))

    assert ("refused", "search spent more") == (found.outcome, found.reason)


def test_no_answer_by_the_deadline_is_unknown() -> None:
    """An hour later it is given up; whoever ordered it may order it again."""
    troubles = [Ambiguous("Redis did not answer") for _ in range(100)]

    assert [] == ended(Budgets(*troubles), minutes=55)
    (found,) = ended(Budgets(*troubles), minutes=65)
    assert ("unknown", "Redis did not answer; order it again") == (found.outcome, found.reason)


class Heedless(Budgets):
    """Asks nobody whether this daemon leads: the actuator must have."""

    async def reconcile(
        self, component: str, period: str, billed_micros: int, reason: str, *, order: str, mandate: Mandate
    ) -> Reconciled:
        """Done at once."""
        return await super().reconcile(component, period, billed_micros, reason, order=order, mandate=Mandate())


@pytest.mark.parametrize(("stopping", "leading", "why"), [(True, True, STOPPING), (False, False, NOT_LEADING)])
def test_a_daemon_that_stops_or_leads_no_longer_sets_no_budget(stopping: bool, leading: bool, why: str) -> None:
    """No call is made; the order stays open for the next start, or for who leads."""
    budgets = Heedless()
    plan = with_component(shop(), "search", provisioner="budget")

    async def main() -> Reconciled | Answer:
        actuator = Actuator(
            observers={},
            provisioners={"budget": cast("Provisioner", budgets)},
            clock=LoopClock(BEGAN),
            call_timeout_s=60,
            concurrent_calls_max=1,
            stopping=lambda: stopping,
            leadership=Led(1, leading=leading),
        )
        return await actuator.reconcile(plan.components["search"], "2026-10", 580 * UNIT, "invoice 4711", "an order")

    assert Answer(StepOutcome.TRANSIENT, why, begun=False) == run(main, 1)
    assert [] == budgets.calls


def test_another_kind_keeps_no_budget() -> None:
    """The plan may have changed since the order."""

    class Other(msgspec.Struct):
        kind: str = "simulated"

    (found,) = ended(Other(), kind="simulated")

    assert ("refused", "simulated keeps no budget") == (found.outcome, found.reason)
