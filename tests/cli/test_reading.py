"""The journal as a short-lived reader has it: everything of the port that reads, nothing that writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.sqlite_journal import JOURNAL_NAME, ReadOnlyJournal
from daemon.cli.main import main
from machines import events
from machines.ports.journal import JournalDamagedError, JournalRefusedError, PaymentSeen, Proposal, Snapshot
from tests.contracts.journal import START, everything, proposal
from tests.journal.journal_files import alter, opened, write_groups


async def test_it_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    """Identity, events, payments and the newest snapshot are those of the writing journal."""
    path = tmp_path / JOURNAL_NAME
    await write_groups(path, 3, snapshot_at=4)
    reader = ReadOnlyJournal.open(path, fold_version=1)
    found = (reader.identity, reader.last_sequence, await everything(reader, 1, 4), await reader.newest_snapshot())
    seen = await reader.payments_seen(["p1", "unknown"])
    await reader.close()

    async with opened(path) as journal:
        assert found == (journal.identity, 6, await everything(journal, 1, 4), Snapshot(4, b"state"))
        assert seen == await journal.payments_seen(["p1", "unknown"])


async def test_it_refuses_to_write(tmp_path: Path) -> None:
    """Only the daemon that holds the state directory writes."""
    path = tmp_path / JOURNAL_NAME
    await write_groups(path, 1)
    reader = ReadOnlyJournal.open(path, fold_version=1)
    with pytest.raises(JournalRefusedError, match="for reading only"):
        await reader.append([proposal("x")], [PaymentSeen("p", b"f", counted=True)])
    with pytest.raises(JournalRefusedError, match="for reading only"):
        await reader.write_snapshot(Snapshot(1, b""))
    await reader.close()


async def test_an_altered_event_is_named(tmp_path: Path) -> None:
    """It is neither skipped nor guessed at."""
    path = tmp_path / JOURNAL_NAME
    async with opened(path) as journal:
        await journal.append([Proposal(events.ActorParked("a", "b"), "test", START)])
    alter(path, "UPDATE events SET data = '{}'")
    reader = ReadOnlyJournal.open(path, fold_version=1)
    with pytest.raises(JournalDamagedError, match="event 1"):
        await everything(reader)
    await reader.close()


async def test_a_file_cut_short_is_damaged(tmp_path: Path) -> None:
    """SQLite's own complaint becomes a sentence."""
    path = tmp_path / JOURNAL_NAME
    await write_groups(path, 200, size=4)
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(JournalDamagedError, match="restore a backup"):  # noqa: PT012 - either call may notice
        reader = ReadOnlyJournal.open(path, fold_version=1)
        await everything(reader)


@pytest.mark.parametrize("name", ["status", "explain", "history", "logs", "costs", "drift"])
@pytest.mark.parametrize("way", ["--settings", "SOLVENT_SETTINGS"])
def test_the_settings_file_names_the_state_directory(tmp_path: Path, name: str, way: str) -> None:
    """Where neither --state-dir nor SOLVENT_STATE_DIR does; a missing directory is named in the refusal."""
    settings = tmp_path / "solvent.toml"
    settings.write_text(f'plan = "starter"\nstate_dir = "{tmp_path}/there"\n', encoding="utf-8")
    words = [name, *(["1"] if name == "explain" else []), *([way, str(settings)] if way == "--settings" else [])]
    environment = {"SOLVENT_STATE_DIR": None, way: str(settings)}

    result = CliRunner(env=environment).invoke(main, words)

    assert 2 == result.exit_code
    assert f"{tmp_path}/there is no state directory" in result.output
