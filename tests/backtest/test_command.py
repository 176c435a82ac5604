"""`solvent backtest`: one object or tables on stdout, complaints on stderr, exit codes."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.progress import Progress

from daemon.assembly import read_payments_csv
from daemon.cli.backtest import REJECTIONS_SHOWN_ITEMS_MAX, _watched, backtest_command
from tests.backtest.payments import HEADER

ROWS = [
    "a,c1,500.00,EUR,completed,2024-01-10T00:00:00Z,payment",
    "b,c1,500.00,EUR,completed,2024-02-10T00:00:00Z,payment",
    "c,c1,500.00,EUR,completed,2024-03-10T00:00:00Z,payment",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A payments file of three months."""
    path = tmp_path / "payments.csv"
    path.write_text("\n".join([HEADER, *ROWS, ""]))
    return path


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    """The command's result."""
    return CliRunner().invoke(backtest_command, [str(each) for each in arguments], input=stdin)


def test_json_is_exactly_one_object(file: Path) -> None:
    """One line on stdout, nothing on stderr."""
    result = run(file, "--plan", "autobroker", "--format", "json")

    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
    assert [each["level"] for each in json.loads(result.stdout)["months"]] == [1, 1]


def test_tables_show_months_and_totals(file: Path) -> None:
    """For people."""
    result = run(file, "--plan", "autobroker")

    assert result.exit_code == 0
    assert "1 Bootstrap" in result.stdout
    assert "Cost 333.00 EUR; always on at level 4 70,000.00; saved 69,667.00." in result.stdout


def test_a_file_without_a_complete_month_says_so(tmp_path: Path) -> None:
    """And names the way out."""
    path = tmp_path / "one.csv"
    path.write_text(f"{HEADER}\n{ROWS[0]}\n")

    assert "No month is complete" in run(path, "--plan", "autobroker").stdout


def test_until_is_the_end_of_that_day(file: Path) -> None:
    """Through 31 March all three months are complete; through the 30th two are."""
    months = [
        len(json.loads(run(file, "--plan", "autobroker", "--until", day, "--format", "json").stdout)["months"])
        for day in ("2024-03-31", "2024-03-30")
    ]

    assert months == [3, 2]


def test_set_changes_a_policy(file: Path) -> None:
    """With `max_burn` as basis level 1 needs 888.89."""
    result = run(file, "--plan", "autobroker", "--set", "safety.cost_basis=max_burn", "--format", "json")

    assert json.loads(result.stdout)["months"][0]["level"] == 0


def test_rejected_rows_are_listed_and_leave_exit_0(tmp_path: Path) -> None:
    """Row, field and reason on stderr, the object on stdout."""
    path = tmp_path / "bad.csv"
    path.write_text("\n".join([HEADER, *ROWS, "d,c1,-5,EUR,completed,2024-03-10T00:00:00Z,payment", ""]))
    result = run(path, "--plan", "autobroker", "--format", "json")

    assert (result.exit_code, json.loads(result.stdout)["payments"]["rejected"]) == (0, 1)
    assert result.stderr.startswith("row 5: amount: expected 0 or more")


def test_a_long_list_of_rejected_rows_is_cut(tmp_path: Path) -> None:
    """The rest is counted."""
    path = tmp_path / "bad.csv"
    path.write_text("\n".join([HEADER, *["d,c1,-5"] * (REJECTIONS_SHOWN_ITEMS_MAX + 7), ""]))
    lines = run(path, "--plan", "autobroker").stderr.splitlines()

    assert (len(lines), lines[-1]) == (REJECTIONS_SHOWN_ITEMS_MAX + 1, "and 7 more rejected rows")


def test_standard_input_and_gzip_are_read(tmp_path: Path) -> None:
    """`-` and `.gz`."""
    text = "\n".join([HEADER, *ROWS, ""])
    path = tmp_path / "payments.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    outputs = {
        run("-", "--plan", "autobroker", "--format", "json", stdin=text).stdout,
        run(path, "--plan", "autobroker", "--format", "json").stdout,
    }

    assert len(outputs) == 1
    assert json.loads(outputs.pop())["payments"]["read"] == 3


def test_a_wrong_currency_is_not_advised_again(file: Path) -> None:
    """Who typed a code that no payment has is told where the right one stands, and the rows name it."""
    result = run(file, "--plan", "autobroker", "--set", "currency=USD")

    assert "no rate for EUR on 2024-01-10" in result.stderr
    said = " ".join(result.stdout.split())
    assert "The plan counts in USD, and the payments do not: " in said
    assert "--set currency= and the code of the payments, which the rejected rows name." in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "--plan", "autobroker"], "cannot read missing.csv"),
        (["FILE", "--plan", "autobrokr"], "did you mean 'autobroker'"),
        (["FILE", "--plan", "autobroker", "--set", "safety.ratio_max=much"], "safety.ratio_max"),
        (["FILE", "--plan", "autobroker", "--until", "2024-02-30"], "expected a date such as 2024-12-31"),
        (["FILE", "--plan", "autobroker", "--until", "9999-12-31"], "expected a year from 1970 to 2199"),
        (["FILE", "--plan", "autobroker", "--format", "xml"], "'xml' is not one of"),
        (["FILE"], "Missing option '--plan'"),
    ],
)
def test_bad_input_is_a_message_and_exit_2(file: Path, arguments: list[str], message: str) -> None:
    """Nothing on stdout, no traceback."""
    result = run(*(file if each == "FILE" else each for each in arguments))

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_long_file_shows_how_far_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar follows the bytes read, and every row passes through it."""
    monkeypatch.setattr("daemon.cli.backtest.PROGRESS_BYTES_MIN", 1)
    with Progress(console=Console(file=io.StringIO())) as progress:
        rows = list(_watched(read_payments_csv(str(file)), progress))

        assert len(rows) == 3
        assert [(task.total, task.completed) for task in progress.tasks] == [(file.stat().st_size,) * 2]
