"""Each mistake in a plan is named with its file, line, path, what was expected and what was found."""

from __future__ import annotations

import pytest

from tests.config.plan_text import PLAN, changed, lines_of

NOT_YET = "solvent 0.1 does not execute it yet, so a plan may not rely on it"
COMPARISONS = "one of at_least, at_most, above, below"
PARTS = "server 5.05 + database 10.10 + worker 0.10"
AMOUNT = "a decimal amount such as 19.99"


def test_the_undamaged_plan_has_no_problems() -> None:
    """Every test below damages a plan that is right."""
    assert lines_of(PLAN) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("at_least: 50.50", "at_least: abc", f"36: levels.paid.trigger.at_least: expected {AMOUNT}, found 'abc'"),
        ("max_burn: 40", "max_burn: .nan", f"38: levels.paid.max_burn: expected {AMOUNT}, found '.nan'"),
        ("max_burn: 40", "max_burn: 1e3", f"38: levels.paid.max_burn: expected {AMOUNT}, found '1e3'"),
        ("max_burn: 40", "max_burn: 1_000", f"38: levels.paid.max_burn: expected {AMOUNT}, found '1_000'"),
        ("max_burn: 40", "max_burn: [40]", f"38: levels.paid.max_burn: expected {AMOUNT}, found a list"),
        ("max_burn: 40", "max_burn:", f"38: levels.paid.max_burn: expected {AMOUNT}, found nothing"),
        ("    max_burn: 40\n", "", f"35: levels.paid.max_burn: expected {AMOUNT}, found no such key"),
        ("max_burn: 40", "max_burn: -1", "38: levels.paid.max_burn: expected an amount of at least 0, found '-1'"),
        (
            "max_burn: 40",
            "max_burn: 0.0000001",
            (
                "38: levels.paid.max_burn: expected an amount of at most 1000000000000.00 with at most six decimals, "
                "found '0.0000001'"
            ),
        ),
        (
            "monthly_cost: 15.25",
            "monthly_cost: 16",
            f"39: levels.paid.monthly_cost: expected 15.25, the sum of its parts ({PARTS}), found 16.00",
        ),
        (
            "monthly_cost: 10.10",
            "monthly_cost: unknown",
            (
                "39: levels.paid.monthly_cost: expected no stated total while a price is unknown, "
                "found 15.25 (database unknown)"
            ),
        ),
        (
            "warm_cost: 2",
            "warm_cost: 10.11",
            "17: components.database.warm_cost: expected at most the monthly cost of 10.10, found 10.11",
        ),
        (
            "currency: EUR",
            "currency: eur",
            "3: currency: expected an ISO 4217 code such as EUR, found 'eur' (did you mean 'EUR'?)",
        ),
        (
            "timezone: Europe/Rome",
            "timezone: Europe/Roma",
            (
                "4: timezone: expected an IANA time zone such as Europe/Rome, found 'Europe/Roma' "
                "(did you mean 'Europe/Rome'?)"
            ),
        ),
        (
            "hard_ratio: off",
            "hard_ratio: on",
            "9: policies.safety.hard_ratio: expected a decimal number above 0 and at most 1000, or off, found 'on'",
        ),
        (
            "measure: calendar_month",
            "measure: calender_month",
            (
                "6: policies.revenue.measure: expected one of calendar_month, trailing_30d, found 'calender_month' "
                "(did you mean 'calendar_month'?)"
            ),
        ),
        (
            "for_months: 2",
            "for_months: 37",
            "36: levels.paid.trigger.for_months: expected a whole number of months from 1 to 36, found '37'",
        ),
        (
            "requires: [database]",
            "requires: [databse]",
            (
                "23: components.worker.requires.0: expected the id of a component of this plan, found 'databse' "
                "(did you mean 'database'?)"
            ),
        ),
        (
            "requires: [database]",
            "requires: [worker]",
            (
                "23: components.worker.requires.0: expected components that do not require each other in a circle, "
                "found worker → worker"
            ),
        ),
        (
            "components: [database, worker]",
            "components: [database, worker, worker]",
            "41: levels.paid.components.2: expected each entry once, found 'worker' a second time",
        ),
        (
            "includes: [floor]",
            "includes: [paid]",
            "40: levels.paid.includes.0: expected the id of an earlier level (floor), found 'paid'",
        ),
        (
            "id: paid",
            "id: floor",
            "35: levels.floor.id: expected an id of its own, found 'floor' a second time (first as level 0)",
        ),
        ("id: paid", "id: worker", "35: levels.worker.id: expected an id that no component has, found 'worker'"),
        ("at_least: 50.50", "at_least: 0", "36: levels.paid.trigger: expected a minimum above 0.00, found 0.00"),
        (
            "at_least: 50.50",
            "at_most: 50.50",
            (
                "36: levels.paid.trigger: expected a trigger that at_least or above bounds from below, in every branch "
                "of an any, found none"
            ),
        ),
        (
            "at_least: 50.50",
            "at_least: 50.50, above: 3",
            f"36: levels.paid.trigger: expected {COMPARISONS}, found at_least and above",
        ),
        ("at_least: 50.50, ", "", f"36: levels.paid.trigger: expected {COMPARISONS}, found none"),
        (
            "trigger: {metric: revenue, at_least: 50.50, for_months: 2}",
            "trigger: {all: []}",
            "36: levels.paid.trigger.all: expected 1 to 32 conditions, found 0",
        ),
        (
            "    trigger: {metric: revenue, at_least: 50.50, for_months: 2}\n",
            "",
            "35: levels.paid.trigger: expected a trigger such as {metric: revenue, at_least: 450}, found no such key",
        ),
        (
            "max_burn: 10\n",
            "max_burn: 10\n    trigger: {metric: revenue, at_least: 1}\n",
            "34: levels.floor.trigger: expected no trigger on the first level, which is always on, found one",
        ),
        (
            "host: true",
            "host: true, options: {warm_s: 1}",
            "14: components.server.options: expected no options for a host, found 'warm_s'",
        ),
        (
            "host: true",
            "host: true, provisioner: command",
            (
                "14: components.server.provisioner: expected no provisioner but simulated for a host, which is "
                "accounted and never actuated, found 'command'"
            ),
        ),
        (
            "5.05, host",
            "unknown, host",
            (
                "14: components.server.monthly_cost: expected the price of a host, which is paid from the first minute "
                "and counts in the cap, found unknown"
            ),
        ),
        (
            "      warm: [./switch, warm]\n",
            "      warm: ./switch warm\n",
            (
                "27: components.worker.options.warm: expected a program and its arguments as a list, such as "
                '["./switch", "warm"], at most 64, found \'./switch warm\''
            ),
        ),
        (
            "      decommission: [./switch, decommission]\n",
            "",
            (
                "25: components.worker.options.decommission: expected a program and its arguments as a list, such as "
                '["./switch", "decommission"], at most 64, found no such key'
            ),
        ),
        (
            "options: {warm_s: 2",
            "options: {warm_s: -2",
            "20: components.database.options.warm_s: expected a whole number of seconds from 0 to 86400, found '-2'",
        ),
        (
            "rate: 0.92",
            "rate: 0",
            "11: rates.0.rate: expected a decimal number above 0 and at most 1000000000, found '0'",
        ),
        (
            "currency: USD",
            "currency: EUR",
            "11: rates.0.currency: expected another currency than the plan's own, found 'EUR'",
        ),
        (
            "since: 2024-01-01",
            "since: 2024-01-01T00:00:00",
            (
                "11: rates.0.since: expected a date such as 2024-01-31, or a time with its zone, from 1970 on, "
                "found '2024-01-01T00:00:00'"
            ),
        ),
        (
            "margin: 0.3",
            "margin: 0",
            "12: unit_economics.margin: expected a decimal number above 0 and at most 1, found '0'",
        ),
        ("value: 10.10", "value: 0", "12: unit_economics.value: expected an amount above 0, found '0'"),
    ],
)
def test_a_mistake_is_named_exactly(old: str, new: str, expected: str) -> None:
    """One change, one problem, word for word."""
    assert lines_of(changed(old, new)) == [f"shop.yaml:{expected}"]


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        (
            "requires: [database]",
            "requires: [database]\n    supersedes: [database]",
            "24: components.worker.supersedes",
            "supersedes",
        ),
        ("stateful: true", "stateful: true\n    elastic: {units: 3}", "19: components.database.elastic", "elastic"),
        ("{metric: revenue, at_least", "{metric: churn, at_least", "36: levels.paid.trigger.metric", "metric: 'churn'"),
    ],
)
def test_what_is_not_executed_yet_is_refused_by_name(old: str, new: str, place: str, found: str) -> None:
    """A key that a later version will execute is never ignored."""
    texts = lines_of(changed(old, new))

    assert len(texts) == 1
    assert texts[0].startswith(f"shop.yaml:{place}: expected ")
    assert texts[0].endswith(f", found {found}: {NOT_YET}")


