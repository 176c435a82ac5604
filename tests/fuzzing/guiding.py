"""`make fuzz` after its counted run: atheris looks for inputs that reach new code, target by target.

    python -m tests.fuzzing.guiding [--runs 3000] [--only plans,rows] [--keep]

What it finds goes to `build/fuzz/corpus/<target>`. `--keep` takes the smallest inputs that reach code which the good
documents do not into `tests/fuzzing/corpus`, at most `KEPT_BYTES_MAX` for a target.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.target import CORPUS, say, seeds

PYTHON: Final = Path("build/fuzz/bin/python")
WORKING: Final = Path("build/fuzz/corpus")
INPUT_BYTES_MAX: Final = 4_096
KEPT_BYTES_MAX: Final = 8_000
RUN_S_MAX: Final = 600
_RUNS: Final = re.compile(r"stat::number_of_executed_units: *(\d+)")
_NEW: Final = re.compile(r"stat::new_units_added: *(\d+)")


def guided(name: str, runs: int) -> bool:
    """One target; whether every input was answered."""
    working = WORKING / name
    working.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(seeds(TARGETS[name])):
        (working / f"good-{number:03}").write_bytes(document[:INPUT_BYTES_MAX])
    crashes = WORKING.with_name("found") / name
    crashes.mkdir(parents=True, exist_ok=True)
    ended = _libfuzzer(name, f"-atheris_runs={runs}", f"-artifact_prefix={crashes}/", str(working))
    tried, new = _RUNS.search(ended.stderr), _NEW.search(ended.stderr)
    say(f"{name:20} {tried[1] if tried else '?':>8} inputs, {new[1] if new else '?':>5} reached new code")
    if ended.returncode:
        say(f"{ended.stdout[-3_000:]}\n{ended.stderr[-3_000:]}")
    return ended.returncode == 0


def keep(name: str) -> None:
    """Take over what reaches code that the target's own documents do not, the smallest first."""
    good, kept = WORKING / f".{name}.good", CORPUS / name
    shutil.rmtree(good, ignore_errors=True)
    good.mkdir(parents=True)
    for number, document in enumerate(TARGETS[name].documents):
        (good / f"{number:03}").write_bytes(document)
    before = {each.name for each in good.iterdir()}
    _libfuzzer(name, "-merge=1", str(good), str(WORKING / name))
    new = sorted((each for each in good.iterdir() if each.name not in before), key=lambda each: each.stat().st_size)
    shutil.rmtree(kept, ignore_errors=True)
    left = KEPT_BYTES_MAX
    for each in new:
        left -= each.stat().st_size
        if left < 0:
            break
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(each, kept / each.name[:16])
    shutil.rmtree(good)


def _libfuzzer(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    common = [f"-max_len={INPUT_BYTES_MAX}", "-timeout=30", "-rss_limit_mb=3000", "-print_final_stats=1"]
    return subprocess.run(
        [str(PYTHON), "-m", "tests.fuzzing.coverage_guided", name, *common, *options],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=RUN_S_MAX,
        check=False,
    )


def main(arguments: Sequence[str]) -> int:
    """Run every target that coverage can guide; 1 where one broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.guiding")
    parser.add_argument("--runs", type=int, default=3_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.only.split(",") if name] or [each.name for each in TARGETS.values() if each.guided]
    if subprocess.run([str(PYTHON), "-c", "import atheris"], check=False, capture_output=True).returncode:
        say("guided by coverage: left out, for there is no wheel of atheris for this Python and platform")
        return 0
    held = [guided(name, chosen.runs) for name in names]
    for name in names if chosen.keep else ():
        keep(name)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
