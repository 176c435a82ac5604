"""`--attest`: what a backtest takes as attested, and from when on."""

from __future__ import annotations

import re

import click
import msgspec
import pytest

from config.instants import Instant, instant_from_text
from config.plan import Plan
from config.triggers import AllOf, Attested
from daemon.cli.backtest import attested_from
from machines.backtest import backtest
from tests.backtest.payments import monthly, numbered, shop
from tests.deciding.months import at_least


def checked() -> Plan:
    """The shop whose large level asks for an audit too."""
    plan = shop()
    large = msgspec.structs.replace(plan.levels[2], trigger=AllOf((at_least(500, 2), Attested("audited"))))
    return msgspec.structs.replace(plan, levels=(*plan.levels[:2], large), checklist={"audited": "signed"})


def levels(attested: dict[str, Instant]) -> list[int]:
    """The level after each of four closes."""
    rows = numbered(monthly("900", "900", "900", "900", "900"))
    return [each.level for each in backtest(checked(), rows, None, attested).months]


def test_by_itself_nothing_is_attested() -> None:
    """A file of payments says nothing of it."""
    assert [1, 1, 1, 1] == levels({})


def test_an_item_counts_from_its_date_on() -> None:
    """At the close of the month in which it lies."""
    assert [1, 2, 2, 2] == levels(attested_from(["audited"], checked()))
    assert [1, 1, 2, 2] == levels(attested_from(["audited=2024-03-31"], checked()))
    assert [1, 1, 1, 2] == levels(attested_from(["audited=2024-04-01"], checked()))


def test_the_day_begins_in_the_plans_zone() -> None:
    """As everywhere."""
    rome = msgspec.structs.replace(checked(), timezone="Europe/Rome")

    assert {"audited": instant_from_text("2024-05-31T22:00:00Z")} == attested_from(["audited=2024-06-01"], rome)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "audit",
            "--attest: expected an item of the plan's checklist (audited), found 'audit' (did you mean 'audited'?)",
        ),
        ("audited=soon", "--attest: expected a date such as 2024-12-31, found 'soon'"),
        ("audited=\u0662024-06-01", "--attest: expected a date such as 2024-12-31, found '\u0662024-06-01'"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    """With what was expected."""
    with pytest.raises(click.BadParameter, match=re.escape(message)):
        attested_from([text], checked())
