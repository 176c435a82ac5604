"""The parts of the demonstration that decide nothing and must still be right."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import calendar_of
from config.instants import DAY, HOUR, instant_from_text
from config.loading import load_plan
from config.money import MICROS_PER_UNIT
from config.policies import Approval
from daemon.demo.account import Account
from daemon.demo.ledger import ledger_of
from daemon.demo.rehearsal import rehearsed
from daemon.demo.screen import is_plain, says_ci
from daemon.demo.strides import strides
from daemon.demo.wording import money, ratio_text
from machines.revenue.payments import Payment

PLAN = load_plan("autobroker")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


def paid(payment_id: str, at: str, status: str = "completed") -> Payment:
    """A payment of 500.00 EUR."""
    return Payment(payment_id, "c1", 500 * MICROS_PER_UNIT, "EUR", status, instant_from_text(at))


@given(st.sampled_from(ZONES), st.integers(600, 720), st.sampled_from([HOUR, 5 * HOUR, DAY, 10 * DAY]))
def test_strides_cover_a_month_without_gaps(zone: str, month: int, stride: int) -> None:
    """One ends where the next begins, none is longer than it may be (but for the hour of a clock change)."""
    calendar = calendar_of(zone)
    starts_at, ends_at = calendar.start_of(month), calendar.end_of(month)
    found = list(strides(calendar, starts_at, ends_at, stride))

    assert found[0][0] == starts_at
    assert found[-1][1] == ends_at
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
    assert all(0 < end - start <= stride + HOUR for start, end in found)


@given(st.sampled_from(ZONES), st.integers(600, 720))
def test_strides_of_days_end_with_each_day_of_the_time_zone(zone: str, month: int) -> None:
    """A daily judgement finds the clock at the day's end, also where a day has 23 or 25 hours."""
    calendar = calendar_of(zone)
    found = list(strides(calendar, calendar.start_of(month), calendar.end_of(month), DAY))

    assert all(end == calendar.day_end(calendar.day_of(start)) for start, end in found)


def test_a_rehearsal_touches_nothing_real() -> None:
    """A component with scripts of its own is simulated, a host stays a host, approvals are taken as given."""
    real = msgspec.structs.replace(PLAN.components["alb"], provisioner="command", options={"observe": ["rm", "-rf"]})
    policies = PLAN.policies
    manual = msgspec.structs.replace(policies.activation, approval=Approval.MANUAL)
    plan = msgspec.structs.replace(
        PLAN,
        components={**PLAN.components, "alb": real},
        policies=msgspec.structs.replace(policies, activation=manual),
    )
    played, notes = rehearsed(plan, instant=True)

    assert {each.provisioner for each in played.components.values() if not each.host} == {"simulated"}
    assert all(not each.options for each in played.components.values() if not each.host)
    assert played.components["single_vps"] == PLAN.components["single_vps"]
    assert played.policies.activation.approval is Approval.AUTOMATIC
    assert ["alb" in note or "approvals" in note for note in notes] == [True, True]


def test_rows_of_one_id_are_sent_in_the_order_of_the_file() -> None:
    """The first statement of a payment stands, so a later row with an earlier date must not overtake it."""
    rows = [
        paid("p1", "2024-01-20T00:00:00Z"),
        paid("p2", "2024-01-10T00:00:00Z"),
        paid("p1", "2024-01-05T00:00:00Z"),
        paid("p3", "2024-02-01T00:00:00Z"),
    ]
    ledger = ledger_of(PLAN, enumerate(rows, 2), "mine.csv")

    assert [payment for _, payment in ledger.payments] == [rows[1], rows[0], rows[2], rows[3]]


def test_cost_accrues_as_a_share_of_the_month() -> None:
    """Half of February at 290 and half at 0 is 145; one closed month of the top level is its whole price."""
    account, calendar = Account(PLAN), calendar_of("UTC")
    month = calendar.month_of(instant_from_text("2024-02-01T00:00:00Z"))
    start, end = calendar.start_of(month), calendar.end_of(month)
    account.accrue(290 * MICROS_PER_UNIT, start, (start + end) // 2)
    account.accrue(0, (start + end) // 2, end)
    account.closed(0)
    totals = account.totals()

    assert (totals.cost_micros, totals.cost_always_on_micros) == (145 * MICROS_PER_UNIT, 35_000 * MICROS_PER_UNIT)
    assert Fraction(totals.saved_micros, MICROS_PER_UNIT) == 34_855


def test_figures_are_rounded_half_even_for_reading() -> None:
    """Two decimals, thousands separated, a sign where there is one, no ratio without revenue."""
    assert [money(micros) for micros in (1_234_565_000, -500_000, 0)] == ["1,234.56", "-0.50", "0.00"]
    assert (ratio_text(1, 3), ratio_text(2333, 1000), ratio_text(50, 0)) == ("33.3 %", "233.3 %", "-")


def test_no_color_and_ci_make_the_screen_plain() -> None:
    """CI ends the demo as well; what people write to say no is understood."""
    assert [is_plain(each) for each in ({"NO_COLOR": "1"}, {"CI": "true"}, {"TERM": "dumb"}, {"TERM": "xterm"})] == [
        True,
        True,
        True,
        False,
    ]
    assert [says_ci({"CI": text}) for text in ("true", "1", "", "0", "false")] == [True, True, False, False, False]
