"""What `solvent doctor` and `/readyz` say of two machines: a standby with another plan, and a lead that nobody has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.processes.pages import page
from tests.processes.waiting import until
from tests.standby.pair import Pair, ended_at, says, wait_standing_by

pytestmark = pytest.mark.xdist_group("standby")


def told(pair: Pair, state: str, plan: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code of `solvent doctor` beside that daemon, and what is not well."""
    given = ("--plan", str(plan), "--redis", pair.redis.url, "--format", "json")
    code, said = pair.command("doctor", *given, state=state)
    found: list[dict[str, Any]] = msgspec.json.decode(said)
    return code, [each for each in found if each["verdict"] in {"problem", "warning"}]


def texts(found: list[dict[str, Any]], about: str) -> list[str]:
    """What is said of one thing."""
    return [f"{each['verdict']}: {each['found']}" for each in found if each["about"] == about]


async def test_a_standby_with_another_plan_and_a_lead_that_nobody_has(pair: Pair) -> None:
    """The other plan is told before the standby leads, on both machines; so is the deleted row of the lease."""
    plan, another = pair.shop.plan_path, pair.folder / "another.yaml"
    another.write_text(plan.read_text(encoding="utf-8").replace("monthly_cost: 40", "monthly_cost: 41"))
    with pair.daemon("first") as first, pair.daemon("second", standby=True, plan=another) as second:
        wait_standing_by(second)
        until(lambda: says(second, "plan_differs"), "the standby to compare its plan")
        status, body = page(second, "/readyz")
        assert 503 == status
        assert "differs from the one in the journal: it would lead frozen" in body
        until(lambda: pair.daemons("first")["standbys"][0]["fault"], "the standby to say it at the lease")
        code, found = told(pair, "first", plan)
        assert 1 == code
        assert [True] == [
            "is not fit to lead: the plan" in each for each in texts(found, "store") if "fsync" not in each
        ]
        assert [] == texts(found, "plan")
        (own,) = texts(told(pair, "second", another)[1], "plan")
        assert own.startswith(f"warning: {another} (")

        pair.journal.execute("DELETE FROM lease")
        until(lambda: ended_at(first) is not None, "the leader to end")
        code, found = told(pair, "second", another)
        assert 1 == code
        assert any(
            "problem: who leads is not known: somebody deleted the row" in each for each in texts(found, "store")
        )
