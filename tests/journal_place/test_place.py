"""`journal.json`: what it says, and the daemons that it keeps from beginning a second journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.journal_place import (
    PLACE_NAME,
    NotedPlace,
    address_of,
    forget_place,
    note_opened,
    note_place,
    noted_place,
    place_for_reading,
    require_place,
)
from adapters.sqlite_journal import JOURNAL_NAME
from config.settings import JournalSettings
from machines.ports.journal import JournalRefusedError

NOTED = NotedPlace("postgresql", "env:TEST_JOURNAL_URL", "solvent", "a1b2")
ELSEWHERE = JournalSettings(url="env:TEST_JOURNAL_URL")
HERE = JournalSettings()


def test_what_was_noted_is_read(tmp_path: Path) -> None:
    """The file holds the reference and never an address; only its owner reads it."""
    note_place(tmp_path, NOTED)

    assert NOTED == noted_place(tmp_path)
    assert 0o600 == (tmp_path / PLACE_NAME).stat().st_mode & 0o777
    assert "env:TEST_JOURNAL_URL" == json.loads((tmp_path / PLACE_NAME).read_text())["url"]
    assert {PLACE_NAME} == {each.name for each in tmp_path.iterdir()}


def test_what_was_forgotten_is_the_file_again(tmp_path: Path) -> None:
    """Without `journal.json` the journal is the file."""
    note_place(tmp_path, NOTED)
    forget_place(tmp_path)

    assert noted_place(tmp_path) is None
    assert place_for_reading(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "oracle"}', '{"kind": "postgresql"}', "\0" * 70_000])
def test_a_note_that_cannot_be_understood_is_refused(tmp_path: Path, text: str) -> None:
    """Whoever cannot tell where the journal is begins none."""
    (tmp_path / PLACE_NAME).write_text(text)
    with pytest.raises(JournalRefusedError, match="cannot be understood"):
        require_place(tmp_path, HERE)


def test_a_daemon_without_the_url_is_refused(tmp_path: Path) -> None:
    """An empty journal in the state directory would stand beside the one in PostgreSQL."""
    note_place(tmp_path, NOTED)
    with pytest.raises(JournalRefusedError, match=r"have no journal.url: name it, or bring the journal back with"):
        require_place(tmp_path, HERE)


def test_a_daemon_with_another_schema_is_refused(tmp_path: Path) -> None:
    """A mistyped schema is no reason for an empty journal."""
    note_place(tmp_path, NOTED)
    with pytest.raises(JournalRefusedError, match=r"schema 'solvent' .* say journal.schema 'other'"):
        require_place(tmp_path, JournalSettings(url="env:TEST_JOURNAL_URL", schema="other"))


def test_a_daemon_with_the_url_and_a_file_is_refused(tmp_path: Path) -> None:
    """The file would be left behind without a word: it is moved, or moved aside on purpose."""
    (tmp_path / JOURNAL_NAME).write_bytes(b"")
    with pytest.raises(JournalRefusedError, match=r"still holds journal.sqlite: take it along with `solvent move-j"):
        require_place(tmp_path, ELSEWHERE)


@pytest.mark.parametrize("settings", [HERE, ELSEWHERE])
def test_a_move_that_was_interrupted_is_finished_first(tmp_path: Path, settings: JournalSettings) -> None:
    """Where both stand, nobody opens either."""
    (tmp_path / JOURNAL_NAME).write_bytes(b"")
    note_place(tmp_path, NOTED)
    with pytest.raises(JournalRefusedError, match="a move of the journal was interrupted"):
        require_place(tmp_path, settings)
    with pytest.raises(JournalRefusedError, match="a move of the journal was interrupted"):
        place_for_reading(tmp_path)


def test_what_fits_is_let_through(tmp_path: Path) -> None:
    """A new directory begins either kind, and each goes on with its own."""
    require_place(tmp_path, HERE)
    require_place(tmp_path, ELSEWHERE)
    note_opened(tmp_path, ELSEWHERE, "a1b2")
    require_place(tmp_path, ELSEWHERE)

    assert NOTED == noted_place(tmp_path)


def test_another_journal_under_the_same_address_is_refused(tmp_path: Path) -> None:
    """A database that was emptied, or another one, is not gone on with."""
    note_opened(tmp_path, ELSEWHERE, "a1b2")
    with pytest.raises(JournalRefusedError, match=r"holds the journal c3d4, .* knows the journal a1b2"):
        note_opened(tmp_path, ELSEWHERE, "c3d4")

    assert NOTED == noted_place(tmp_path)


def test_a_new_reference_is_noted(tmp_path: Path) -> None:
    """The same journal under another name of its address is found by the new one."""
    note_opened(tmp_path, ELSEWHERE, "a1b2")
    note_opened(tmp_path, JournalSettings(url="file:/etc/solvent/journal-url"), "a1b2")
    noted = noted_place(tmp_path)

    assert noted is not None
    assert "file:/etc/solvent/journal-url" == noted.url


def test_an_address_that_this_user_lacks_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The variable of the daemon is not set in another shell."""
    with pytest.raises(JournalRefusedError, match=r"TEST_JOURNAL_URL is not set.* as the daemon's user"):
        address_of(NOTED, tmp_path, {})
