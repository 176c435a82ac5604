"""Where log lines go, and in which shape."""

from __future__ import annotations

import io
import json
import logging
from decimal import Decimal

import structlog

from adapters.logs import configure_logs

NOON = "2024-03-01T12:00:00Z"


def configured(level: str = "info", *, human: bool = False) -> io.BytesIO:
    """What is written after logging was set up."""
    out = io.BytesIO()
    configure_logs(timestamp=lambda: NOON, level=level, human=human, out=out)
    return out


def test_a_line_is_one_json_object() -> None:
    """The time, the level and the name first, then the fields; line breaks stay inside their text."""
    out = configured()
    structlog.get_logger("events").warning("frozen", key="clock", reason="one\ntwo", decision=41, cost=Decimal("1.50"))

    lines = out.getvalue().splitlines()

    assert 1 == len(lines)
    assert [
        ("timestamp", NOON),
        ("level", "warning"),
        ("event", "frozen"),
        ("key", "clock"),
        ("reason", "one\ntwo"),
        ("decision", 41),
        ("cost", "1.50"),
    ] == list(json.loads(lines[0]).items())


def test_quiet_lines_are_left_out() -> None:
    """Below the level nothing is written."""
    out = configured("warning")
    structlog.get_logger("events").info("thawed", key="clock")

    assert b"" == out.getvalue()


def test_people_get_words() -> None:
    """The readable form holds name and fields, and is no JSON."""
    out = configured(human=True)
    structlog.get_logger("events").info("thawed", key="clock")

    assert b"thawed" in out.getvalue()
    assert b"key=clock" in out.getvalue()
    assert not out.getvalue().startswith(b"{")


def test_libraries_speak_through_the_same_lines() -> None:
    """A warning of a library is one of our lines, with the library's name."""
    out = configured()
    logging.getLogger("uvicorn.error").warning("%s went wrong", "something")

    line = json.loads(out.getvalue())

    assert ("library_message", "uvicorn.error", "something went wrong") == (
        line["event"],
        line["library"],
        line["text"],
    )


def test_an_exception_is_text() -> None:
    """The traceback stays inside the one line."""
    out = configured()
    structlog.get_logger("events").error("task_failed", exc_info=RuntimeError("broken"))

    assert "RuntimeError: broken" in json.loads(out.getvalue())["exception"]
    assert 1 == out.getvalue().count(b"\n")


class Full(io.BytesIO):
    """An output on a full disk."""

    def write(self, _line: object) -> int:
        """Refuse."""
        raise OSError(28, "No space left on device")


def test_a_full_disk_stops_nobody() -> None:
    """A line that cannot be written is lost; whoever wrote it goes on."""
    configure_logs(timestamp=lambda: NOON, human=False, out=Full())

    assert None is structlog.get_logger("events").error("frozen", key="clock")
