"""A kill at any step of a restore, a migration or a backup leaves the old journal or the new one, whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.backups.killing import Left

ROOT = Path(__file__).parents[2]


def left_by(what: str, folder: Path) -> list[Left]:
    """What each killed run, and those after some of them, left."""
    command = [sys.executable, "-m", "tests.backups.killing", what, str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == ended.returncode, ended.stderr[-3_000:]
    return [msgspec.json.decode(line, type=Left) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("what", "states", "steps_min"),
    [
        ("restoring", {(1, 1, 126), (2, 1, 128)}, 40),
        ("migrating", {(1, 1, 126), (1, 2, 127)}, 40),
        ("backing_up", {(1, 1, 126)}, 20),
    ],
)
def test_a_kill_leaves_the_old_or_the_new(
    tmp_path: Path, what: str, states: set[tuple[int, int, int]], steps_min: int
) -> None:
    """Epoch, schema and end are those of before or after, nothing is broken, what made way is still there."""
    left = left_by(what, tmp_path)

    assert [] == [each for each in left if each.findings]
    assert states == {(min(each.epoch, 2), each.schema, each.last_sequence) for each in left}
    made_way = [each.names for each in left if each.epoch > 1]
    assert all(any("-replaced-" in name for name in names) for names in made_way)
    assert max(each.step for each in left) >= steps_min
    assert [] == [name for each in left if not each.step for name in each.names if "solvent-" in name or ".new" in name]
