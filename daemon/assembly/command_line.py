"""What commands need of the world: clocks, logs, a journal to read, and a way to a running daemon."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from adapters.clocks import AcceleratedClock, SystemClock
from adapters.log_repeats import RepeatLimits
from adapters.logs import configure_logs
from adapters.metrics import PrometheusText
from adapters.payments_csv import PaymentsFile
from adapters.redis_streams import CommandSender, PaymentsSender, RedisAccess
from adapters.state_directory import Holder, RunFacts, current_holder, read_run_facts
from config.instants import Instant, instant_text
from config.settings import LogSettings
from config.settings_redis import RedisReached
from machines.ports.clock import Clock


def log_to_stderr(clock: Clock, settings: LogSettings) -> Mapping[str, int]:
    """One JSON object a line on standard error, or a readable line where that is a terminal.

    Returns how many lines were left out so far, by event.
    """
    return configure_logs(
        timestamp=lambda: instant_text(clock.wall()),
        level=settings.level,
        human=None if settings.format == "auto" else settings.format == "console",
        repeats=RepeatLimits(settings.repeats_max, settings.repeats_window_s),
    )


def log_into(out: BinaryIO) -> None:
    """One JSON object a line into a file, for a command whose screen is for something else."""
    configure_logs(timestamp=lambda: instant_text(SystemClock().wall()), human=False, out=out)


def accelerated_clock(origin: Instant, factor: float) -> AcceleratedClock:
    """A clock that starts at `origin` and that its owner moves forward."""
    return AcceleratedClock(origin, factor)


def clock_from(as_of: Instant | None) -> Clock:
    """The machine's clock, or one that starts at `as_of` and runs at the same speed."""
    return SystemClock() if as_of is None else AcceleratedClock(as_of, 1)


def read_payments_csv(path: str) -> PaymentsFile:
    """The payments of a file (`-` is standard input); iterating it raises `UnreadableFileError`."""
    return PaymentsFile(path)


def run_facts(state_dir: str) -> RunFacts | None:
    """Where the daemon of this state directory is found; None where none runs or it is not ready."""
    return read_run_facts(Path(state_dir))


def holder_of(state_dir: str) -> Holder | None:
    """The process that holds the state directory, also while it starts or stops; None where nobody does."""
    return current_holder(Path(state_dir))


def payments_sender(reached: RedisReached, instance: str) -> PaymentsSender:
    """Whoever wants to send payments to an instance; raises `ValueError` for an unusable URL."""
    return PaymentsSender(reached.url, instance, access=RedisAccess(reached.access, os.environ))


def command_sender(reached: RedisReached, instance: str, principal: str = "") -> CommandSender:
    """Whoever wants to command an instance's daemon; raises `ValueError` for an unusable URL."""
    access = RedisAccess(reached.access, os.environ)
    return CommandSender(reached.url, instance, access=access, principal=principal)


def metrics_page(read: Callable[[], Iterable[Any]]) -> Callable[[], bytes]:
    """The page of the metric families that `read` gives at each scrape."""
    return PrometheusText(read).render
