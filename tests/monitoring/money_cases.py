"""When the alerts on revenue and cost fire."""

from __future__ import annotations

from typing import Final

from tests.monitoring.alert_case import Case, Series

EUR: Final = '{currency="EUR"}'


def _cost(*, committed: float, cap: float, billed: float = 0, unexplained: float = 0) -> Series:
    return {
        f"solvent_committed_cost_currency_per_month{EUR}": committed,
        f"solvent_cap_currency_per_month{EUR}": cap,
        f"solvent_billed_cost_currency_per_month{EUR}": billed,
        f"solvent_unexplained_cost_currency_per_month{EUR}": unexplained,
    }


MONEY_CASES: Final = (
    Case(
        "CostApproachingRevenue",
        {"revenue_cost_ratio": 0.81},
        "What runs costs 81% of the last closed month's revenue (vps:9327).",
        {"revenue_cost_ratio": 0.80},
    ),
    Case(
        "CostExceedsSafeThreshold",
        {"revenue_cost_ratio": "Inf+0x9"},
        "What runs costs +Inf% of the last closed month's revenue (vps:9327).",
        {"revenue_cost_ratio": 0.90},
    ),
    Case(
        "RevenueDropping",
        {"revenue_growth_rate": -0.25},
        "The last closed month's revenue is -25% against the one before (vps:9327).",
        {"revenue_growth_rate": -0.20},
    ),
    Case(
        "SolventCommittedCostAboveCap",
        _cost(committed=312.5, cap=300),
        "What runs, is being started or is not confirmed gone is 12.50 EUR a month above the cap (vps:9327).",
        _cost(committed=300, cap=300),
        {"currency": "EUR"},
    ),
    Case(
        "SolventBilledCostAboveCap",
        _cost(committed=280, cap=300, billed=301),
        "At its pace this month's bill will be 1.00 EUR above the cap (vps:9327).",
        _cost(committed=280, cap=300, billed=300),
        {"currency": "EUR"},
    ),
    Case(
        "SolventHiddenCost",
        _cost(committed=200, cap=300, billed=240, unexplained=40),
        "With what is billed and not in the plan, a month costs 240.00 EUR (vps:9327).",
        # At 80 % of the cap by the plan's own figures, and nothing hidden that is worth a word.
        _cost(committed=280, cap=300, billed=290, unexplained=15),
        {"currency": "EUR"},
    ),
    Case(
        "SolventCostAlarm",
        {'solvent_cost_alarms_items{status="deviates"}': 2, 'solvent_cost_alarms_items{status="outlier"}': 0},
        "2 bills are in the alarm deviates (vps:9327).",
        {'solvent_cost_alarms_items{status="deviates"}': 0},
        {"status": "deviates"},
    ),
    Case(
        "SolventBillUnread",
        {'solvent_bill_read_timestamp_seconds{reader="cost_explorer"}': -400_000},
        "The bill of cost_explorer was last read 4d 15h 21m 40s ago (vps:9327).",
        {'solvent_bill_read_timestamp_seconds{reader="cost_explorer"}': -200_000},
        {"reader": "cost_explorer"},
    ),
    Case(
        "SolventPricesOld",
        {"solvent_prices_old_items": 3},
        "3 components have a price that is older than the plan allows (vps:9327).",
        {"solvent_prices_old_items": 0},
    ),
)
