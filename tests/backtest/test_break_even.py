"""Break-even, headroom and margin: RESOLUTIONS 21 and 22."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from config.loading import load_plan
from machines.break_even import break_even, units_to_cover

PLAN = load_plan("autobroker")


def test_break_even_is_cost_over_profit_rounded_up() -> None:
    """At 125 a shipment: 1, 3, 10, 19 and 280."""
    assert [each.units for each in break_even(PLAN).levels] == [1, 3, 10, 19, 280]


def test_the_documents_figure_stands_beside_it() -> None:
    """ceil(max burn / 125): 4, 7, 24, 80 and 280."""
    assert [each.documents_units for each in break_even(PLAN).levels] == [4, 7, 24, 80, 280]


def test_the_documents_full_burn_is_454() -> None:
    """56.7 thousand at 125."""
    assert units_to_cover(56_700_000_000, break_even(PLAN).profit_per_unit) == 454


def test_budget_headroom_is_what_max_burn_leaves() -> None:
    """(max burn - cost) / max burn."""
    headroom = [each.budget_headroom for each in break_even(PLAN).levels]

    assert headroom == [Fraction(400, 450), Fraction(517, 800), Fraction(1817, 3000), Fraction(7667, 10000), 0]


def test_margin_is_of_revenue() -> None:
    """650 of revenue less level 1's 283; none without revenue."""
    assert break_even(PLAN, 650_000_000).levels[1].margin_on_revenue == Fraction(367, 650)
    assert break_even(PLAN, 0).levels[1].margin_on_revenue is None


def test_without_unit_economics_there_is_no_break_even() -> None:
    """What is unknown is said to be unknown."""
    result = break_even(msgspec.structs.replace(PLAN, unit_economics=None))

    assert (result.unit, result.profit_per_unit, result.levels[1].units) == (None, None, None)


def test_an_unknown_price_leaves_its_level_unknown() -> None:
    """Its documents' figure, from the max burn, remains."""
    waf = msgspec.structs.replace(PLAN.components["waf"], monthly_cost_micros=None)
    level = break_even(msgspec.structs.replace(PLAN, components=PLAN.components | {"waf": waf}), 10).levels[2]

    assert (level.units, level.budget_headroom, level.margin_on_revenue, level.documents_units) == (
        None,
        None,
        None,
        24,
    )


def test_a_unit_that_earns_nothing_covers_nothing() -> None:
    """However many are sold."""
    assert units_to_cover(1, Fraction(0)) is None
