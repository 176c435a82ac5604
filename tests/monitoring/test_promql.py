"""The reader of expressions finds what is wrong, or its tests of the shipped files would prove nothing."""

from __future__ import annotations

import pytest

from tests.monitoring.promql import known_metrics, named_in, problems_of


def test_what_an_expression_names_is_found() -> None:
    """Metrics with the labels they are matched on, what is grouped by, functions; no text, number or duration."""
    found = named_in(
        'sum by (step, le) (increase(a_bucket{le="300.0", x=~"job|y"}[30d])) / on (job) (b > 2.5e3) and c offset 5m'
    )

    assert {"a_bucket": frozenset({"le", "x"}), "b": frozenset(), "c": frozenset()} == found.metrics
    assert (frozenset({"step", "le", "job"}), frozenset({"sum", "increase"})) == (found.grouped, found.functions)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("solvent_orphan_items > 0", "no metric solvent_orphan_items"),
        ('solvent_frozen{reason="clock"} == 1', "solvent_frozen has no label reason"),
        ("sum by (component) (solvent_orphans_items)", "no series has the label component"),
        ("deriv(solvent_orphans_items[1h])", "no function deriv"),
        ("provisioning_duration_seconds > 5", "no metric provisioning_duration_seconds"),
    ],
)
def test_what_is_not_there_is_named(expression: str, problem: str) -> None:
    """A wrong metric, label, grouping or function."""
    assert [problem] == problems_of(expression, known_metrics())
