"""A journal is cut after a moment: what later events had written to the tables is taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite_journal.cutting import CannotCutError, cut_after
from config.instants import HOUR
from machines.events import ResourceGone, StepEnded, StepIntended
from machines.ports.journal import Proposal
from tests.contracts.journal import START, SetClock, proposal
from tests.fixtures.event_samples import one_of_each
from tests.journal.journal_files import ask, opened


def sample(kind: type, **changed: object) -> object:
    """The sample of one kind of event, some fields changed."""
    (found,) = (each for each in one_of_each() if type(each) is kind)
    return type(found)(**{name: getattr(found, name) for name in found.__struct_fields__} | changed)


def cut(path: Path, until: int) -> int:
    """Cut the closed file; how many events went."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        dropped = cut_after(connection, until)
        connection.execute("COMMIT")
        return dropped


async def test_a_component_that_went_later_stands_again(tmp_path: Path) -> None:
    """Its row was deleted by an event that is gone: it is made anew from those that stay."""
    path, clock = tmp_path / "journal.sqlite", SetClock()
    changes = (
        sample(StepIntended, component="web"),
        sample(StepEnded, component="web"),
        sample(ResourceGone, component="web"),
    )
    rows: list[object] = []
    async with opened(path, clock) as journal:
        for hour, event in enumerate(changes):
            clock.now = START + hour * HOUR
            await journal.append([Proposal(event, "component:web", clock.now)])  # type: ignore[arg-type]
            rows.append(ask(path, "SELECT * FROM component_activation_states"))

    assert [] == rows[2]
    assert 1 == cut(path, START + HOUR)
    assert rows[1] == ask(path, "SELECT * FROM component_activation_states")
    assert 1 == cut(path, START)
    assert rows[0] == ask(path, "SELECT * FROM component_activation_states")


async def test_a_group_is_cut_as_a_whole(tmp_path: Path) -> None:
    """The moment of a group is that of all its events: it stays, or it goes."""
    path, clock = tmp_path / "journal.sqlite", SetClock()
    async with opened(path, clock) as journal:
        for hour in range(3):
            clock.now = START + hour * HOUR
            await journal.append([proposal(f"{hour}.{part}") for part in range(4)])

    assert (0, 4) == (cut(path, START + 2 * HOUR), cut(path, START + 2 * HOUR - 1))
    with pytest.raises(CannotCutError, match="begins at 2024-01-01T00:00:00Z, after 2023"):
        cut(path, START - 1)
