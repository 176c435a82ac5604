"""`make soak MINUTES=20`: a real daemon under load and faults; prints what it promised and whether that held.

Everything that was measured goes to `build/soak.json`. The exit code is 1 where a promise was broken;
what a run was too short or too noisy to tell is said, and breaks nothing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.soak.report import Verdict, text_of
from tests.soak.running import Soak, Wish

REPORT: Final = Path("build/soak.json")


def main(arguments: Sequence[str]) -> int:
    """Run, print, write; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=int, default=50, help="payments a second")
    parser.add_argument("--fault-every-s", type=float, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the folder, to look into it")
    chosen = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        outcome = Soak(folder, Wish(chosen.minutes * 60, chosen.rate, chosen.fault_every_s, chosen.seed)).run()
    finally:
        if chosen.keep:
            sys.stdout.write(f"everything is in {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(text_of(outcome.series, outcome.promises, outcome.facts) + "\n")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    return 1 if any(each.verdict is Verdict.BROKEN for each in outcome.promises) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
