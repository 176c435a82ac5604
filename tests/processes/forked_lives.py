"""`python forked_lives.py`: many short lives of the real program, each forked from one process that imported it.

A life is a process of its own, with its own files, sockets and threads, and dies as one; it is spared the second that
Python takes to read the program. One life a line of standard input: {"arguments", "environment", "log", "ended"}; the
answer is its process id. When a life has ended its code is in the file `ended`.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

READ_BEFORE: Final = (
    "daemon.cli.main",
    "daemon.cli.run",
    "daemon.cli.running",
    "adapters.provisioners.command.stepping",
    "adapters.sources.construction",
    "redis.asyncio",
    "uvicorn",
    "uvicorn.lifespan.off",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "sqlite3",
    "yaml",
)

ended: dict[int, Path] = {}
"""Where the codes of the living will be written, by process id; ids come again, so that they name no file."""


def note_ends(*_: object) -> None:
    """Write the codes of the lives that have ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        path = ended.pop(pid)
        fresh = path.with_suffix(".new")
        fresh.write_text(str(os.waitstatus_to_exitcode(status)), encoding="ascii")
        fresh.rename(path)


def live(life: dict[str, Any]) -> None:
    """Be that life, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    log = os.open(life["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(life["environment"])
    sys.argv = ["solvent", *life["arguments"]]
    main = importlib.import_module("daemon.cli.main").main
    try:
        main()
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    finally:
        os._exit(1)


if __name__ == "__main__":
    sys.path[0] = ""
    for name in READ_BEFORE:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, note_ends)
    for line in sys.stdin:
        # An end that comes before the life is noted waits until it is.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        born = os.fork()
        if born == 0:
            live(json.loads(line))
        ended[born] = Path(json.loads(line)["ended"])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        sys.stdout.write(f"{born}\n")
        sys.stdout.flush()
