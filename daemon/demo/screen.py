"""Where the demonstration speaks: in colour with a moving foot line on a terminal, else in plain lines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from textwrap import wrap
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from daemon.demo.narration import INDENT, Line

STYLES: Final = {
    "month": "",
    "up": "bold green",
    "down": "bold red",
    "rising": "green",
    "falling": "red",
    "note": "dim",
    "warning": "yellow",
    "title": "bold",
    "command": "green",
    "plain": "",
}


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether colours and movement are unwanted, whatever the terminal can do."""
    return bool(environ.get("NO_COLOR")) or says_ci(environ) or environ.get("TERM") == "dumb"


def says_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is a continuous integration job, where nobody would ever press Ctrl-C."""
    return environ.get("CI", "").lower() not in {"", "0", "false", "no"}


class Screen:
    """Prints lines. Inside `with`, a terminal has a foot line that `foot` changes."""

    def __init__(self, console: Console | None = None) -> None:
        plain = is_plain(os.environ)
        self._console = console or Console(highlight=False, no_color=plain or None, emoji=False, markup=False)
        self._lively = self._console.is_terminal and not plain
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Show the foot line where there can be one."""
        if self._lively:
            self._live = Live(console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the foot line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str = "", kind: str = "plain") -> None:
        """One line: a terminal folds it at words, a log keeps it whole."""
        if self._lively:
            if kind != "command":  # which is to be copied, and must stay one line
                text = "\n".join(wrap(text, self._console.width, subsequent_indent=INDENT, replace_whitespace=False))
            self._console.print(Text(text, style=STYLES[kind]), soft_wrap=True)
        else:
            self._console.out(text, highlight=False)
            self._console.file.flush()

    def tell(self, lines: Iterable[Line]) -> None:
        """Several lines, each in the colour of its kind."""
        for line in lines:
            self.say(line.text, line.kind)

    def foot(self, text: str) -> None:
        """What happens at this moment; plain output leaves it out."""
        if self._live is not None:
            self._live.update(Spinner("dots", Text(text[: max(20, self._console.width - 4)], style="cyan")))
