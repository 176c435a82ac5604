"""The demonstration as a whole: a real daemon in a process of its own."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from pathlib import Path

import pytest

from config.calendar import month_text
from config.instants import instant_from_text
from config.money import amount_text
from daemon.demo.wording import money
from tests.demo.playing import Played, play, replayed, write_payments

END = instant_from_text("2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of one run."""
    return tmp_path_factory.mktemp("demo") / "state"


@pytest.fixture(scope="module")
def played(kept: Path) -> Played:
    """One run of the made-up history."""
    return play(kept.parent, "--state-dir", str(kept))


def test_the_demo_reaches_every_level_and_ends_on_the_floor(played: Played) -> None:
    """Exit 0, 24 months, levels 0 to 4 and back to 0, one after the other."""
    assert (played.code, played.err) == (0, "")
    assert len(played.months) == 24
    assert [level for level, _ in groupby(level for _, level in played.months)] == [0, 1, 2, 3, 4, 3, 2, 1, 0]


def test_the_live_daemon_agrees_with_a_backtest_of_the_same_payments(played: Played, kept: Path) -> None:
    """Levels, totals and the number of transitions are those of the payments file that the run leaves behind."""
    report = replayed(kept / "payments.csv", until=END)

    assert played.months == [(month_text(month.month), month.level) for month in report.months]
    assert played.figure("spent") == amount_text(report.totals.cost_micros)
    assert played.figure("a fixed set-up") == amount_text(report.totals.cost_always_on_micros)
    assert played.figure("saved") == amount_text(report.totals.saved_micros)
    assert f" {len(report.transitions)} transitions." in played.out


def test_a_component_is_shown_on_its_whole_way(played: Played) -> None:
    """Up through every state, down again, and a stateful one rests WARM."""
    ways = [line.split(maxsplit=1)[1] for line in played.out.splitlines() if line.split()[:1] == ["rds_single"]]

    assert ways == [
        "COLD → WARMING → WARM → ACTIVATING → HOT  +150.00 a month",
        "HOT → DEACTIVATING → WARM  -150.00 a month",
    ]


def test_the_one_off_is_said_to_buy_nothing(played: Played) -> None:
    """The large contract is explained in words, with the months that are missing."""
    assert (
        "One payment of 48,000.00 made this month. It is enough for level 4 Enterprise, and buys nothing" in played.out
    )


def test_a_blocked_level_says_what_is_missing(played: Played) -> None:
    """1183 / 0.90 - 1084 = 230.444…, rounded up: paying it is enough."""
    assert "level 2 is blocked: cost 1183.00 is above ratio 0.90 of 1084.00; 230.45 is missing" in played.out


def test_every_payment_is_in_the_journal_once(played: Played, kept: Path) -> None:
    """The journal that stays behind holds as many payments as the summary says were counted."""
    counted = replayed(kept / "payments.csv", until=END).payments.counted
    with sqlite3.connect(f"file:{kept / 'journal.sqlite'}?mode=ro", uri=True) as journal:
        types = dict(journal.execute("SELECT type, count(*) FROM events GROUP BY type").fetchall())

    assert f"{counted:,} payments counted" in played.out
    assert types["MonthClosed"] == types["LevelDecided"] == 24
    assert "EntryRejected" not in types


def test_it_ends_with_what_to_do_with_your_own_payments(played: Played) -> None:
    """Without serving nothing is suggested that needs a running daemon."""
    assert "backtest yourfile.csv --plan autobroker" in played.out
    assert "redis-cli" not in played.out


