"""The page `docs/redis-cli.md`, and a bash that executes its lines as a person would type them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

PAGE: Final = Path(__file__).parents[2] / "docs" / "redis-cli.md"
_BLOCK: Final = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPECTED: Final = re.compile(r"(.*?)\s+# (done|refused|pending|shows (.+))")
_END: Final = "--the-line-has-ended--"


class Line(msgspec.Struct, frozen=True):
    """One line of a block, and what the page says of it."""

    text: str
    outcome: str = ""
    """Of the reply to a command."""
    shows: str = ""


def lines() -> list[Line]:
    """Every line of every code block that is for redis-cli: those of no other language."""
    found = []
    for language, block in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language:
            continue
        for text in block.splitlines():
            if matched := _EXPECTED.fullmatch(text):
                shows = matched[3] or ""
                found.append(Line(matched[1], "" if shows else matched[2], shows))
            elif text.strip():
                found.append(Line(text))
    return found


class Shell:
    """A bash that keeps its functions and variables from line to line."""

    def __init__(self, environment: Mapping[str, str], replaced: Mapping[str, str]) -> None:
        """`replaced` are places of the page by those of the test."""
        self._replaced = replaced
        self._process = subprocess.Popen(
            ["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=dict(environment),
        )  # fmt: skip

    def execute(self, text: str) -> tuple[int, str]:
        """The exit code and the output of a line."""
        for here, there in self._replaced.items():
            text = text.replace(here, there)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{text}\nprintf '%s %s\\n' '{_END}' $?\n")
        process.stdin.flush()
        said: list[str] = []
        for line in process.stdout:
            if line.startswith(_END):
                return int(line.split()[1]), "".join(said)
            said.append(line)
        raise AssertionError(f"the shell ended at: {text}")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()
