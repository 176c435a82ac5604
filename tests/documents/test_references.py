"""What the pages name exists: commands, places of other pages, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import click
import msgspec
import pytest

from config.plan import CostRules
from config.policies import Policies
from config.settings import Settings
from daemon.cli.main import main
from tests.documents.blocks import ROOT, pages

PAGES: Final = pages()
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s#]*)#([^)\s]+)\)")
_FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_KEY: Final = re.compile(r"`([a-z_]+)\.([a-z_]+)`")
NO_KEYS: Final = frozenset({"py", "toml", "json", "yaml", "yml", "lock", "lowest", "sqlite", "conf", "component", "tf"})
"""What stands behind the dot in the name of a file, or in a plan's own options."""


def commands(command: click.Command, *before: str) -> Iterator[str]:
    """The names of all commands below this one."""
    if not isinstance(command, click.Group):
        yield " ".join(before)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, *before, name)


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link to a heading of the page ends with."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


def keys_of(*roots: type) -> dict[str, set[str]]:
    """The keys of every group of these settings."""
    groups: dict[str, set[str]] = {}
    for root in roots:
        for field in msgspec.structs.fields(root):
            if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
                groups.setdefault(field.name, set()).update(field.type.__struct_fields__)
    return groups


@pytest.mark.parametrize("name", sorted(commands(main)))
def test_the_page_of_the_command_line_has_every_command(name: str) -> None:
    """A command stands in the table of docs/cli.md."""
    table = [line for line in (ROOT / "docs" / "cli.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    told = {match for line in table for match in re.findall(r"`([a-z -]+?)(?: [A-Z_]+)?`", line.split("|")[1])}

    assert name in told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_to_a_heading_finds_it(page: Path) -> None:
    """The heading is on the page that the link names."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    links = [(place, anchor) for place, anchor in _LINK.findall(text) if "://" not in place]
    targets = [((page.parent / place).resolve() if place else page, anchor) for place, anchor in links]

    assert [] == [(str(target), anchor) for target, anchor in targets if anchor not in anchors(target)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_setting_that_a_page_names_exists(page: Path) -> None:
    """`group.key` of a group of the settings, or of a plan's policies, is a key of that group."""
    groups = keys_of(Settings, Policies)
    groups["costs"].update(CostRules.__struct_fields__)  # a plan has a table of that name, too
    named = [each for each in _KEY.findall(page.read_text(encoding="utf-8")) if each[1] not in NO_KEYS]

    known = [(group, {key, f"{key}_micros"}) for group, key in named if group in groups]
    assert [] == [f"{group}: {keys}" for group, keys in known if groups[group].isdisjoint(keys)]
