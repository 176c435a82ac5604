"""What is recorded of several metrics has the right figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.monitoring.alert_case import OF_THE_DAEMON, RULES, Series, labelled, rules_of
from tests.monitoring.promtool import needs_promtool, promtool

MINUTES: Final = 30
ACTIVATIONS: Final = {
    f'solvent_activation_from_decision_seconds_bucket{{le="{bound}"}}': f"0+{each}x{MINUTES}"
    for bound, each in {"240.0": 50, "300.0": 98, "450.0": 100, "+Inf": 100}.items()
} | {"solvent_activation_from_decision_seconds_count": f"0+100x{MINUTES}"}
WARMED: Final = {
    f'provisioning_duration_seconds_bucket{{step="warm", le="{bound}"}}': f"0+{each}x{MINUTES}"
    for bound, each in {"15.0": 0, "30.0": 100, "+Inf": 100}.items()
} | {'provisioning_duration_seconds_count{step="warm"}': f"0+100x{MINUTES}"}
EUR: Final = '{currency="EUR"}'
COSTS: Final = {
    f"solvent_committed_cost_currency_per_month{EUR}": f"240+0x{MINUTES}",
    f"solvent_cap_currency_per_month{EUR}": f"300+0x{MINUTES}",
    f"solvent_billed_cost_currency_per_month{EUR}": f"270+0x{MINUTES}",
}
MONTH: Final = {
    f"solvent_month_accrued_cost_currency{EUR}": f"0+0x{MINUTES}",
    f"solvent_committed_cost_currency_per_month{EUR}": f"312+0x{MINUTES}",
}
CASES: Final[dict[str, tuple[Series, str, float]]] = {
    # The 99th of a hundred lies in the middle of what took 300 to 450 s.
    "instance:solvent_activation_from_decision_seconds:p99_30d": (ACTIVATIONS, "", 375),
    "instance:solvent_activation_from_decision_within_300s:ratio_30d": (ACTIVATIONS, "", 0.98),
    "instance_step:provisioning_duration_seconds:p99_1d": (WARMED, 'step="warm"', 29.85),
    "instance:solvent_steps_ended_not_done:ratio_1h": (
        {
            'solvent_steps_ended_total{step="warm", outcome="done"}': f"0+3x{MINUTES}",
            'solvent_steps_ended_total{step="warm", outcome="transient"}': f"0+1x{MINUTES}",
        },
        "",
        0.25,
    ),
    # Twenty minutes into January 1970, all but 1,200 of its 2,678,400 s are to come.
    "instance:solvent_month_cost_currency:expected": (MONTH, 'currency="EUR"', 312 * (1 - 1_200 / 2_678_400)),
    "instance:solvent_committed_cost:cap_ratio": (COSTS, 'currency="EUR"', 0.8),
    "instance:solvent_billed_cost:cap_ratio": (COSTS, 'currency="EUR"', 0.9),
    "instance:solvent_cap_left:currency_per_month": (COSTS, 'currency="EUR"', 60),
    "instance:up:ratio_30d": ({"up": "0 1 1 1+0x17"}, "", 20 / 21),
}
"""By what is recorded: the series, its own labels, and its value after twenty minutes."""


def test_every_recorded_figure_has_a_case() -> None:
    """None is shipped untried."""
    assert rules_of("recording.yaml").keys() == CASES.keys()


def trial(record: str, series: Series, own: str, samples: list[float]) -> dict[str, Any]:
    """One of promtool's tests; no samples means that nothing may be recorded."""
    labels = ", ".join([*([own] if own else []), *(f'{label}="{value}"' for label, value in OF_THE_DAEMON.items())])
    found = [{"labels": f"{{{labels}}}", "value": value} for value in samples]  # rounding takes the name away
    return {
        "name": record,
        "interval": "1m",
        "input_series": [{"series": labelled(each), "values": values} for each, values in series.items()],
        "promql_expr_test": [{"expr": f"round({record}, 0.001)", "eval_time": "20m", "exp_samples": found}],
    }


def verdict(trials: list[dict[str, Any]], folder: Path) -> tuple[int, str]:
    """What promtool says of them."""
    path = folder / "tests.yaml"
    files = [str(RULES / "recording.yaml")]
    path.write_text(
        yaml.safe_dump({"rule_files": files, "evaluation_interval": "1m", "tests": trials}), encoding="utf-8"
    )
    return promtool("test", "rules", str(path))


@needs_promtool
def test_recorded_figures_are_right(tmp_path: Path) -> None:
    """Each on figures that a person can check, with the daemon's labels kept."""
    trials = [trial(record, series, own, [round(value, 3)]) for record, (series, own, value) in CASES.items()]

    code, said = verdict(trials, tmp_path)

    assert (0, True) == (code, "SUCCESS" in said), said


@needs_promtool
@pytest.mark.parametrize(
    ("record", "series"),
    [
        (
            "instance:solvent_activation_from_decision_seconds:p99_30d",
            dict.fromkeys(ACTIVATIONS, f"7+0x{MINUTES}"),
        ),
        (
            "instance:solvent_committed_cost:cap_ratio",
            {**COSTS, f"solvent_cap_currency_per_month{EUR}": f"0+0x{MINUTES}"},
        ),
    ],
)
def test_where_nothing_is_known_nothing_is_recorded(record: str, series: Series, tmp_path: Path) -> None:
    """No activation in the window is no figure; a cap of 0 is no divisor."""
    code, said = verdict([trial(record, series, "", [])], tmp_path)

    assert (0, True) == (code, "SUCCESS" in said), said
