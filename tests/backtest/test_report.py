"""The published JSON of a backtest: keys, their order, and how amounts and quotients are written."""

from __future__ import annotations

import json
from typing import Any

from config.loading import load_plan
from machines.backtest import report_json
from tests.backtest.payments import monthly, replayed


def reported(*amounts: str) -> dict[str, Any]:
    """The JSON of the shipped plan over months with these revenues."""
    value: dict[str, Any] = json.loads(report_json(replayed(load_plan("autobroker"), monthly(*amounts))))
    return value


def test_the_object_has_exactly_the_published_keys() -> None:
    """In the published order, at every depth."""
    report = reported("800", "800", "1")

    assert list(report) == ["plan", "currency", "payments", "months", "transitions", "totals"]
    assert list(report["payments"]) == ["read", "counted", "duplicates", "not_completed", "held_future", "rejected"]
    assert list(report["transitions"][0]) == ["at", "component", "from", "to", "cause"]
    assert list(report["totals"]) == ["cost", "cost_always_on", "saved"]


def test_a_month_is_written_exactly() -> None:
    """Level 2 at 800 is blocked: 1,183 / 0.90 - 800."""
    assert reported("800", "800", "1")["months"][1] == {
        "month": "2024-02",
        "revenue": "800.00",
        "mrr": "800.00",
        "average_3m": None,
        "growth": "0.000000",
        "level": 1,
        "level_id": "level_1_bootstrap",
        "eligible": [1],
        "blocked": [
            {"level": 2, "reason": "cost 1183.00 is above ratio 0.90 of 800.00", "missing": "514.444445"},
        ],
        "committed_cost": "283.00",
        "cost_ratio": "0.353750",
    }


def test_months_keep_their_keys_in_order() -> None:
    """As published."""
    assert list(reported("800", "1")["months"][0]) == [
        "month",
        "revenue",
        "mrr",
        "average_3m",
        "growth",
        "level",
        "level_id",
        "eligible",
        "blocked",
        "committed_cost",
        "cost_ratio",
    ]


def test_totals_are_exact_amounts() -> None:
    """Two months: the floor's 50, then level 1's 283; 35,000 twice."""
    assert reported("800", "800", "1")["totals"] == {
        "cost": "333.00",
        "cost_always_on": "70000.00",
        "saved": "69667.00",
    }


def test_a_transition_is_written_with_its_instant() -> None:
    """ISO-8601 in UTC."""
    assert reported("800", "1")["transitions"][0] == {
        "at": "2024-01-01T00:00:00Z",
        "component": "sqlite_local",
        "from": "COLD",
        "to": "WARMING",
        "cause": "floor",
    }
