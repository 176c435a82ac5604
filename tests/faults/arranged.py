"""`python arranged.py DIRECTORY solvent run …`: the real program on a machine that a test arranges while it runs.

The program is not changed and knows of nothing: what it stands on is. Each arrangement is a file in DIRECTORY, read
when it matters, and over when the file is gone:

  clock_s              so many seconds are added to the wall clock; the monotonic one goes on
  commit_s             each commit of SQLite waits so long, as on a slow disk
  refuse.<method>      this method of the journal is refused
  defect.<name>        the actor or root of this name raises at its next message or round
  no-threads           no thread can be started
  beat_s               every root is heard so often instead of every half minute; read at the start

And the names of the roots that were started stand in the file `roots`.
"""

from __future__ import annotations

import asyncio
import importlib
import runpy
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

DIRECTORY = Path(sys.argv[1])


def number(name: str) -> float:
    """What an arrangement says; 0 where it is not there."""
    try:
        return float((DIRECTORY / name).read_text())
    except (OSError, ValueError):
        return 0.0


def arrange_clock() -> None:
    """The wall clock, stepped."""
    true_ns, true_s = time.time_ns, time.time
    time.time_ns = lambda: true_ns() + int(number("clock_s") * 1_000_000_000)
    time.time = lambda: true_s() + number("clock_s")


def arrange_disk() -> None:
    """Commits that wait."""

    class Slow(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                time.sleep(number("commit_s"))
            return super().execute(sql, *arguments)

    connect = sqlite3.connect
    sqlite3.connect = lambda *given, **named: connect(*given, factory=Slow, **named)  # type: ignore[assignment]


def arrange_threads() -> None:
    """Threads that cannot be started."""
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if (DIRECTORY / "no-threads").exists():
            raise RuntimeError("can't start new thread")
        start(thread)

    threading.Thread.start = refused  # type: ignore[method-assign]


def arrange_journal() -> None:
    """Methods that are refused."""
    from adapters.sqlite_journal import SqliteJournal  # noqa: PLC0415 - the clock must be arranged first
    from machines.ports.journal import JournalRefusedError  # noqa: PLC0415

    def refusing(name: str) -> None:
        true = getattr(SqliteJournal, name)

        async def method(self: SqliteJournal, *given: Any) -> Any:
            if (DIRECTORY / f"refuse.{name}").exists():
                raise JournalRefusedError("the journal cannot be written: arranged by the test")
            return await true(self, *given)

        setattr(SqliteJournal, name, method)

    refusing("write_snapshot")


def arrange_defects() -> None:
    """Actors that raise at a message, roots that raise in a round."""
    from daemon.kernel.actor import Actor  # noqa: PLC0415
    from daemon.kernel.draining import Drains  # noqa: PLC0415
    from daemon.kernel.roots import Root, Roots  # noqa: PLC0415

    def require_whole(name: str) -> None:
        if (DIRECTORY / f"defect.{name}").exists():
            raise ZeroDivisionError("arranged by the test")

    bring_up, start = Drains.put, Roots.start

    def put(self: Drains, ref: Any, envelope: Any) -> None:
        kind = type(ref.actor)
        if not hasattr(kind, "arranged"):
            kind.receive, kind.arranged = receiving(kind.receive), True
        bring_up(self, ref, envelope)

    def receiving(true: Any) -> Any:
        async def receive(self: Actor, message: Any) -> Any:
            require_whole(self.name)
            return await true(self, message)

        return receive

    def started(self: Roots, name: str, run: Any, **named: Any) -> Root:
        with (DIRECTORY / "roots").open("a", encoding="utf-8") as names:
            names.write(f"{name}\n")

        async def until_defect(root: Root) -> None:
            task = asyncio.current_task()
            assert task is not None
            working = asyncio.ensure_future(run(root))
            try:
                while not working.done():
                    await asyncio.wait((working,), timeout=0.05)
                    require_whole(name)
                working.result()
            finally:
                if not working.done():
                    working.cancel()
                    await asyncio.wait((working,))

        return start(self, name, until_defect, **named)

    Drains.put, Roots.start = put, started  # type: ignore[method-assign]


def arrange_beats() -> None:
    """Roots that are heard more often, so that a watchdog can be fed within a test."""
    from daemon.kernel.roots import Root, Roots  # noqa: PLC0415 - the clock must be arranged first

    beat_s = number("beat_s")
    if not beat_s:
        return
    beating: Any = importlib.import_module("daemon.kernel.beating")  # the package has a function of that name
    beating.BEAT_EVERY_S_MAX = beat_s
    start = Roots.start

    def started(self: Roots, name: str, run: Any, **named: Any) -> Root:
        owner = getattr(run, "__self__", None)
        if hasattr(owner, "_beat_s"):
            owner._beat_s = beat_s
        for place in ("_limits", "_times"):
            if hasattr(limits := getattr(owner, place, None), "beat_s"):
                setattr(owner, place, msgspec.structs.replace(limits, beat_s=beat_s))
        return start(self, name, run, **named)

    Roots.start = started  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.argv = sys.argv[2:]
    sys.path[0] = ""  # as the installed program has it
    arrange_clock()
    arrange_disk()
    arrange_threads()
    arrange_journal()
    arrange_defects()
    arrange_beats()
    runpy.run_path(sys.argv[0], run_name="__main__")
