"""What a PromQL expression names: metrics, their labels, functions. `promtool` says whether it is PromQL at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import msgspec

from daemon.telemetry.catalogue import CATALOGUE
from daemon.telemetry.samples import Kind
from tests.monitoring.alert_case import rules_of

GROUPING: Final = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS: Final = {*GROUPING, "and", "or", "unless", "bool", "offset", "inf", "nan"}
FUNCTIONS: Final = {
    *("absent", "avg", "avg_over_time", "changes", "day_of_month", "days_in_month", "histogram_quantile", "increase"),
    *("label_values", "max", "max_over_time", "min_over_time", "rate", "scalar", "sum", "time", "topk"),
}
"""Those that are in use; another one is added here after a look at what it does with a missing series."""
OF_EVERY_SERIES: Final = frozenset({"job", "instance"})
OF_PROMETHEUS: Final[Mapping[str, frozenset[str]]] = {
    "up": frozenset(),
    "ALERTS": frozenset({"alertname", "alertstate", "severity"}),
    "process_start_time_seconds": frozenset(),
    "process_resident_memory_bytes": frozenset(),
    "process_cpu_seconds_total": frozenset(),
    "process_open_fds": frozenset(),
    "process_max_fds": frozenset(),
}
"""What Prometheus and its client for Python have themselves."""
_TOKENS: Final = re.compile(
    r"""
    (?P<skipped> "[^"]*" | \[[^]]*\] | \d[\w.]* | \s+ )   # texts, ranges, numbers and durations
    | (?P<word> [a-zA-Z_:][\w:]* )
    | (?P<sign> . )
    """,
    re.VERBOSE,
)


class Named(msgspec.Struct, frozen=True):
    """What an expression names."""

    metrics: Mapping[str, frozenset[str]]
    """With the labels that are matched on each."""
    grouped: frozenset[str]
    """Labels that are grouped or joined by."""
    functions: frozenset[str]


def named_in(expression: str) -> Named:
    """What the expression names."""
    metrics: dict[str, set[str]] = {}
    grouped: set[str] = set()
    functions: set[str] = set()
    tokens = [*_tokens(expression), ""]
    matching = grouping = ""
    for before, token, after in zip(["", *tokens], tokens, tokens[1:], strict=False):
        if token == "{":
            matching = before
        elif token == "}":
            matching = ""
        elif token == ")":
            grouping = ""
        elif not re.match(r"[a-zA-Z_:]", token):
            continue
        elif matching:
            metrics[matching].add(token)
        elif grouping:
            grouped.add(token)
        elif token in GROUPING:
            grouping = token if after == "(" else ""
        elif token.lower() in WORDS:
            continue
        elif after == "(" or (after in GROUPING and token in FUNCTIONS):
            functions.add(token)
        else:
            metrics.setdefault(token, set())
    return Named(
        {name: frozenset(labels) for name, labels in metrics.items()}, frozenset(grouped), frozenset(functions)
    )


def _tokens(expression: str) -> Iterator[str]:
    return (found.group() for found in _TOKENS.finditer(expression) if found.lastgroup != "skipped")


@cache
def known_metrics() -> dict[str, frozenset[str]]:
    """Every series that there is, with its labels: the catalogue's, what is recorded of them, and Prometheus's own."""
    known: dict[str, frozenset[str]] = dict(OF_PROMETHEUS)
    for each in CATALOGUE:
        labels = frozenset(each.labels)
        if each.kind is Kind.HISTOGRAM:
            known |= {f"{each.name}_bucket": labels | {"le"}, f"{each.name}_sum": labels, f"{each.name}_count": labels}
        else:
            known[each.name] = labels
    for record, rule in rules_of("recording.yaml").items():
        inner = named_in(rule["expr"]).metrics
        known[record] = frozenset().union(*(known.get(name, frozenset()) for name in inner)) - {"le"}
    return known


def problems_of(expression: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    """What the expression names and nobody has, in words."""
    named = named_in(expression)
    found = [f"no metric {name}" for name in named.metrics if name not in known]
    found += [
        f"{name} has no label {label}"
        for name, labels in named.metrics.items()
        for label in sorted(labels - known.get(name, labels) - OF_EVERY_SERIES)
    ]
    everywhere = frozenset().union(*(known.get(name, frozenset()) for name in named.metrics)) | OF_EVERY_SERIES
    found += [f"no series has the label {label}" for label in sorted(named.grouped - everywhere)]
    return found + [f"no function {name}" for name in sorted(named.functions - FUNCTIONS)]
