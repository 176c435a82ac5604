"""When an alert fires and when it does not, as values; `promtool test rules` is what decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
RULES: Final = ROOT / "config" / "prometheus"
OF_THE_DAEMON: Final = {"job": "solvent", "instance": "vps:9327"}
"""The labels that Prometheus gives every series of the daemon."""
SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONG_S: Final = 3 * 3_600
"""What holds longer than this is tested in steps of five minutes: Prometheus forgets a sample after five."""

Series = Mapping[str, int | float | str]
"""By `name{label="value"}` without the daemon's labels: a number that stays, or promtool's notation: `0+1x20`."""


class Case(msgspec.Struct, frozen=True):
    """One alert, with what makes it fire and what does not."""

    alert: str
    fires: Series
    """Holds from the first moment on."""
    text: str
    """The description as a person reads it."""
    silent: Series
    """Just short of it, or the reason to be silent."""
    labels: Mapping[str, str] = {}
    """Those that the alert has besides the daemon's."""
    lead_s: int = 0
    """How long after its `for` it is looked at: what counts an increase needs some samples first."""
    from_daemon: bool = True
    """Whether the alert has the daemon's labels; False where no daemon is there to have any."""


class Trial(msgspec.Struct, frozen=True):
    """What is tried on one set of series."""

    step_s: int
    until_s: int
    series: Series
    alerts: list[dict[str, Any]]
    touched: frozenset[str]


@cache
def rules_of(name: str) -> dict[str, dict[str, Any]]:
    """The rules of one shipped file, by the name of the alert or the record."""
    groups = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))["groups"]
    return {rule.get("alert") or rule["record"]: rule for group in groups for rule in group["rules"]}


def seconds(duration: str) -> int:
    """What `15m` is in seconds."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def labelled(text: str) -> str:
    """A series with the daemon's labels added to its own."""
    name, _, own = text.removesuffix("}").partition("{")
    labels = [*([own] if own else []), *(f'{label}="{value}"' for label, value in OF_THE_DAEMON.items())]
    return f"{name}{{{', '.join(labels)}}}"


def firing(case: Case, rule: Mapping[str, Any]) -> Trial:
    """It fires with its labels and its words, and not before its time."""
    hold_s, step_s, at_s = _times(case, rule)
    annotations = {
        "summary": rule["annotations"]["summary"],
        "description": case.text,
        "runbook_url": rule["annotations"]["runbook_url"],
    }
    known = OF_THE_DAEMON if case.from_daemon else {}
    labels = {**known, **case.labels, "severity": rule["labels"]["severity"]}
    alerts = [_alerts(case, at_s, [{"exp_labels": labels, "exp_annotations": annotations}])]
    if hold_s:
        alerts.append(_alerts(case, hold_s - step_s, []))
    return Trial(step_s, at_s, case.fires, alerts, touched(case))


def silent(case: Case, rule: Mapping[str, Any]) -> Trial:
    """It does not fire at the same time without its reason."""
    _, step_s, at_s = _times(case, rule)
    return Trial(step_s, at_s, case.silent, [_alerts(case, at_s, [])], touched(case))


def touched(case: Case) -> frozenset[str]:
    """The metrics that the case gives values to, or leaves out on purpose."""
    return frozenset(each.partition("{")[0] for each in (*case.fires, *case.silent))


def promtool_files(tests: Iterable[Trial]) -> Iterable[str]:
    """Files for `promtool test rules`; what has nothing in common is tried at once, for each test costs time."""
    for step_s, each in groupby(sorted(tests, key=lambda test: test.step_s), lambda test: test.step_s):
        together: list[list[Trial]] = []
        for test in each:
            place = next((one for one in together if all(not test.touched & other.touched for other in one)), None)
            if place is None:
                together.append([test])
            else:
                place.append(test)
        files = [str(RULES / name) for name in ("alerts.yaml", "recording.yaml")]
        merged = [_merged(one, step_s) for one in together]
        yield yaml.safe_dump({"rule_files": files, "evaluation_interval": f"{step_s}s", "tests": merged})


def _times(case: Case, rule: Mapping[str, Any]) -> tuple[int, int, int]:
    hold_s = seconds(rule.get("for", "0m"))
    step_s = 300 if hold_s > LONG_S else 60
    return hold_s, step_s, max(hold_s + case.lead_s, step_s)


def _alerts(case: Case, at_s: int, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {"eval_time": f"{at_s}s", "alertname": case.alert, "exp_alerts": expected}


def _merged(tests: list[Trial], step_s: int) -> dict[str, Any]:
    shown = {
        labelled(series): value if isinstance(value, str) else f"{value}+0x{test.until_s // step_s + 1}"
        for test in tests
        for series, value in test.series.items()
    }
    return {
        "interval": f"{step_s}s",
        "input_series": [{"series": series, "values": values} for series, values in shown.items()],
        "alert_rule_test": [alert for test in tests for alert in test.alerts],
    }
