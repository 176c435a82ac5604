"""The files for Prometheus: whole, valid, and about metrics that there are."""

from __future__ import annotations

import pytest
import yaml

from config.settings.running import HealthSettings
from daemon.telemetry.catalogue import CATALOGUE
from daemon.telemetry.health import Health
from daemon.telemetry.tally import BOUNDS_S
from tests.monitoring.alert_case import RULES, rules_of
from tests.monitoring.promql import known_metrics, problems_of
from tests.monitoring.promtool import needs_promtool, promtool

ALL_RULES = {**rules_of("alerts.yaml"), **rules_of("recording.yaml")}


@needs_promtool
@pytest.mark.parametrize("check", [("rules", "alerts.yaml"), ("rules", "recording.yaml"), ("config", "scrape.yaml")])
def test_promtool_finds_nothing_wrong(check: tuple[str, str]) -> None:
    """`promtool check rules` with its lint, and `promtool check config`, which looks at both rule files too."""
    code, said = promtool("check", check[0], str(RULES / check[1]))

    assert (0, True, False) == (code, "SUCCESS" in said, "duplicate" in said.lower()), said


@pytest.mark.parametrize("name", ALL_RULES)
def test_rules_name_what_there_is(name: str) -> None:
    """Every metric, label and function of an expression exists."""
    assert [] == problems_of(ALL_RULES[name]["expr"], known_metrics())


def test_the_examples_job_is_the_rules_job() -> None:
    """What the alerts call `solvent` is what the example scrapes, and both rule files are loaded."""
    example = yaml.safe_load((RULES / "scrape.yaml").read_text(encoding="utf-8"))
    jobs = {each["job_name"] for each in example["scrape_configs"]}

    assert {"solvent", "prometheus"} == jobs
    assert {"alerts.yaml", "recording.yaml"} == set(example["rule_files"])


def test_the_service_level_lies_on_a_bucket() -> None:
    """300 s is a bound of the histograms, with others close to it on both sides, so that p99 is not guessed."""
    around = [bound for bound in BOUNDS_S if 180 <= bound <= 600]

    assert [180, 240, 300, 450, 600] == around
    assert 'le="300.0"' in ALL_RULES["instance:solvent_activation_from_decision_within_300s:ratio_30d"]["expr"]


def test_what_the_catalogue_calls_trouble_has_an_alert() -> None:
    """Each metric that counts what waits for an operator is in an alert."""
    asked = " ".join(rule["expr"] for rule in rules_of("alerts.yaml").values())
    trouble = [
        each.name
        for each in CATALOGUE
        if any(
            word in each.name for word in ("parked", "contested", "overdue", "orphans", "dead", "refusing", "blocked")
        )
        and each.name != "scaling_safety_check_blocked_total"
    ]

    assert [] == [name for name in trouble if name not in asked]


def test_the_limit_of_a_silent_task_is_healths() -> None:
    """The alert and /healthz speak of the same silence."""
    limit_s = Health.__init__.__kwdefaults__["beat_max_s"]

    assert f"solvent_root_beat_age_seconds > {limit_s}" == ALL_RULES["SolventRootSilent"]["expr"]
    assert limit_s > HealthSettings().check_every_s
