"""Commands laid before the verbs, on the shop of `tests.machines.histories`."""

from __future__ import annotations

import re

import pytest

from config.errors import PlanError
from config.instants import HOUR
from config.plan import Plan
from daemon.verbs.table import judge
from daemon.verbs.verb import Bench
from machines.commands import Command, CommandError, Judged
from machines.state.whole import State
from tests.machines.histories import NOW, SHOP

SENT = f"{NOW // 1000}-0"
TTL_MAX_S = 30 * 86400
ATTESTATION_TTL_MAX_S = 31_622_400
AGE_MAX_S = 3600


def bench(state: State, *, plan: Plan | PlanError = SHOP, stamped_now: int = NOW) -> Bench:
    """What lies before a verb; `plan` is what the plan's file says now, or its error."""

    def read_plan() -> Plan:
        if isinstance(plan, PlanError):
            raise plan
        return plan

    return Bench(
        state=state,
        now=NOW,
        stamped_now=stamped_now,
        ttl_max_s=TTL_MAX_S,
        attestation_ttl_max_s=ATTESTATION_TTL_MAX_S,
        step_deadline_s=600,
        read_plan=read_plan,
        fingerprint=lambda each: f"{each.name} {each.currency}",
        actor_names=lambda: frozenset({"revenue", "component:web"}),
    )


def told(verb: str, before: Bench, /, *, principal: str = "ann", entry_id: str = SENT, **fields: str) -> Judged:
    """The judgement of a command sent this moment; raises `CommandError`."""
    return judge(Command(verb, principal, entry_id, {"verb": verb, **fields}), before, age_max_s=AGE_MAX_S)


def refused(verb: str, before: Bench, reason: str, /, **fields: str) -> None:
    """Require that a command is refused for exactly this reason; `principal` is who sends it."""
    with pytest.raises(CommandError, match=f"^{re.escape(reason)}$"):
        told(verb, before, **fields)


IN_TWO_HOURS = NOW + 2 * HOUR