def test_a_dial_is_a_component_of_its_own() -> None:
    """The key of the design leads to the kind that there is."""
    (text,) = lines_of(changed("stateful: true", "stateful: true\n    dial: 3"))

    expected = "expected a dial as a component of its own, by provisioner: dial, found the key dial"
    assert f"shop.yaml:19: components.database.dial: {expected}" == text


def test_an_unknown_kind_gets_the_list_of_those_there_are() -> None:
    """A kind that nobody planned is not announced for later."""
    (text,) = lines_of(changed("provisioner: command", "provisioner: gcp_sql"))

    assert "24: components.worker.provisioner: expected simulated or command or" in text
    assert text.endswith(", found provisioner: 'gcp_sql'")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Syntax apart, one reading finds them all."""
    text = changed("plan: shop", "plan: The Shop").replace("ratio_max: 0.90", "ratio_max: 90%")
    text = text.replace("warm_cost: 2", "warm_price: 2").replace("max_burn: 40", "max_burn: lots")
    text = text.replace("monthly_cost: 15.25", "monthly_cost: 15.26")

    assert [line.split(": expected")[0] for line in lines_of(text)] == [
        "shop.yaml:1: plan",
        "shop.yaml:8: policies.safety.ratio_max",
        "shop.yaml:17: components.database.warm_price",
        "shop.yaml:38: levels.paid.max_burn",
        "shop.yaml:39: levels.paid.monthly_cost",
    ]


def test_an_unknown_key_suggests_the_one_that_was_meant() -> None:
    """A typing error in a key never becomes a silent default."""
    [text] = lines_of(changed("stateful: true", "statefull: true"))

    assert text.endswith("found the unknown key 'statefull' (did you mean 'stateful'?)")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "  server: {monthly_cost: 5.05, host: true}",
            "  Server: {monthly_cost: 5.05, host: true}",
            "14: components.Server",
        ),
        ("includes: [floor]", "includes: floor", "40: levels.paid.includes"),
        ("options: {warm_s: 2, faults: {warm: [transient, 3]}}", "options: [1]", "20: components.database.options"),
        ("max_burn: 10\n", "max_burn: 10\n    hold: {metric: revenue, below: 3}\n", "34: levels.floor.hold"),
        (
            "{any: [{metric: revenue, below: 20}",
            "{metric: revenue, any: [{metric: revenue, below: 20}",
            "37: levels.paid.hold",
        ),
        ("observe: [./switch, observe]", "observe: ['', observe]", "26: components.worker.options.observe.0"),
        (
            "observe: [./switch, observe]",
            f"observe: [./switch, {'x' * 4097}]",
            "26: components.worker.options.observe.1",
        ),
        ("rates:\n", "rates:\n  - {currency: USD, since: 2023-12-31T23:00:00Z, rate: 1}\n", "12: rates.1"),
        ("name: The shop", f"name: {'x' * 201}", "2: name"),
        ("stateful: true", f"stateful: true\n    note: {'x' * 2001}", "19: components.database.note"),
        ("stateful: true", "stateful: perhaps", "18: components.database.stateful"),
        ("rates:\n", "rates:\n  - none\n", "11: rates.0"),
    ],
)
def test_a_value_of_another_kind_is_found_where_it_stands(old: str, new: str, place: str) -> None:
    """Whatever else follows from it, the place itself is named."""
    assert f"shop.yaml:{place}" in [line.split(": expected")[0] for line in lines_of(changed(old, new))]


def test_a_longer_circle_is_named_in_full() -> None:
    """The way round is shown, so that one link can be cut."""
    [text] = lines_of(changed("warm_cost: 2", "requires: [worker]"))

    assert text.endswith("found database → worker → database")


def test_a_level_must_enable_what_its_components_require() -> None:
    """A worker without its database could never rise."""
    text = changed("components: [database, worker]", "components: [worker]").replace("    monthly_cost: 15.25\n", "")

    assert lines_of(text) == [
        (
            "shop.yaml:40: levels.paid.components.0: expected database on this level too, since worker requires it, "
            "found it neither listed nor carried over"
        )
    ]


def test_minima_must_rise() -> None:
    """A higher level asks more than the one below it."""
    text = PLAN + "  - {id: more, trigger: {metric: revenue, at_least: 50.5}, max_burn: 1, components: []}\n"

    assert lines_of(text) == [
        "shop.yaml:42: levels.more.trigger: expected a minimum above 50.50, that of paid, found 50.50"
    ]


def test_a_trigger_is_only_so_deep() -> None:
    """A tree deeper than the limit is refused instead of followed."""
    tree = "{all: [" * 9 + "{metric: revenue, at_least: 60}" + "]}" * 9
    [text] = lines_of(changed("{metric: revenue, at_least: 50.50, for_months: 2}", tree))

    assert "expected conditions at most 8 deep, found a deeper tree" in text


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n"])
def test_something_that_is_no_mapping_is_no_plan(text: str) -> None:
    """A list or a sentence is told apart from a plan."""
    [problem] = lines_of(text)

    assert problem.startswith("shop.yaml:1: expected a mapping with plan, components, levels, found ")


def test_an_empty_mapping_lacks_everything_that_has_no_default() -> None:
    """The required keys of a plan."""
    assert [line.split(": ")[1] for line in lines_of("{}\n")] == ["components", "currency", "levels", "levels", "plan"]
