"""Where log lines go: one JSON object a line for programs, a readable line on a terminal for people."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Final, cast

import msgspec
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from adapters.journald import is_journal, levelled
from adapters.log_repeats import SUPPRESSED, RepeatLimits, Repeats
from config.customer import CustomerId

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
_FIRST: Final = ("timestamp", "level", "event")
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

Timestamp = Callable[[], str]


def configure_logs(
    *,
    timestamp: Timestamp,
    level: str = "info",
    human: bool | None = None,
    out: BinaryIO | None = None,
    repeats: RepeatLimits | None = None,
) -> Mapping[str, int]:
    """Set structlog and the standard library's logging up, for the whole process; call it once, at the start.

    `timestamp` gives the time of a line as text. `human` None asks whether `out` (standard error) is a terminal.
    Returns how many lines were left out so far by `repeats`, by event: a view that goes on counting.
    """
    target = sys.stderr.buffer if out is None else out
    readable = target.isatty() if human is None else human
    least = LEVELS[level]
    limiter = None if repeats is None else Repeats(repeats, time.monotonic, _say_left_out)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([] if limiter is None else [limiter]),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _without_customers,
            _stamped(timestamp),
            levelled(_rendering(readable=readable)) if is_journal(target) else _rendering(readable=readable),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Steadfast(target))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=max(least, logging.WARNING), force=True)
    return {} if limiter is None else limiter.counts


def _say_left_out(fields: Mapping[str, Any]) -> None:
    structlog.get_logger("log").warning(SUPPRESSED, **fields)


def _stamped(timestamp: Timestamp) -> Processor:
    def add(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["timestamp"] = timestamp()
        return line

    return add


def _without_customers(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """A renderer writes text as it is, also text that would not show itself."""
    for name, value in line.items():
        if isinstance(value, CustomerId):
            line[name] = str(value)
    return line


def _rendering(*, readable: bool) -> Processor:
    if not readable:
        return _as_json
    console = structlog.dev.ConsoleRenderer(
        colors=False, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )

    def encoded(logger: WrappedLogger, method: str, line: EventDict) -> bytes:
        return str(console(logger, method, line)).encode("utf-8", "replace")

    return encoded


def _as_json(_logger: WrappedLogger, _method: str, line: EventDict) -> bytes:
    """One object, the time and the name first; a value that JSON does not know is its text."""
    ordered: dict[str, Any] = {key: line.pop(key) for key in _FIRST if key in line}
    ordered.update(line)
    return _ENCODER.encode(ordered)


class _Steadfast:
    """An output that never raises: a full disk or a closed pipe loses log lines, and stops no daemon."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, line: bytes) -> int:
        with suppress(OSError, ValueError):  # a closed file raises ValueError
            return self._out.write(line)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._out.flush()


class _ToStructlog(logging.Handler):
    """What libraries log by themselves becomes one of our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("library").log(
            record.levelno, "library_message", library=record.name, text=record.getMessage()
        )
