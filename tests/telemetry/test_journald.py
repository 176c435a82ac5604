"""How lines tell journald their level."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import structlog

from adapters.journald import is_journal
from adapters.logs import configure_logs


def logged(path: Path, monkeypatch: pytest.MonkeyPatch, *, journal: bool, human: bool = False) -> list[bytes]:
    """One line of each level, written to a file that is or is not what journald reads."""
    with path.open("wb") as out:
        found = os.fstat(out.fileno())
        inode = found.st_ino if journal else found.st_ino + 1
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{inode}")
        configure_logs(timestamp=lambda: "2026-03-01T12:00:00Z", level="debug", human=human, out=out)
        for level in ("debug", "info", "warning", "error"):
            getattr(structlog.get_logger("events"), level)("frozen", key="clock")
    return path.read_bytes().splitlines()


def test_each_level_has_its_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prefixes are syslog's; what follows is the JSON object as ever."""
    lines = logged(tmp_path / "log", monkeypatch, journal=True)

    assert [b"<7>", b"<6>", b"<4>", b"<3>"] == [line[:3] for line in lines]
    assert ["debug", "info", "warning", "error"] == [json.loads(line[3:])["level"] for line in lines]


def test_readable_lines_have_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`logs.format` console under systemd keeps the levels."""
    lines = logged(tmp_path / "log", monkeypatch, journal=True, human=True)

    assert [b"<7>", b"<6>", b"<4>", b"<3>"] == [line[:3] for line in lines]


def test_elsewhere_there_is_no_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is not journald's, even where the variable was inherited."""
    lines = logged(tmp_path / "log", monkeypatch, journal=False)

    assert ["debug", "info", "warning", "error"] == [json.loads(line)["level"] for line in lines]


@pytest.mark.parametrize("value", ["", "8", "8:", "a:b"])
def test_a_broken_variable_means_no_journal(tmp_path: Path, value: str) -> None:
    """Nothing is guessed."""
    with (tmp_path / "log").open("wb") as out:
        assert not is_journal(out, {"JOURNAL_STREAM": value})
