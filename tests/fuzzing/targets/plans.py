"""Plans in YAML, and overrides of them: a plan, or every problem with its place."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import msgspec

from config.errors import PROBLEMS_MAX, PlanError
from config.loading import plan_from_bytes
from config.plan import Plan
from tests.fuzzing.target import Answer, Target, require, require_told
from tests.simulation.ladder import LADDER

OVERRIDES: Final = b"\n# --set "
"""What follows such a line's beginning is an override."""
_DOCUMENTS: Final = (
    LADDER.encode(),
    (files("config") / "plans" / "starter.yaml").read_bytes(),
    LADDER.encode()
    + OVERRIDES
    + b"levels.one.trigger.at_least=200"
    + OVERRIDES
    + b"components.fleet.monthly_cost=unknown",
    (
        b"plan: p\ncurrency: EUR\nrates:\n  - {from: USD, rate: 0.92, since: 2024-01-01}\npolicies:\n"
        b"  revenue: {basis: committed, fall_max: 0.5}\n  rollback: {after_months: 2}\ncomponents:\n"
        b"  m: {monthly_cost: 1, host: true}\nlevels:\n"
        b"  - {id: floor, max_burn: 2, components: [m]}\n"
    ),
)


def check(data: bytes) -> Answer:
    """One plan."""
    text, *overrides = data.split(OVERRIDES)
    try:
        plan = plan_from_bytes(text, "plan.yaml", [each.decode("utf-8", "replace") for each in overrides])
    except PlanError as error:
        require(0 < len(error.problems) <= PROBLEMS_MAX * 3, "the problems are none, or too many")
        for problem in error.problems[:200]:
            require_told(problem.text)
        return Answer("refused")
    assert plan == msgspec.json.decode(msgspec.json.encode(plan), type=Plan), "the plan is not what was recorded"
    return Answer("taken")


TARGET: Final = Target("plans", _DOCUMENTS, check, share=12, examples=30)
