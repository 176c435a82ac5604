"""A move that is killed at any step leaves one journal, whole, and the next move comes to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.journal_place.killing import Left
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("killed_moves")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("what", "old", "new"), [("there", "file", "postgresql"), ("back", "postgresql", "file")])
def test_a_kill_leaves_the_old_or_the_new(
    server: PostgresServer, tmp_path: Path, what: str, old: str, new: str
) -> None:
    """Its events are all there, nobody else reads or opens another, and what was begun is finished by the next."""
    command = [sys.executable, "-m", "tests.journal_place.killing", what, str(tmp_path), server.url]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=5_000, check=False)
    assert 0 == ended.returncode, ended.stderr[-3_000:]
    left = [msgspec.json.decode(line, type=Left) for line in ended.stdout.splitlines()]

    assert [] == [each for each in left if each.findings]
    assert {new} == {each.then for each in left}
    assert {old, new} <= {each.journal for each in left} <= {old, new, "interrupted"}
    assert 1 == len({each.last_sequence for each in left})
    assert left[-1].of == left[-1].step >= 100
