"""Running `solvent demo` as a person does: in a process of its own, from a folder that is not the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec

from config.loading import load_plan
from daemon.assembly import read_payments_csv
from machines.backtest import BacktestReport, backtest

HEADER = "payment_id,customer_id,amount,currency,status,created_at,kind"
COMMAND = (sys.executable, "-c", "from daemon.cli.main import main; main()", "demo")
TIME_LIMIT_S = 120
ROW = re.compile(r"(\d{4}-\d\d) +(-?[\d,]+\.\d\d) +(-?[\d,]+\.\d\d) {2}(\d) (\S.*?) {2,}([\d,]+\.\d\d) +(\S+)")


class Played(msgspec.Struct, frozen=True):
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def months(self) -> list[tuple[str, int]]:
        """Month and level of every row of the table."""
        return [(found[1], int(found[4])) for line in self.out.splitlines() if (found := ROW.match(line))]

    def figure(self, name: str) -> str:
        """The amount after a name of the summary, without its thousands separators."""
        found = re.search(rf"^  {name}.*? ([\d,]+\.\d\d) [A-Z]{{3}}", self.out, re.MULTILINE)
        assert found is not None, self.out
        return found[1].replace(",", "")


def environment() -> dict[str, str]:
    """The environment without what would change the demo's manners."""
    return {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "FORCE_COLOR"}}


def play(directory: Path, *options: str) -> Played:
    """One fast run to its end."""
    done = subprocess.run(
        [*COMMAND, "--speed", "fast", "--no-serve", *options],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    return Played(done.returncode, done.stdout, done.stderr)


def replayed(file: Path, *overrides: str, plan: str = "autobroker", until: int | None = None) -> BacktestReport:
    """What a backtest says of a payments file."""
    return backtest(load_plan(plan, overrides), read_payments_csv(str(file)), until)


def write_payments(path: Path, *rows: str) -> Path:
    """A payments file of these rows."""
    path.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    return path
