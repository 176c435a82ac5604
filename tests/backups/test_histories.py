"""A journal that a real daemon of a released version wrote is migrated, verified and folded to the same state."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from adapters.sqlite_journal import SqliteJournal
from adapters.sqlite_journal.schema import SCHEMA_VERSION
from daemon.cli.main import main
from daemon.resume import resume
from machines.revenue.recent import HourPostings
from machines.state.whole import FOLD_VERSION, State, fold
from tests.backups.places import verified, write_history
from tests.contracts.journal import SetClock

HISTORIES = sorted(Path(__file__).parents[1].joinpath("fixtures", "histories").iterdir())


def canonical(value: Any) -> bytes:
    """The one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return json.loads(msgspec.json.encode(value))


def as_known(value: Any, known: Any) -> Any:
    """A value as JSON has it, its structs with the fields only that an older version knew."""
    if isinstance(value, HourPostings):
        return plain([value.sums, list(value.postings)])  # packed into bytes since
    if isinstance(value, msgspec.Struct) and isinstance(known, dict):
        config = value.__struct_config__
        return {
            name: config.tag if name == config.tag_field else as_known(getattr(value, name, "gone"), part)
            for name, part in known.items()
        }
    if isinstance(value, msgspec.Struct) and isinstance(known, list):
        fields = value.__struct_fields__
        return [as_known(getattr(value, name), part) for name, part in zip(fields, known, strict=False)]
    if isinstance(value, dict) and isinstance(known, dict):
        texts = {str(plain({key: 0})).split("'")[1]: part for key, part in value.items()}
        return {key: as_known(part, known.get(key)) for key, part in texts.items()}
    if isinstance(value, list | tuple) and isinstance(known, list) and len(value) == len(known):
        return [as_known(part, other) for part, other in zip(value, known, strict=True)]
    return plain(value)


@pytest.fixture(params=HISTORIES, ids=lambda folder: folder.name)
def history(request: pytest.FixtureRequest) -> Path:
    """The folder of one released version."""
    folder: Path = request.param
    return folder


def test_the_kept_state_is_the_one_that_was_written(history: Path) -> None:
    """Nobody changed what the released version said it folded."""
    kept = canonical(json.loads((history / "state.json").read_text()))
    assert (history / "state.sha256").read_text().strip() == hashlib.sha256(kept).hexdigest()


async def test_it_folds_to_the_same_state(history: Path, tmp_path: Path) -> None:
    """Opened by today's code, its tables are migrated and its events give what they gave to whoever wrote them."""
    journal = await SqliteJournal.open(write_history(tmp_path, history), clock=SetClock(), fold_version=FOLD_VERSION)
    added = int(journal.opening.migrated is not None)
    state = State()
    before = journal.last_sequence - added
    async for recorded in journal.read(limit=before):
        fold(state, recorded)
    known = json.loads((history / "state.json").read_text())
    resumed = (await resume(journal)).state
    await journal.close()

    assert known == as_known(state, known)
    assert {**known, "sequence": before + added} == as_known(resumed, known)


async def test_it_is_whole_before_and_after_the_migration(history: Path, tmp_path: Path) -> None:
    """Chain, payments, tables and every invariant hold on both sides."""
    path = write_history(tmp_path, history)
    before = verified(path)
    journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=FOLD_VERSION)
    migrated = journal.opening.migrated
    await journal.close()
    after = verified(path)

    assert ((), ()) == (before.findings, after.findings)
    assert SCHEMA_VERSION == after.schema
    assert (before.schema == SCHEMA_VERSION) is (migrated is None)
    assert before.last_sequence + (migrated is not None) == after.last_sequence
    assert before == (after if migrated is None else verified(path.with_name(migrated.backup)))


def test_a_person_reads_it_before_the_migration(history: Path, tmp_path: Path) -> None:
    """The commands that only read work on the older version's state directory and change nothing."""
    path = write_history(tmp_path, history)
    as_it_was = path.read_bytes()
    for command in (["status"], ["history"], ["verify"]):
        answer = CliRunner().invoke(main, [*command, "--state-dir", str(tmp_path)])
        assert (0, command) == (answer.exit_code, command), answer.output

    assert as_it_was == path.read_bytes()
