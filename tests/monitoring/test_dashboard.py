"""The dashboard for Grafana: queries of metrics that there are, panels that can be laid out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.alert_case import ROOT
from tests.monitoring.promql import known_metrics, problems_of
from tests.monitoring.promtool import needs_promtool, promtool

BOARD = json.loads((ROOT / "config" / "grafana" / "solvent.json").read_text(encoding="utf-8"))
PANELS = [each for each in BOARD["panels"] if each["type"] != "row"]
WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def queries() -> Iterator[tuple[str, str]]:
    """Every query with its panel's title; Grafana's own variables as Prometheus gets to see them."""
    asked = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    asked += [(each["name"], each["expr"]) for each in BOARD["annotations"]["list"]]
    for title, expression in asked:
        yield title, expression.replace("$__rate_interval", "5m").replace("$instance", ".+")


def filled(grid: dict[str, int]) -> set[tuple[int, int]]:
    """The squares that a panel covers."""
    columns, lines = range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"])
    return {(x, y) for x in columns for y in lines}


@pytest.mark.parametrize(("title", "expression"), [pytest.param(*each, id=each[1][:60]) for each in queries()])
def test_queries_name_what_there_is(title: str, expression: str) -> None:
    """Every metric, label and function exists, in the catalogue or among what is recorded."""
    assert [] == problems_of(expression, known_metrics()), title


@needs_promtool
def test_queries_are_promql(tmp_path: Path) -> None:
    """Prometheus's own parser takes each of them."""
    rules = [{"record": f"query{number}", "expr": each} for number, (_, each) in enumerate(queries())]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")

    code, said = promtool("check", "rules", str(path))

    assert (0, True) == (code, f"{len(rules)} rules found" in said), said


def test_it_can_be_pointed_at_any_daemon() -> None:
    """Variables for the data source and the daemon, and every query but that of the alerts asks for the latter."""
    variables = {each["name"]: each["type"] for each in BOARD["templating"]["list"]}
    asked = [target for panel in PANELS for target in panel["targets"]]

    assert {"datasource": "datasource", "instance": "query"} == variables
    assert [] == [each["expr"] for each in asked if "$instance" not in each["expr"] and "ALERTS" not in each["expr"]]
    assert [DATASOURCE] * len(PANELS) == [panel["datasource"] for panel in PANELS]
    assert [DATASOURCE] * len(asked) == [each["datasource"] for each in asked]


def test_the_rows_are_the_operators_questions() -> None:
    """Money first."""
    rows = [each["title"] for each in BOARD["panels"] if each["type"] == "row"]

    assert ["Money", "Scaling", "Sources", "Operation"] == rows


def test_panels_are_whole() -> None:
    """Each has a number of its own, a kind that Grafana has, a title, a unit, and targets with letters of their own."""
    assert len({each["id"] for each in BOARD["panels"]}) == len(BOARD["panels"])
    for panel in PANELS:
        letters = [target["refId"] for target in panel["targets"]]
        assert panel["type"] in {"timeseries", "stat", "table", "state-timeline"}, panel["title"]
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None, panel["title"]
        assert letters
        assert sorted(set(letters)) == letters, panel["title"]


def test_panels_do_not_overlap() -> None:
    """They fit into Grafana's 24 columns, each on squares of its own."""
    covered = [filled(each["gridPos"]) for each in BOARD["panels"]]

    assert all(x < WIDTH for squares in covered for x, _ in squares)
    assert sum(len(squares) for squares in covered) == len(set().union(*covered))


def test_seconds_have_the_unit_of_seconds() -> None:
    """A panel of durations, bytes or ratios says so."""
    units = {"_seconds": {"s", "none", "dateTimeAsIso"}, "_bytes": {"bytes"}, "_ratio": {"percentunit"}}
    for panel in PANELS:
        for target in panel["targets"]:
            name = target["expr"].partition("{")[0]
            allowed = next((found for ending, found in units.items() if name.endswith(ending)), None)
            assert allowed is None or panel["fieldConfig"]["defaults"]["unit"] in allowed, panel["title"]


def test_the_whole_board_is_what_grafana_reads() -> None:
    """What an import needs: a title, an address of its own, a schema that Grafana 10 and later take, a range."""
    wished: dict[str, Any] = {"uid": "solvent", "title": "solvent", "schemaVersion": 39}

    assert wished == {key: BOARD[key] for key in wished}
    assert {"from", "to"} == BOARD["time"].keys()
    assert "id" not in BOARD
    assert "__inputs" not in BOARD
