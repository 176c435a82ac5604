"""`make fuzz` after its counted run: atheris looks for inputs that reach new code, target by target.

    python -m tests.fuzzing.guiding [--runs 3000] [--seconds 60] [--only plans,rows] [--keep]

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.target import CORPUS, say, seeds

PYTHON: Final = Path("build/fuzz/bin/python")
WORKING: Final = Path("build/fuzz/corpus")
INPUT_BYTES_MAX: Final = 4_096
KEPT_BYTES_MAX: Final = 8_000
KEEPING_S_MAX: Final = 600
STARTS_S_MAX: Final = 400
"""How long a target may take beside its inputs: every module that it imports is rewritten to be watched."""
_DONE: Final = re.compile(r"Done (\d+) (?:runs )?in ")
_COVERED: Final = re.compile(r"cov: (\d+) ft: ")


def guided(name: str, runs: int, seconds: int) -> bool:
    """One target; whether every input was answered, and the target came to its end."""
    working = WORKING / name
    working.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(seeds(TARGETS[name])):
        (working / f"good-{number:03}").write_bytes(document[:INPUT_BYTES_MAX])
    before = len(list(working.iterdir()))
    crashes = WORKING.with_name("found") / name
    crashes.mkdir(parents=True, exist_ok=True)
    options = (f"-atheris_runs={runs}", f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/")
    try:
        ended = _libfuzzer(name, seconds + STARTS_S_MAX, *options, str(working))
    except subprocess.TimeoutExpired:
        say(f"{name:20} did not come to an end within {seconds} s and {STARTS_S_MAX} s for its start")
        return False
    done, covered = _DONE.search(ended.stderr), [int(each) for each in _COVERED.findall(ended.stderr)] or [0]
    new = len(list(working.iterdir())) - before
    say(
        f"{name:20} {done[1] if done else '?':>8} inputs, {new:5} of them new; "
        f"{covered[0]:6} places of the code reached at first, {covered[-1]:6} at last"
    )
    if ended.returncode or done is None:
        say(f"{ended.stdout[-3_000:]}\n{ended.stderr[-3_000:]}")
    return ended.returncode == 0 and done is not None


def keep(name: str) -> None:
    """Take over what reaches code that the target's own documents do not, the smallest first."""
    good, kept = WORKING / f".{name}.good", CORPUS / name
    shutil.rmtree(good, ignore_errors=True)
    good.mkdir(parents=True)
    for number, document in enumerate(TARGETS[name].documents):
        (good / f"{number:03}").write_bytes(document)
    before = {each.name for each in good.iterdir()}
    try:
        _libfuzzer(name, KEEPING_S_MAX, "-merge=1", str(good), str(WORKING / name))
    except subprocess.TimeoutExpired:
        shutil.rmtree(good)
        say(f"{name:20} nothing is kept: the merge did not come to an end within {KEEPING_S_MAX} s")
        return
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


def _libfuzzer(name: str, seconds_max: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Where libFuzzer merges it starts itself again by its own name: so each target is a program of its own."""
    program = WORKING.with_name("programs") / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {PYTHON.absolute()} -m tests.fuzzing.coverage_guided {name} "$0" "$@"\n')
    program.chmod(0o755)
    common = [f"-max_len={INPUT_BYTES_MAX}", "-timeout=30", "-rss_limit_mb=3000"]
    return subprocess.run(
        [str(program), *common, *options],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds_max,
        check=False,
    )


def main(arguments: Sequence[str]) -> int:
    """Run every target that coverage can guide, two at a time; 1 where one broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.guiding")
    parser.add_argument("--runs", type=int, default=3_000)
    parser.add_argument("--seconds", type=int, default=60, help="the most that one target may take for its runs")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.only.split(",") if name] or [each.name for each in TARGETS.values() if each.guided]
    if subprocess.run([str(PYTHON), "-c", "import atheris"], check=False, capture_output=True).returncode:
        say("guided by coverage: left out, for there is no wheel of atheris for this Python and platform")
        return 0
    say(
        f"guided by coverage: {len(names)} targets, two at a time, each {chosen.runs} inputs or {chosen.seconds} s, "
        f"and up to {STARTS_S_MAX} s before, in which every module is rewritten to be watched"
    )
    with ThreadPoolExecutor(2) as pool:
        held = list(pool.map(lambda name: guided(name, chosen.runs, chosen.seconds), names))
        if chosen.keep:
            list(pool.map(keep, names))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
