"""What the document tells applications to do works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.provisioners.budget.budget_world import BudgetWorld

DOCUMENT = Path(__file__).parents[3] / "docs" / "provisioners" / "budget.md"


async def test_the_python_example_spends(world: BudgetWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 4,000 minutes it allows 3,200 with the warning, and refuses 801 more."""
    example = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[0]
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    example = example.replace("redis://127.0.0.1:6379", world.url).replace("solvent:budget:voice", world.key(resource))
    names: dict[str, Any] = {}
    exec(example, names)

    allowed = [names["may_call"]("call-1", 3_200), names["may_call"]("call-2", 801)]

    names["redis"].close()
    assert [True, False] == allowed
    assert "only 120.00 left this month\n" == capsys.readouterr().out
