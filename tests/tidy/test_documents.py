from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from machines.events import Event
from tests.mutations.mutations import MUTATIONS
from tests.tidy.source_tree import ROOT, relative

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`([^`]+)`")
CODE_PATH = re.compile(r"`((?:config|machines|adapters|daemon|tests|docs|systemd)/[\w./-]+)`")


def event_row(kind: type) -> str:
    """An event's row in the page: its name, its docstring's first sentence, its fields."""
    sentence = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__)  # type: ignore[attr-defined]
    return f"| `{kind.__name__}` | {sentence} | {fields or '-'} |"


def test_every_event_is_described() -> None:
    """docs/events.md has the row of each event that the journal can hold, and of no other."""
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    assert [event_row(kind) for kind in get_args(Event)] == rows


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the project names one that exists."""
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [] == [link for link in links if link and "://" not in link and not (page.parent / link).exists()]


def headings(page: Path) -> set[str]:
    """What a link may name behind the `#`: each heading in small letters, without signs, with `-` for a space."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found = (line.lstrip("#").strip().lower() for line in text.splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in found}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_headings(page: Path) -> None:
    """What a link names behind the `#` is a heading of that page."""
    lost: list[str] = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if heading and "://" not in link and target.suffix == ".md" and heading not in headings(target):
            lost.append(link)

    assert [] == lost


def test_mutations_that_are_named_exist() -> None:
    """The table of promises names guards that `make mutations` deletes; a name with `…` is how several begin."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    table = page.partition("| promise | simulated |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in NAMED.findall(row.split("|")[4])]
    known = [each.name for each in MUTATIONS]

    assert named
    assert [] == [name for name in named if name not in known and not _begins(name, known)]


def _begins(name: str, known: list[str]) -> bool:
    return name.endswith("…") and any(each.startswith(name[:-1]) for each in known)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_named_files_exist(page: Path) -> None:
    """A path such as `docs/plans.md` in a page is that of a file or folder of the project."""
    paths = CODE_PATH.findall(page.read_text(encoding="utf-8"))

    assert [] == [path for path in paths if not (ROOT / path).exists()]
