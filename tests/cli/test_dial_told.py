"""What `solvent status`, `explain` and `history` say of a dial."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from config.provisioner_options.dial import dial_policy
from daemon.cli.explain import explain_command
from daemon.cli.history import history_command
from daemon.cli.status import status_command
from machines.dialing import Rule
from machines.events import DialTurned, FreezeChanged
from tests.cli.recorded import START, raised, run, shown, started, write
from tests.deciding.months import autobroker

WHY = "the margin of 0.42 is below 0.50: 20 % more self-hosted"
TURNED = DialTurned("part_1", 90, 100, START, (Rule.LOW_MARGIN,), ("level 1 asks for 80 % self-hosted", WHY))


def with_dial(state_dir: Path, *more: DialTurned | FreezeChanged) -> None:
    """A journal whose first part is a dial that is HOT."""
    plan = autobroker()
    part = msgspec.structs.replace(plan.components["part_1"], provisioner="dial", options={})
    changed = msgspec.structs.replace(plan, components={**plan.components, "part_1": part})
    write(state_dir, started(changed), raised("part_1", 0), *more)


def test_status_has_the_dial(tmp_path: Path) -> None:
    """As a value, and in a sentence."""
    with_dial(tmp_path, TURNED)

    assert {
        "share_percent": 90,
        "wished_percent": 100,
        "turned_at": "2024-06-01T00:00:00Z",
        "holding": ["low_margin"],
        "reasons": ["level 1 asks for 80 % self-hosted", WHY],
    } == shown(status_command, "--state-dir", tmp_path)["components"]["part_1"]["dial"]
    assert f"dial: part_1 stands at 90 % on its way to 100 %: level 1 asks for 80 % self-hosted; {WHY}" in (
        " ".join(run(status_command, "--state-dir", tmp_path).stdout.split())
    )


def test_explain_says_why_the_dial_stands_there(tmp_path: Path) -> None:
    """And what holds it."""
    with_dial(tmp_path, TURNED, FreezeChanged("clock", frozen=True, reason="the clock jumped"))

    reasons = shown(explain_command, "part_1", "--state-dir", tmp_path)["reasons"]

    assert f"The dial stands at 90 % on its way to 100 %: level 1 asks for 80 % self-hosted; {WHY}." in reasons
    assert "The dial does not turn now: frozen: the clock jumped." in reasons


def test_a_dial_that_was_never_turned_says_so(tmp_path: Path) -> None:
    """Unknown is no share of zero."""
    with_dial(tmp_path)

    found = shown(explain_command, "part_1", "--state-dir", tmp_path)

    assert "dial" not in found
    assert "The dial was not turned yet: while it is not HOT the application asks the API." in found["reasons"]


def test_what_is_no_dial_has_none(tmp_path: Path) -> None:
    """Other components are told as before."""
    with_dial(tmp_path, TURNED)

    assert "dial" not in shown(status_command, "--state-dir", tmp_path)["components"]["part_2"]
    assert not any("dial" in each for each in shown(explain_command, "part_2", "--state-dir", tmp_path)["reasons"])


def test_history_tells_a_turn(tmp_path: Path) -> None:
    """In one line, with the reasons."""
    with_dial(tmp_path, TURNED)

    told = " ".join(run(history_command, "--state-dir", tmp_path, "--type", "DialTurned").stdout.split())

    assert "part_1: turned to 90 % towards 100 %: level 1 asks for 80 % self-hosted; the margin" in told


def test_options_of_an_empty_mapping_are_the_defaults() -> None:
    """So a dial needs no option."""
    assert Decimal("0.50") == dial_policy({}).margin_below
