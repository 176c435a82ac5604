"""Mutating a copy of the tree, one guard at a time, and running the tests that must notice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Final
from xml.etree import ElementTree as ET

import msgspec

from tests.mutations.mutation import Mutation

TREE: Final = Path(__file__).resolve().parents[2]
COPIED: Final = ("config", "machines", "adapters", "daemon", "tests", "systemd", "pyproject.toml")
TIME_LIMIT_S: Final = 300
"""How long all named tests may take together while nothing is mutated."""
TEST_S_MAX: Final = 60
SLOWER_MAX: Final = 10
"""What takes longer without its guard than this, and than so many times what it took with it, is cut off, and counts as
failed by hanging: a busy machine alone makes no test that slow."""
HANGING: Final = "hanging"
NOT_NOTICED: Final = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError")
"""A test that fails of one of these has not met the guard: the mutation broke the file."""


class Verdict(msgspec.Struct, frozen=True):
    """What became of one mutation."""

    mutation: Mutation
    survived: tuple[str, ...]
    """The named tests that did not fail by an assertion; () is as it should be."""
    said: str = ""
    hanging: tuple[str, ...] = ()
    """Those that noticed by never coming to an end."""
    took_s: float = 0.0

    @property
    def is_noticed(self) -> bool:
        """Whether every named test failed."""
        return not self.survived


class Copy:
    """A copy of the tree in which one mutation at a time is made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._changes = 0
        for name in COPIED:
            source, target = TREE / name, root / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
            else:
                root.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def verdict(self, mutation: Mutation, took_s: Mapping[str, float]) -> Verdict:
        """Make the mutation, run its tests, and take it back; `took_s` has what each took without it."""
        path = self.root / mutation.file
        text = path.read_text(encoding="utf-8")
        outcomes, told, began_s = dict[str, list[str]](), list[str](), time.monotonic()
        self._write(path, mutated(text, mutation))
        try:
            for test in mutation.tests:
                limit_s = max(TEST_S_MAX, SLOWER_MAX * took_s.get(test.partition("[")[0], 0.0))
                found, said = self.outcomes([test], limit_s)
                outcomes |= found
                told += [] if _has_failed(test, found) else [said]
        finally:
            self._write(path, text)
        survived = tuple(test for test in mutation.tests if not _has_failed(test, outcomes))
        hanging = tuple(test for test in mutation.tests if outcomes.get(test) == [f"failed: {HANGING}"])
        return Verdict(mutation, survived, "".join(told), hanging, time.monotonic() - began_s)

    def outcomes(
        self, tests: Sequence[str], time_limit_s: float = TIME_LIMIT_S, took_s: dict[str, float] | None = None
    ) -> tuple[dict[str, list[str]], str]:
        """Of each test by its name: what each of its cases came to; and what pytest said. `took_s` hears the times."""
        report, said = self.root / "report.xml", self.root / "said.txt"
        report.unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(self.root / "bytecode"), "PYTEST_ADDOPTS": ""}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        with said.open("wb") as out, _group([*command, *dict.fromkeys(tests)], self.root, environment, out) as running:
            try:
                running.wait(time_limit_s)
            except subprocess.TimeoutExpired:
                hanging = {test.partition("[")[0]: [f"failed: {HANGING}"] for test in tests}
                return hanging, f"no end in {time_limit_s:.0f} s"
        told = said.read_text(encoding="utf-8", errors="replace")[-3_000:]
        return _read(report, {} if took_s is None else took_s), told

    def _write(self, path: Path, text: str) -> None:
        """Under another time than before: bytecode of a file is known by that."""
        self._changes += 1
        path.write_text(text, encoding="utf-8")
        later = path.stat().st_mtime + 2 * self._changes
        os.utime(path, (later, later))


@contextmanager
def _group(
    command: list[str], folder: Path, environment: dict[str, str], out: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with all that it started."""
    running = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def mutated(text: str, mutation: Mutation) -> str:
    """The file without its guard; raises `ValueError` where the guard is not there exactly once."""
    found = text.count(mutation.before)
    if found != 1:
        raise ValueError(f"{mutation.name}: {mutation.file} has the guard {found} times, expected once")
    return text.replace(mutation.before, mutation.after)


def verdicts(
    mutations: Sequence[Mutation], folder: Path, workers: int, took_s: Mapping[str, float]
) -> Iterator[Verdict]:
    """Of each mutation, in order, on as many copies as there are workers."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for number in range(min(workers, len(mutations))):
        free.put(Copy(folder / f"copy-{number}"))

    def judge(mutation: Mutation) -> Verdict:
        copy = free.get()
        try:
            return copy.verdict(mutation, took_s)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(judge, mutations)


def _read(report: Path, took_s: dict[str, float]) -> dict[str, list[str]]:
    """`file::test`, to the outcome of each case: `passed`, `skipped`, or the first words of its failure."""
    found: dict[str, list[str]] = {}
    if not report.exists():
        return found
    for case in ET.parse(report).getroot().iter("testcase"):
        name = (case.get("name") or "").partition("[")[0]
        parts = (case.get("classname") or "").split(".")
        failure, error = case.find("failure"), case.find("error")
        outcome = "passed" if case.find("skipped") is None else "skipped"
        if failure is not None:
            outcome = f"failed: {failure.get('message') or ''}"
        if error is not None:
            outcome = f"error: {error.get('message') or ''}"
        test = f"{_path_of(parts)}::{name}"
        found.setdefault(test, []).append(outcome)
        took_s[test] = took_s.get(test, 0.0) + float(case.get("time") or 0.0)
    return found


def _path_of(parts: Sequence[str]) -> str:
    """The file of a class name such as `tests.journal.test_x.TestY`, with its class behind it."""
    last = max((at for at, part in enumerate(parts) if part.startswith("test_")), default=len(parts) - 1)
    return "::".join(["/".join(parts[: last + 1]) + ".py", *parts[last + 1 :]])


def _has_failed(test: str, outcomes: dict[str, list[str]]) -> bool:
    cases = outcomes.get(test.partition("[")[0], [])
    failed = [case.removeprefix("failed: ") for case in cases if case.startswith("failed: ")]
    return bool(failed) and not any(case.startswith(NOT_NOTICED) for case in failed)
