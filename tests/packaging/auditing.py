"""Hold every locked package against the published advisories: `make audit`.

Exit 0 where none is known, or where the advisories cannot be reached (said on standard error: not audited is not safe);
exit 1 where a package has one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
LIMIT_S: Final = 300


def verdict(report: dict[str, Any]) -> tuple[int, str]:
    """The exit status for a report of `pip-audit --format json`, and what to say."""
    found = report.get("dependencies", [])
    asked = [each for each in found if "skip_reason" not in each]
    weak = [each for each in asked if each.get("vulns")]
    if weak:
        lines = [_line(each, advisory) for each in weak for advisory in each["vulns"]]
        return 1, "\n".join(lines)
    if not asked:
        return 0, f"not audited: the advisories know none of {len(found)} packages, so they were not reached"
    left = f"; {len(found) - len(asked)} were not found there" if len(asked) < len(found) else ""
    return 0, f"no advisory for {len(asked)} packages{left}"


def _line(package: dict[str, Any], advisory: dict[str, Any]) -> str:
    mended = ", ".join(advisory["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {advisory['id']}, mended in {mended}"


def audited(lock: str) -> tuple[int, str]:
    """The verdict on one lock file."""
    ran = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip",
         "--format", "json", "--progress-spinner", "off"],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    try:
        return verdict(json.loads(ran.stdout))
    except json.JSONDecodeError:
        return (
            0,
            f"not audited: {ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else 'pip-audit said nothing'}",
        )


def main() -> int:
    """Audit all lock files; the worst exit status."""
    worst = 0
    for lock in LOCKS:
        code, said = audited(lock)
        worst = max(worst, code)
        print(f"{lock}: {said}", file=sys.stderr)  # noqa: T201 - a program's own output
    return worst


if __name__ == "__main__":
    sys.exit(main())
