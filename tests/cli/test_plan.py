from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from config.triggers import AllOf, AnyOf, Comparison, Condition, Metric
from daemon.cli.plan import plan_group
from daemon.cli.plan_view import trigger_text

SMALL = """\
plan: small
name: Small
currency: EUR
timezone: UTC
components:
  server:
    monthly_cost: 5
    host: true
  database:
    monthly_cost: {cost}
    provisioner: simulated
levels:
  - id: floor
    name: Floor
    components: [server]
    max_burn: 10
  - id: grown
    name: Grown
    components: [server, database]
    max_burn: 60
    trigger: {{metric: revenue, at_least: 40, for_months: 2}}
"""


def run(*arguments: str) -> Result:
    """What `solvent plan` does with these arguments, in a wide terminal."""
    return CliRunner(env={"COLUMNS": "160"}).invoke(plan_group, list(arguments))


def shown(*arguments: str) -> dict[str, Any]:
    """The JSON object of `solvent plan show`."""
    result = run("show", *arguments, "--format", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    view: dict[str, Any] = json.loads(result.stdout)
    return view


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A plan of two levels."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.format(cost=20), encoding="utf-8")
    return path


def test_check_says_what_a_good_plan_costs() -> None:
    """`check` prints one line with the number of levels and every level's total."""
    result = run("check", "autobroker")

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout == (
        "ok: Auto-Broker (autobroker): 5 levels, 21 components; "
        "EUR a month by level: 0: 50.00, 1: 283.00, 2: 1183.00, 3: 2333.00, 4: 35000.00\n"
    )


def test_check_takes_a_path(small: Path) -> None:
    """`check` reads a file as well as a shipped name."""
    assert "Small (small): 2 levels, 2 components" in run("check", str(small)).stdout


def test_check_lists_every_problem_and_exits_2(tmp_path: Path) -> None:
    """All problems of a bad plan go to standard error, each with its line, and nothing to standard output."""
    path = tmp_path / "bad.yaml"
    path.write_text(SMALL.format(cost="twenty").replace("[server]", "[sevrer]"), encoding="utf-8")

    result = run("check", str(path))

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"{path}:10: components.database.monthly_cost" in result.stderr
    assert f"{path}:15: " in result.stderr
    assert "2 problems." in result.stderr


@pytest.mark.parametrize("verb", ["check", "show"])
def test_a_bad_override_exits_2(verb: str) -> None:
    """`--set` with an unknown key is a problem of its own, with the nearest key that exists."""
    result = run(verb, "autobroker", "--set", "safety.ratio_mx=0.8")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "did you mean 'safety.ratio_max'?" in result.stderr
    assert "1 problem." in result.stderr


@pytest.mark.parametrize("verb", ["check", "show"])
def test_a_missing_file_exits_2(verb: str, tmp_path: Path) -> None:
    """A plan file that is not there is named."""
    path = tmp_path / "none.yaml"

    result = run(verb, str(path))

    assert (2, "") == (result.exit_code, result.stdout)
    assert str(path) in result.stderr


def test_show_computes_what_each_level_needs() -> None:
    """Needed revenue is cost / ratio_max, rounded up to the micro (RESOLUTIONS 2); level 0 is exempt (9)."""
    levels = shown("autobroker")["levels"]

    assert [level["needed_revenue"] for level in levels] == [
        None,
        "314.444445",
        "1314.444445",
        "2592.222223",
        "38888.888889",
    ]


def test_show_computes_break_even_from_cost_and_from_max_burn() -> None:
    """Break-even uses the cost; the documents' figure, from max burn, stands beside it (RESOLUTIONS 21)."""
    view = shown("autobroker")

    assert (view["unit"], view["profit_per_unit"]) == ("shipment", "125.000000")
    assert [level["break_even_units"] for level in view["levels"]] == [1, 3, 10, 19, 280]
    assert [level["max_burn_units"] for level in view["levels"]] == [4, 7, 24, 80, 280]


def test_show_names_the_budget_headroom() -> None:
    """Headroom is (max burn - cost) / max burn with six decimals (RESOLUTIONS 22)."""
    assert [level["budget_headroom"] for level in shown("autobroker")["levels"]] == [
        "0.888889",
        "0.646250",
        "0.605667",
        "0.766700",
        "0.000000",
    ]


def test_show_says_where_a_component_belongs(small: Path) -> None:
    """A component names the levels that enable it; the host has no provisioner."""
    server, database = shown(str(small))["components"]

    assert (server["levels"], server["host"], server["provisioner"]) == ([0, 1], True, None)
    assert (database["levels"], database["host"], database["provisioner"]) == ([1], False, "simulated")


def test_show_follows_an_override(small: Path) -> None:
    """`--set` changes the figures that follow from a policy, and the policy is listed as changed."""
    view = shown(str(small), "--set", "safety.ratio_max=0.50")

    assert view["levels"][1]["needed_revenue"] == "50.00"
    assert view["policies"]["safety.ratio_max"] == "0.50"
    assert view["policies_changed"] == ["safety.ratio_max"]


def test_a_policy_written_at_its_default_is_not_changed(small: Path) -> None:
    """0.9 is the default 0.90."""
    assert shown(str(small), "--set", "safety.ratio_max=0.9")["policies_changed"] == []


def test_an_unknown_price_leaves_its_figures_open(tmp_path: Path) -> None:
    """A level with a component of unknown price has neither a cost nor what follows from one."""
    path = tmp_path / "unknown.yaml"
    path.write_text(SMALL.format(cost="unknown"), encoding="utf-8")

    level = shown(str(path))["levels"][1]

    assert (level["monthly_cost"], level["needed_revenue"], level["budget_headroom"]) == (None, None, None)
    assert "1: unknown" in run("check", str(path)).stdout
    assert "unknown" in run("show", str(path)).stdout


def test_the_table_rounds_what_is_needed_up() -> None:
    """A person reads 1,314.45: with 1,314.44 the level would still be blocked."""
    table = run("show", "autobroker").stdout

    assert "1,314.45" in table
    assert "revenue >= 800.00 for 2 months" in table
    assert "all at their defaults" in table


def test_a_tree_of_conditions_reads_as_a_sentence() -> None:
    """`all` becomes `and`, `any` becomes `or`, an inner tree stands in brackets."""
    first, second, third = (
        Condition(Metric.REVENUE, comparison, threshold, months)
        for comparison, threshold, months in [
            (Comparison.AT_LEAST, 800_000_000, 2),
            (Comparison.BELOW, 900_500_000, 1),
            (Comparison.ABOVE, 5_000_000_000, 1),
        ]
    )

    assert trigger_text(AnyOf((AllOf((first, second)), third))) == (
        "(revenue >= 800.00 for 2 months and revenue < 900.50 for 1 month) or revenue > 5000.00 for 1 month"
    )


def test_check_warns_of_an_old_price(tmp_path: Path) -> None:
    """The plan can be used; whoever reads it knows what to look up."""
    path = tmp_path / "old.yaml"
    dated = SMALL.format(cost="20\n    price_as_of: 2020-01-31").replace("{{", "{").replace("}}", "}")
    path.write_text(dated, encoding="utf-8")
    result = run("check", str(path), "--offline")

    assert 0 == result.exit_code
    assert "warning: the price of database is" in result.stderr
    assert "look it up and set price_as_of" in result.stderr
