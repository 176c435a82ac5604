"""What a release is made of is listed, and known weaknesses of it end CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.auditing import LOCKS, verdict
from tests.tidy.test_dependencies import locked

ROOT = Path(__file__).resolve().parents[2]
FINE = {"name": "click", "version": "8.4.0", "vulns": []}
SKIPPED = {"name": "rich", "skip_reason": "Dependency not found on PyPI"}
WEAK = {"name": "h11", "version": "0.9", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.16"]}]}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([FINE], 0, "no advisory for 1 packages"),
        ([FINE, SKIPPED], 0, "no advisory for 1 packages; 1 were not found there"),
        ([SKIPPED], 0, "not audited: the advisories know none of 1 packages, so they were not reached"),
        ([FINE, WEAK], 1, "h11 0.9: PYSEC-1, mended in 0.16"),
    ],
)
def test_an_advisory_ends_the_audit(dependencies: list[Any], code: int, said: str) -> None:
    """A known weakness is an error with the version that mends it; advisories that were not reached are said."""
    assert (code, said) == verdict({"dependencies": dependencies})


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    """What is installed is what was locked, byte for byte."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = [each for each in text.replace("\\\n", " ").splitlines() if "==" in each and not each.startswith("#")]

    assert [] == [each.split()[0] for each in packages if "--hash=sha256:" not in each]


def test_the_bill_of_materials_lists_what_runs(tmp_path: Path) -> None:
    """`make sbom` names every package of requirements.lock with its version, and nothing of the machine it ran on."""
    out = tmp_path / "sbom.json"
    program = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run(
        [program, "requirements", "requirements.lock", "--output-reproducible", "--of", "JSON", "-o", out],
        cwd=ROOT,
        check=True,
        timeout=60,
        capture_output=True,
    )
    text = out.read_text(encoding="utf-8")
    listed = {each["name"].lower(): each["version"] for each in json.loads(text)["components"]}

    assert {name: version for name, version in locked("requirements.lock").items() if name in listed} == listed
    assert str(ROOT) not in text
