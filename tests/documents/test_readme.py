"""What the README promises within its sentences, where no block shows it."""

from __future__ import annotations

import re

from click.testing import CliRunner

from daemon.cli.backtest import backtest_command
from tests.documents.blocks import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAYMENTS = ROOT / "config" / "examples" / "payments.csv"


def decided(*options: str) -> str:
    """What a backtest of the example prints."""
    result = CliRunner().invoke(backtest_command, [str(PAYMENTS), "--plan", "autobroker", *options])
    assert 0 == result.exit_code
    return result.stdout


def test_the_policy_to_compare_changes_what_is_printed() -> None:
    """Whoever types the second thing to try sees that it did something: the level that the page names."""
    [step] = re.findall(r"^2\. \*\*Compare a policy\.\*\* `… (--set [^`]+)`", README, re.MULTILINE)
    plain, compared = decided(), decided(*step.split())

    assert "level 2 is kept through the fall of February 2026" in README
    assert not re.search(r"^ 2026-02 .* 2 Growth", plain, re.MULTILINE)
    assert re.search(r"^ 2026-02 .* 2 Growth", compared, re.MULTILINE)
    assert re.search(r"^ 2026-03 .* 1 Bootstrap", compared, re.MULTILINE)


def test_the_places_of_ones_own_account_are_found_as_it_says() -> None:
    """No check knows them, so the page shows the command, and the plan marks every line that holds an account's own."""
    assert "`grep -n yours autobroker_cloud.yaml`" in README
    lines = (ROOT / "config" / "plans" / "autobroker_cloud.yaml").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines if re.search(r"(subnet|vpc|ami)-0[ab]{16}|111122223333", line)]

    assert own
    assert [] == [line for line in own if "yours" not in line]
