"""The plans and policies on which the three must agree."""

from __future__ import annotations

import random
from typing import Final

from config.loading import load_plan
from config.plan import Plan
from daemon.demo.rehearsal import rehearsed
from tests.simulation.ladder import ladder

POLICIES: Final[dict[str, tuple[str, ...]]] = {
    "revenue.measure": ("calendar_month", "trailing_30d"),
    "revenue.basis": ("all", "committed"),
    "revenue.net": ("true", "false"),
    "revenue.take_rate": ("1", "0.93"),
    "safety.ratio_max": ("0.90", "0.75"),
    "safety.cost_basis": ("monthly_cost", "max_burn"),
    "safety.ratio_months": ("every", "current", "average_3"),
    "safety.brake": ("debounce", "immediate", "off"),
    "safety.hard_ratio": ("1.00", "1.30", "off"),
    "activation.advance": ("jump", "step"),
    "activation.partial": ("false", "true"),
    "activation.prewarm_confidence": ("off", "0.5"),
    "rollback.after": ("debounce", "immediate", "daily"),
    "rollback.target": ("affordable", "band"),
    "rollback.hysteresis": ("0.05", "0", "0.25"),
}
"""Every policy that decides, and its values."""
ZONES: Final = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Auckland", "Asia/Kolkata")


def plan_of(seed: int, name: str = "", *, daily: bool = True) -> tuple[Plan, str]:
    """A plan with policies drawn from the seed, every step of it instant; and how to make it again.

    Without `daily` no level falls between two closes.
    """
    chance = random.Random(f"plan {seed}")
    name = name or chance.choice(("ladder", "starter", "autobroker"))
    chosen = [f"{policy}={chance.choice(values)}" for policy, values in POLICIES.items() if chance.random() < 0.35]
    chosen = [each for each in chosen if daily or not each.endswith("=daily")]
    chosen.append(f"timezone={chance.choice(ZONES)}")
    plan = ladder(*chosen) if name == "ladder" else load_plan(name, chosen)
    return rehearsed(plan, instant=True)[0], f"{name} with {', '.join(chosen)}"
