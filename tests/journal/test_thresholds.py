"""`revenue_threshold_config` has a row for each change of what a level needs."""

from __future__ import annotations

from pathlib import Path

from config.loading import load_plan
from machines.events import PlanAdopted, ThresholdEnded, ThresholdSet
from machines.ports.journal import Proposal
from tests.contracts.journal import START
from tests.journal.journal_files import ask, opened

PLAN = load_plan("starter")
COLUMNS = "sequence, level, level_id, minimum_micros, set_by, until, reason, plan_fingerprint, trigger_json <> ''"


async def test_each_change_has_its_row(tmp_path: Path) -> None:
    """The plan's figure, the operator's with its reason and end, and the plan's again."""
    path = tmp_path / "journal.sqlite"
    async with opened(path) as journal:
        await journal.append([Proposal(PlanAdopted(PLAN, "f1"), "boot", START)])
        given = ThresholdSet(1, 5_000_000, 1_000_000, START + 60_000_000, "a quiet month", "alice")
        await journal.append(
            [Proposal(given, "commands", START), Proposal(ThresholdEnded(1, 1_000_000, "expired"), "commands", START)]
        )
    level = PLAN.levels[1]
    rows = ask(path, f"SELECT {COLUMNS} FROM revenue_threshold_config WHERE level = 1 ORDER BY sequence")

    assert [(1, "plan"), (2, "alice"), (3, "plan")] == [(row[0], row[4]) for row in rows]
    assert (2, 1, level.id, 5_000_000, "alice", "2024-01-01T00:01:00Z", "a quiet month", "f1", 1) == rows[1]
    assert (3, 1, level.id, 1_000_000, "plan", None, "expired", "f1", 1) == rows[2]


async def test_a_level_of_no_plan_has_a_row_too(tmp_path: Path) -> None:
    """Where the plan's row was dropped, what is known is shown."""
    path = tmp_path / "journal.sqlite"
    async with opened(path) as journal:
        await journal.append([Proposal(ThresholdSet(3, 7, 5, None, "why", "bob"), "commands", START)])

    assert [(1, 3, "", 7, "bob", None, "why")] == ask(
        path, "SELECT sequence, level, level_id, minimum_micros, set_by, until, reason FROM revenue_threshold_config"
    )
