"""docs/streams.md holds the public names: streams, hashes and their fields."""

from __future__ import annotations

import re
from pathlib import Path

from daemon.publication.entries import STREAMS, entry_for
from daemon.publication.hashes import component_fields, level_fields, revenue_fields, status_fields
from machines.events import EntryRejected, MonthClosed, RevenueMeasured
from machines.ports.journal import JournalIdentity
from tests.publication.folded import folded, history

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "streams.md").read_text(encoding="utf-8")


def field_names(cell: str) -> list[str]:
    """The names in a cell of the page."""
    return re.findall(r"`(\w+)`", cell)


def rows(first: str) -> list[list[str]]:
    """The cells of the rows that begin with this name."""
    return [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith(f"| `{first}` |")]


def test_the_fields_of_each_stream_are_listed() -> None:
    """Names and order are those of the entries; a rejected entry's own fields have their prefix explained."""
    listed = {tuple(field_names(cells[-1])) for stream in STREAMS for cells in rows(stream)}
    kinds = {RevenueMeasured: "mrr", MonthClosed: "mrr", EntryRejected: "rejected"}
    found = set()
    for each in history():
        for stream in ("events", "replies", kinds.get(type(each.event), "events")):
            entry = entry_for(stream, each, "j")
            if entry is not None:
                found.add(tuple(name for name in entry.fields if not name.startswith("original_")))

    assert listed == found


def test_the_fields_of_each_hash_are_listed() -> None:
    """Names and order are those that `HGETALL` shows."""
    state = folded(history())
    expected = {
        "component:<id>": component_fields(state, "alb", None),
        "level": level_fields(state),
        "revenue": revenue_fields(state),
        "status": status_fields(state, JournalIdentity("j", 1), {}),
    }

    assert {name: list(fields) for name, fields in expected.items()} == {
        name: field_names(rows(name)[0][-1]) for name in expected
    }