@pytest.mark.parametrize(
    "overrides",
    [
        ("activation.partial=true", "revenue.basis=committed"),
        ("activation.prewarm_confidence=0.5",),
        ("activation.approval=manual",),
    ],
)
def test_other_policies_agree_with_their_backtest_too(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    """Partial activation, pre-warming and approvals (taken as given) cost what the backtest says."""
    given = [option for override in overrides for option in ("--set", override)]
    played = play(tmp_path, "--state-dir", "state", *given)
    report = replayed(tmp_path / "state" / "payments.csv", *overrides, until=END)

    assert played.code == 0
    assert played.months == [(month_text(month.month), month.level) for month in report.months]
    assert "solvent backtest says" not in played.out
    assert f" {len(report.transitions)} transitions." in played.out


def test_a_fall_within_a_month_costs_what_the_backtest_says(tmp_path: Path) -> None:
    """With daily falls the level goes at the day's end, and the cost with it."""
    file = write_payments(
        tmp_path / "mine.csv",
        "p1,c1,900.00,EUR,completed,2024-01-10T00:00:00Z,payment",
        "p2,c1,900.00,EUR,completed,2024-03-20T00:00:00Z,payment",
        "p3,c1,900.00,EUR,completed,2024-04-20T00:00:00Z,payment",
    )
    overrides = ("rollback.after=daily", "revenue.measure=trailing_30d", "timezone=Europe/Berlin")
    played = play(tmp_path, "--file", "mine.csv", *(option for each in overrides for option in ("--set", each)))
    report = replayed(file, *overrides)

    assert "within 2024-02: DOWN to level 0 Survival" in played.out
    assert played.figure("spent") == money(report.totals.cost_micros).replace(",", "")
    assert f" {len(report.transitions)} transitions." in played.out


def test_your_own_payments_are_played_and_bad_rows_are_listed(tmp_path: Path) -> None:
    """Rejected rows go to standard error with their number and field; the rest decides, the last month stays open."""
    file = write_payments(
        tmp_path / "mine.csv",
        "p1,c1,500.00,EUR,completed,2024-01-05T00:00:00Z,payment",
        "p2,c1,-1,EUR,completed,2024-01-06T00:00:00Z,payment",
        "p3,c1,500.00,USD,completed,2024-02-05T00:00:00Z,payment",
        "p4,c1,700.00,EUR,completed,2024-02-05T00:00:00Z,payment",
        "p4,c1,700.00,EUR,completed,2024-02-05T00:00:00Z,payment",
        "p5,c1,100.00,EUR,completed,2024-03-05T00:00:00Z,payment",
    )
    played = play(tmp_path, "--file", "mine.csv")

    assert played.code == 0
    assert [line.partition(": expected")[0] for line in played.err.splitlines()] == [
        "row 3: amount",
        "row 4: currency: no rate for USD on 2024-02-05; add one under `rates`",
    ]
    assert played.months == [("2024-01", 1), ("2024-02", 1)]
    assert played.figure("spent") == amount_text(replayed(file).totals.cost_micros)


def test_another_currency_is_compared_as_it_stands_when_asked(tmp_path: Path) -> None:
    """`--set currency=USD` plays a file in dollars against the plan's figures."""
    rows = (f"p{n},c1,500,USD,completed,2024-0{n}-05T00:00:00Z,payment" for n in range(1, 4))
    write_payments(tmp_path / "usd.csv", *rows)

    refused, taken = (
        play(tmp_path, "--file", "usd.csv"),
        play(tmp_path, "--file", "usd.csv", "--set", "currency=USD"),
    )

    assert refused.code == 2
    assert "its payments are in USD, the plan autobroker is in EUR" in refused.err
    assert "--set currency=USD" in refused.err
    assert taken.code == 0
    assert taken.figure("spent") == "333.00"


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("", (), "mine.csv is empty: expected a payments file"),
        ("HEADER", (), "mine.csv has a header and no payments"),
        ("HEADER\np1,c1,5,EUR,completed,2024-01-05T00:00:00Z,payment", (), "no month is complete"),
        ("HEADER\np1,c1,5,EUR,failed,2024-01-05T00:00:00Z,payment", (), "none of its 1 payments is completed"),
        ("HEADER\np1,c1,five,EUR,completed,2024-01-05T00:00:00Z,payment", (), "none of its 1 rows can be counted"),
        (
            "HEADER\np1,c1,5,EUR,completed,2000-01-05T00:00:00Z,payment\np2,c1,5,EUR,completed,2024-01-05T00:00:00Z,payment",
            (),
            "Is a date mistyped?",
        ),
        ("HEADER", ("--plan", "nope"), "nope: expected one of the shipped plans"),
        ("HEADER", ("--set", "safety.ratio_max=two"), "safety.ratio_max"),
    ],
)
def test_what_cannot_be_played_is_refused_with_exit_code_2(
    tmp_path: Path, content: str, options: tuple[str, ...], sentence: str
) -> None:
    """The message names the file and says what was expected; no state directory is made."""
    lines = write_payments(tmp_path / "mine.csv").read_text(encoding="utf-8").strip()
    (tmp_path / "mine.csv").write_text(content.replace("HEADER", lines), encoding="utf-8")
    played = play(tmp_path, "--file", "mine.csv", "--state-dir", "state", *options)

    assert (played.code, played.out) == (2, "")
    assert sentence in played.err
    assert not (tmp_path / "state").exists()


def test_a_directory_that_holds_something_is_not_used(tmp_path: Path) -> None:
    """The demo begins in the past and never mixes with a journal that lies there."""
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    played = play(tmp_path, "--state-dir", ".")

    assert played.code == 2
    assert "expected an empty or a new directory" in played.err
    assert [each.name for each in tmp_path.iterdir()] == ["precious"]
