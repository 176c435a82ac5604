"""What people must copy from a table is never cut, whatever the terminal is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from config.loading import load_plan
from daemon.cli.main import main
from tests.cli.recorded import months, started, write

COMMANDS = (
    ("status", "--state-dir", "STATE"),
    ("plan", "show", "autobroker"),
    ("backtest", "config/examples/payments.csv", "--plan", "autobroker"),
)
PAYMENTS = Path(__file__).parents[2] / "config" / "examples" / "payments.csv"


def said(state: Path, *words: str, columns: str | None) -> str:
    """What the command prints on a terminal of so many columns, or into a pipe."""
    typed = [str(state) if word == "STATE" else str(PAYMENTS) if word.endswith(".csv") else word for word in words]
    result = CliRunner(env={"COLUMNS": columns}).invoke(main, typed)
    assert 0 == result.exit_code, result.output
    return result.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a daemon that stood at level 2 of `autobroker`."""
    write(tmp_path, started(load_plan("autobroker")), *months("1000", "1600"))
    return tmp_path


@pytest.mark.parametrize("columns", ["40", "80", "120"])
@pytest.mark.parametrize("words", COMMANDS[:2], ids=lambda words: words[0])
def test_every_component_is_whole(state: Path, words: tuple[str, ...], columns: str) -> None:
    """Each id of the plan stands in the table, letter by letter, and nothing ends in dots."""
    output = said(state, *words, columns=columns)

    assert set(load_plan("autobroker").components) <= set(output.split())


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_every_amount_of_a_backtest_is_whole(state: Path, columns: str) -> None:
    """Revenue, cost and what came to rest."""
    output = said(state, *COMMANDS[2], columns=columns)

    assert {"1,980.00", "1,183.00", "eks_control_plane,", "hume_ai_budget,"} <= set(output.split())


def test_a_pipe_is_wide(state: Path) -> None:
    """One row a line: what reads a table in a script finds all columns beside each other."""
    output = said(state, *COMMANDS[1], columns=None)

    assert any({"4", "Enterprise", "35,000.00", "38,888.89"} <= set(line.split()) for line in output.splitlines())
