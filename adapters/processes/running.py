"""Running one script: its own session, no terminal, a time limit, an end that is always one of three."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import msgspec

from adapters.processes.output import Output
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient

STOP_GRACE_S: Final = 3
"""Between SIGTERM and SIGKILL: less than `stopping.cancel_s`, so that a stop need not abandon a stubborn script."""
OUTPUT_LOOK_S: Final = 0.25
ROOM_BYTES_MIN: Final = 65_536
"""Below this a script's words are lost, and its failure may be nothing else."""
EXIT_TRANSIENT: Final = 75
"""EX_TEMPFAIL of sysexits.h."""
_PASSING = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ETXTBSY, errno.EIO})


class Script(msgspec.Struct, frozen=True):
    """What to run. `argv` is passed as it stands: no shell ever sees it."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    working_directory: str | None
    limit_s: float
    inherited: tuple[int, ...] = ()
    """Open descriptors that the script holds as long as it lives."""

    @property
    def name(self) -> str:
        """The program, as messages call it."""
        return self.argv[0]


class Answer(msgspec.Struct, frozen=True):
    """A script that ended by itself. `printed` is None where it printed more than the limit."""

    process_id: int
    duration_ms: int
    printed: bytes | None
    complaint: str
    exit_code: int = 0


async def run(script: Script, scratch: Path, clock: Clock, on_start: Callable[[int], None]) -> Answer:
    """Run a script to exit 0; `on_start` is told its process id.

    Raises `Transient` on exit 75, `Permanent` on any other exit, and whatever `ended` raises.
    """
    answer = await ended(script, scratch, clock, on_start)
    if answer.exit_code not in (0, EXIT_TRANSIENT) and not has_room(scratch):
        # A script that cannot write a line fails, and says nothing of why.
        raise Transient(f"{script.name} ended with exit {answer.exit_code}, and {scratch} has no room for what it says")
    if answer.exit_code == EXIT_TRANSIENT:
        raise Transient(f"{script.name} asks to be called again later (exit {EXIT_TRANSIENT}){_said(answer.complaint)}")
    if answer.exit_code != 0:
        raise Permanent(f"{script.name} refused with exit {answer.exit_code}{_said(answer.complaint)}")
    return answer


def has_room(scratch: Path) -> bool:
    """Whether the outputs of a script can be written at all."""
    try:
        room = os.statvfs(scratch)
    except OSError:
        return True
    return room.f_bavail * room.f_frsize >= ROOM_BYTES_MIN


async def ended(script: Script, scratch: Path, clock: Clock, on_start: Callable[[int], None]) -> Answer:
    """Run a script to its end, whatever exit code it has; `on_start` is told its process id.

    Raises `Permanent` or `Transient` where it cannot be started, `Ambiguous` where a signal or the time limit ended
    it. Cancelled, it ends the script's whole process group before it lets go.
    """
    with ExitStack() as open_files:
        try:
            printed = open_files.enter_context(Output(scratch))
            complaint = open_files.enter_context(Output(scratch))
        except OSError as error:
            raise Transient(f"{script.name} was not started, its output has no room in {scratch}: {error}") from error
        began_s = clock.monotonic_s()
        process = await _started(script, (printed, complaint), clock)
        try:
            on_start(process.pid)
            # Starting took time too: the limit counts from before it.
            left_s = max(0.0, began_s + script.limit_s - clock.monotonic_s())
            in_time = await _ends_within(process, left_s, clock, (printed, complaint))
        except BaseException:
            # Cancelled: what the script has done by now is unknown, but nothing of it goes on behind our back.
            await _end_group(process, clock)
            raise
        if not in_time:
            await _end_group(process, clock)
            raise Ambiguous(
                f"{script.name} did not end within {script.limit_s:g} s and was ended{_said(complaint.tail())}"
            )
        duration_ms = round((clock.monotonic_s() - began_s) * 1_000)
        code = process.returncode
        if code is None or code < 0:
            ended_by = "an unknown end" if code is None else signal.strsignal(-code) or f"signal {-code}"
            raise Ambiguous(f"{script.name} was ended by a signal ({ended_by}){_said(complaint.tail())}")
        return Answer(process.pid, duration_ms, printed.whole(), complaint.tail(), code)


async def _started(script: Script, outputs: tuple[Output, Output], clock: Clock) -> asyncio.subprocess.Process:
    """The process; a cancellation in the middle of its start ends its whole group, not the script alone.

    asyncio kills what it was starting, and with that only the script: what the script has started by then would live
    on, and hold the lock that it inherited.
    """
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(_start_or_fault(script, *outputs), name=f"starting {script.name}")
        try:
            started = await asyncio.shield(starting)
        except asyncio.CancelledError:
            started = await starting
            if not isinstance(started, CallError):
                await _end_group(started, clock)
            raise
    if isinstance(started, CallError):
        raise started
    return started


async def _start_or_fault(script: Script, printed: Output, complaint: Output) -> asyncio.subprocess.Process | CallError:
    try:
        return await _start(script, printed, complaint)
    except CallError as fault:
        return fault


async def _start(script: Script, printed: Output, complaint: Output) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *script.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=printed.descriptor,
            stderr=complaint.descriptor,
            env=dict(script.environment),
            cwd=script.working_directory,
            start_new_session=True,
            pass_fds=script.inherited,
        )
    except OSError as error:
        what = f"{script.name} could not be started: {error.filename or script.name}: {error.strerror}"
        if error.errno in _PASSING:
            raise Transient(what) from error
        raise Permanent(f"{what}; expected a program that the daemon's user may run") from error


async def _ends_within(
    process: asyncio.subprocess.Process, seconds: float, clock: Clock, outputs: Sequence[Output] = ()
) -> bool:
    """Whether the process ended within so many seconds of the clock; its outputs are kept bounded meanwhile."""
    name = f"process {process.pid}"
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(process.wait(), name=f"end of {name}"),
            group.create_task(clock.sleep(seconds), name=f"time limit of {name}"),
        ]
        bounding = group.create_task(_keep_bounded(outputs, clock), name=f"output of {name}")
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, bounding):
            task.cancel()
    return process.returncode is not None


async def _keep_bounded(outputs: Sequence[Output], clock: Clock) -> None:
    while True:
        await clock.sleep(OUTPUT_LOOK_S)
        for output in outputs:
            # A file that cannot be cut now is cut the next time; the script's end matters more.
            with suppress(OSError):
                output.bound()


async def _end_group(process: asyncio.subprocess.Process, clock: Clock) -> None:
    """SIGTERM to the group, and after the grace SIGKILL to whatever of it is left; a second cancellation skips it."""
    try:
        _signal_group(process, signal.SIGTERM)
        await _ends_within(process, STOP_GRACE_S, clock)
    finally:
        _signal_group(process, signal.SIGKILL)
    # Bounded: a process stuck in the kernel cannot be ended, and still holds its lock.
    await _ends_within(process, STOP_GRACE_S, clock)


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _said(complaint: str) -> str:
    return f": {complaint}" if complaint else ""
