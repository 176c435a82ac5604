"""Every shipped alert fires when it should, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from config.settings.backup import BackupSettings
from config.settings.costs import CostsSettings
from tests.monitoring.alert_case import Trial, firing, promtool_files, rules_of, seconds, silent
from tests.monitoring.money_cases import MONEY_CASES
from tests.monitoring.operation_cases import KEEPING_CASES, OPERATION_CASES
from tests.monitoring.promtool import needs_promtool, promtool
from tests.monitoring.scaling_cases import SCALING_CASES, SOURCE_CASES

ALERTS = rules_of("alerts.yaml")
CASES = (*MONEY_CASES, *SOURCE_CASES, *SCALING_CASES, *OPERATION_CASES, *KEEPING_CASES)


def test_every_alert_has_a_case_of_both_kinds() -> None:
    """Each shipped alert stands once in the tables, with what makes it fire and what keeps it silent."""
    assert list(ALERTS) == [case.alert for case in CASES]
    assert [] == [case.alert for case in CASES if case.fires == case.silent]


def verdict(trials: Iterable[Trial], folder: Path) -> tuple[int, str]:
    """What promtool says of these trials."""
    paths = []
    for number, text in enumerate(promtool_files(trials)):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    return promtool("test", "rules", *map(str, paths))


@needs_promtool
def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    """Each with its labels and its words, and not before its time."""
    code, said = verdict((firing(case, ALERTS[case.alert]) for case in CASES), tmp_path)

    assert (0, 2) == (code, said.count("SUCCESS")), said


@needs_promtool
def test_alerts_are_silent_when_they_should_be(tmp_path: Path) -> None:
    """Just short of their bound, or with a reason to be silent."""
    code, said = verdict((silent(case, ALERTS[case.alert]) for case in CASES), tmp_path)

    assert (0, 2) == (code, said.count("SUCCESS")), said


def test_the_documents_alerts_are_theirs() -> None:
    """Expression, duration, severity and summary of the three that the source document gives."""
    expected = {
        "CostApproachingRevenue": ("revenue_cost_ratio > 0.80", "5m", "warning", "Cost approaching 80% of revenue"),
        "CostExceedsSafeThreshold": (
            "revenue_cost_ratio > 0.90",
            "1m",
            "critical",
            "EMERGENCY: Cost exceeds 90% of revenue",
        ),
        "RevenueDropping": (
            "revenue_growth_rate < -0.20",
            "1h",
            "warning",
            "Revenue dropping >20% month-over-month",
        ),
    }
    found = {name: ALERTS[name] for name in expected}

    assert expected == {
        name: (rule["expr"], rule["for"], rule["labels"]["severity"], rule["annotations"]["summary"])
        for name, rule in found.items()
    }


def test_every_alert_says_what_it_must() -> None:
    """A severity that people know, a summary, a description with the value in it, and where to read on."""
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, name
        assert rule["annotations"]["summary"], name
        assert "$value" in rule["annotations"]["description"] or "$labels" in rule["annotations"]["description"], name
        assert f"docs/runbooks.md#{name.lower()}" == rule["annotations"]["runbook_url"]


def test_bounds_are_those_of_the_settings() -> None:
    """What the settings name as a default, the alerts name too."""
    backup = BackupSettings()

    assert f"solvent_backup_age_seconds > {backup.stale_after_s}" == ALERTS["SolventBackupStale"]["expr"]
    assert seconds(ALERTS["SolventBackupMissing"]["for"]) == backup.stale_after_s
    assert CostsSettings().read_every_s < 3 * 86_400
