"""Memory and processor time of an idle `solvent run`, its Redis not counted. Linux only: it reads /proc."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from adapters.state_directory import RUN_FACTS_NAME, RunFacts
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.places import redis_server

MEMORY_MIB_MAX = 70
CPU_PERCENT_MAX = 0.5
START_LIMIT_S = 60
STOP_LIMIT_S = 40


class Usage(msgspec.Struct, frozen=True):
    """What a process has used so far."""

    rss_kib: int
    pss_kib: int
    cpu_s: float


def usage_of(pid: int) -> Usage:
    """Memory and processor time as the kernel knows them; scheduled nanoseconds, finer than its clock ticks."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in lines[1:]}
    tasks = Path(f"/proc/{pid}/task").iterdir()
    nanoseconds = sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks)
    return Usage(sizes["Rss"], sizes["Pss"], nanoseconds / 1e9)


def start(folder: Path, url: str) -> subprocess.Popen[bytes]:
    """A daemon of its own process, ready."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("solvent")), "run", "--plan", "autobroker", "--act"]
    command += ["--state-dir", str(folder / "state"), "--redis", url, "--http", "127.0.0.1:0"]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=kept)
    deadline_s = time.monotonic() + START_LIMIT_S
    while not _is_ready(folder / "state" / RUN_FACTS_NAME, process.pid):
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            raise RuntimeError((folder / "log").read_text(errors="replace"))
        time.sleep(0.05)
    return process


def _is_ready(path: Path, pid: int) -> bool:
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFacts).pid == pid
    except FileNotFoundError:
        return False


def idle_usage(folder: Path, url: str, settle_s: float, watch_s: float) -> tuple[Usage, float]:
    """Usage after `settle_s`, and percent of a core over the `watch_s` after it."""
    process = start(folder, url)
    try:
        time.sleep(settle_s)
        before = usage_of(process.pid)
        time.sleep(watch_s)
        after = usage_of(process.pid)
    finally:
        process.terminate()
        process.wait(STOP_LIMIT_S)
    return after, (after.cpu_s - before.cpu_s) / watch_s * 100


async def measure(folder: Path, settle_s: float, watch_s: float) -> list[Figure]:
    """Resident memory (and the share that is its own) and processor time, beside a bare interpreter's memory."""
    async with redis_server(folder / "server") as url:
        usage, percent = idle_usage(folder / "daemon", url, settle_s, watch_s)
    memory = Figure("idle `solvent run`, resident", usage.rss_kib / 1024, "MiB", bare_interpreter_mib(), "bare Python")
    share = Figure("idle `solvent run`, proportional (PSS)", usage.pss_kib / 1024, "MiB")
    processor = Figure(f"idle `solvent run`, processor over {watch_s:.0f} s", percent, "% of a core")
    return [
        at_most(memory, MEMORY_MIB_MAX, "<= 70 MiB"),
        share,
        at_most(processor, CPU_PERCENT_MAX, "<= 0.5 % of a core"),
    ]


def bare_interpreter_mib() -> float:
    """Resident memory of the same interpreter with asyncio, sqlite3 and ssl: no daemon in it can be below."""
    program = "import asyncio, sqlite3, ssl, sys; print('ready', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        usage = usage_of(process.pid)
        process.communicate()
    return usage.rss_kib / 1024
