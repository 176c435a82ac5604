"""The code blocks of the pages, and what each page says of how they are proven."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
SHELL: Final = "sh"
LANGUAGES: Final = frozenset({SHELL, "text", "yaml", "toml", "json", "ini", "conf", "python", "javascript", "sql"})
"""`text` is output, or a drawing."""
ELSEWHERE: Final = {
    "docs/redis-cli.md": "tests/console executes every line",
    "docs/systemd.md": "make test-system boots a systemd and does what it says",
    "docs/monitoring.md": "it installs packages as root; tests/monitoring starts the same Prometheus on the same files",
}
"""Pages whose commands another suite executes."""
_BLOCK: Final = re.compile(
    r"(?:^<!-- not run: ([^\n]+) -->\n+)?^( *)```([a-z]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL
)


class Block(msgspec.Struct, frozen=True):
    """One fenced block."""

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    """Why nobody executes it here, in the page's own words."""

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that people read."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(3)) + 1
        yield Block(str(page.relative_to(ROOT)), line, found[3], found[4], found[1] or "")


def blocks() -> list[Block]:
    """The blocks of all pages."""
    return [block for page in pages() for block in blocks_of(page)]
