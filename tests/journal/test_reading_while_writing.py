"""Reading beside the writer: nobody sees an event that the journal has not yet said to hold."""

from __future__ import annotations

from pathlib import Path

from tests.contracts.journal import entry_ids, everything, proposal
from tests.journal.journal_files import opened


async def test_an_event_is_not_read_before_the_journal_ends_with_it(tmp_path: Path) -> None:
    """Between its commit and the writer's word an event is in the file already: published then, it would seem lost."""
    async with opened(tmp_path / "journal.sqlite") as journal:
        await journal.append([proposal("told")])
        told = journal._writer.tail
        await journal.append([proposal("committed")])
        committed, journal._writer.tail = journal._writer.tail, told

        assert ["told"] == entry_ids(await everything(journal))

        journal._writer.tail = committed
        assert ["told", "committed"] == entry_ids(await everything(journal))
