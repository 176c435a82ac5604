"""A journal goes into PostgreSQL and back, on a real server: the same chain, the same rows, the same state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from adapters.journal_moving.outcomes import NotMovedError
from adapters.journal_place import PLACE_NAME, noted_place
from adapters.postgres_journal.place import PostgresPlace, connect
from adapters.postgres_journal.schema import ensure_schema
from adapters.state_directory import HeldError, StateDirectory
from config.secret import Secret
from machines.events import JournalMoved
from tests.backups.places import NOW, alter, events_of, folded, names_in, verified
from tests.contracts.journal import large_state
from tests.journal_place.installations import Installed, rows_of, with_every_event, with_history
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("journal_moving")


@pytest.fixture
def shop(server: PostgresServer, tmp_path: Path) -> Installed:
    """A state directory of 0.1.0."""
    return with_history(server, tmp_path / "state")


def session(installed: Installed) -> psycopg.Connection[tuple[object, ...]]:
    """A person with psql."""
    return connect(PostgresPlace(Secret(installed.url), installed.schema), "test")


def test_the_journal_goes_there(shop: Installed, tmp_path: Path) -> None:
    """All events before the move keep number and hash; the move is the last; the old file keeps a name."""
    before = events_of(shop.journal)
    moved = shop.there()
    after = events_of(shop.exported(tmp_path / "exported.sqlite"))

    assert before == after[: len(before)]
    assert JournalMoved("journal.sqlite", f"the schema {shop.schema} of PostgreSQL", 2, NOW) == after[-1].event
    assert (2, after[-1].sequence) == (moved.epoch, moved.last_sequence)
    assert before == events_of(shop.state_dir / moved.kept)
    assert not shop.journal.exists()
    noted = noted_place(shop.state_dir)
    assert noted is not None
    assert (moved.journal_id, "env:TEST_JOURNAL_URL") == (noted.journal_id, noted.url)


def test_there_and_back_is_the_same_journal(shop: Installed, tmp_path: Path) -> None:
    """Every row of every table, the key, the folded state, and a chain that verifies."""
    shop.there()
    exported = shop.exported(tmp_path / "exported.sqlite")
    moved = shop.back()
    events = events_of(shop.journal)

    wanted, found = rows_of(exported), rows_of(shop.journal)
    for name in ("events", "economic_scaling_log"):
        assert wanted[name] == [row for row in found[name] if row[0] < events[-1].sequence]
    for name in wanted.keys() - {"events", "economic_scaling_log"}:
        assert wanted[name] == found[name]
    assert folded(events_of(exported)).components == folded(events).components
    assert (3, ()) == (moved.epoch, verified(shop.journal).findings)
    assert noted_place(shop.state_dir) is None
    assert 0o600 == shop.journal.stat().st_mode & 0o777


def test_large_snapshots_go_there_and_back(shop: Installed) -> None:
    """A state of several parts, and one that is damaged, come back byte by byte."""
    large, damaged = large_state(3), b"not what was written"
    with closing(sqlite3.connect(shop.journal, isolation_level=None)) as file:
        for sequence, digest, state in ((2, sha256(large).digest(), large), (1, b"another digest", damaged)):
            file.execute(
                "INSERT INTO snapshots SELECT sequence, 0, hash, ?, ? FROM events WHERE sequence = ?",
                (digest, state, sequence),
            )
    shop.there()
    shop.back()

    with closing(sqlite3.connect(shop.journal)) as file:
        found = file.execute("SELECT sequence, state FROM snapshots WHERE fold_version = 0 ORDER BY sequence")
        assert [(1, damaged), (2, large)] == found.fetchall()


@pytest.mark.parametrize("version", ["v0_1", "v0_2"])
def test_every_kind_of_event_goes_there_and_back(server: PostgresServer, tmp_path: Path, version: str) -> None:
    """The kept journals of each version come back with the events that they went with."""
    installed = with_every_event(server, tmp_path / "state", version)
    before = events_of(installed.journal)
    installed.there()
    installed.back()

    assert before == events_of(installed.journal)[: len(before)]


def test_text_that_postgresql_cannot_hold_comes_back(shop: Installed, tmp_path: Path) -> None:
    """A NUL in a payment's id is one after the move too."""
    with_nul = "p\x001 \ue0000 '\\x\t\n"
    alter(shop.journal, "UPDATE payments SET payment_id = ? WHERE payment_id = 'p1'", with_nul)
    shop.there()

    assert with_nul in {row[0] for row in rows_of(shop.exported(tmp_path / "exported.sqlite"))["payments"]}


def test_a_held_directory_is_refused(shop: Installed) -> None:
    """A daemon that runs keeps its journal where it is."""
    with StateDirectory.hold(shop.state_dir, instance="shop", since=NOW), pytest.raises(HeldError, match="shop"):
        shop.there()


def test_a_schema_with_another_journal_is_refused(server: PostgresServer, shop: Installed, tmp_path: Path) -> None:
    """Its journal stays as it is, and so does the file."""
    other = Installed(tmp_path / "other", server.url, shop.schema)
    with_history(server, other.state_dir)
    other.there()
    with session(shop) as connection:
        connection.execute("UPDATE meta SET value = 'another' WHERE key = 'journal_id'")
    names = names_in(shop.state_dir)
    with pytest.raises(NotMovedError, match="is not empty: it holds the journal another of epoch 2"):
        shop.there()

    assert names <= names_in(shop.state_dir)
    assert PLACE_NAME not in names_in(shop.state_dir)


def test_a_schema_in_which_a_daemon_went_on_is_refused(shop: Installed) -> None:
    """What was recorded there after a move is written over by nobody."""
    shop.there()
    (shop.state_dir / PLACE_NAME).unlink()
    next(shop.state_dir.glob("journal-moved-*")).rename(shop.journal)
    with session(shop) as connection:
        connection.execute("UPDATE events SET type = 'Started' WHERE sequence = (SELECT max(sequence) FROM events)")
    with pytest.raises(NotMovedError, match="is not empty"):
        shop.there()


def test_the_tables_of_somebody_else_are_refused(shop: Installed) -> None:
    """A schema with tables that are no journal is left alone."""
    with session(shop) as connection:
        connection.execute(f"CREATE SCHEMA {shop.schema}; CREATE TABLE {shop.schema}.orders (id int)")
    with pytest.raises(NotMovedError, match="that are not a journal of solvent"):
        shop.there()


def test_a_journal_that_somebody_leads_is_not_brought_back(shop: Installed) -> None:
    """The daemon that leads is named; nothing is changed."""
    shop.there()
    with session(shop) as connection:
        connection.execute("UPDATE lease SET holder = 'one/1/a', seen_at = clock_timestamp(), ttl_ms = 60000")
    with pytest.raises(NotMovedError, match="one/1/a leads the journal"):
        shop.back()

    assert not shop.journal.exists()
    assert PLACE_NAME in names_in(shop.state_dir)


def test_a_standby_is_stopped_first(shop: Installed) -> None:
    """It would find nothing where it looks."""
    shop.there()
    with session(shop) as connection:
        connection.execute("INSERT INTO daemons (name, seen_at) VALUES ('two/2/b', clock_timestamp())")
    with pytest.raises(NotMovedError, match="two/2/b stands by"):
        shop.back()


def test_an_old_leader_is_fenced_by_a_move(shop: Installed) -> None:
    """The token that a paused daemon still holds is no longer the one of the lease."""
    shop.there()
    with session(shop) as connection:
        (token,) = connection.execute("SELECT fencing FROM lease").fetchone() or (None,)

    assert 1 == token


def test_a_journal_that_differs_in_postgresql_is_not_taken(shop: Installed) -> None:
    """A trigger that changes a row on its way in is found before anything is committed."""
    with session(shop) as connection:
        ensure_schema(connection, shop.schema)
        connection.execute(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.counted := 1 - NEW.counted; RETURN NEW; END $$; "
            "CREATE TRIGGER spoil BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    with pytest.raises(NotMovedError, match="the table payments differs in PostgreSQL"):
        shop.there()
    with session(shop) as connection:
        assert [(0,)] == connection.execute("SELECT count(*) FROM events").fetchall()

    assert shop.journal.exists()


def test_a_damaged_journal_is_not_moved(shop: Installed) -> None:
    """The event whose hash does not fit is named."""
    alter(shop.journal, "UPDATE events SET actor = 'nobody' WHERE sequence = 40")
    with pytest.raises(NotMovedError, match="event 40"):
        shop.there()


def test_a_server_that_is_away_is_told(shop: Installed) -> None:
    """Nothing was changed, and the address with its password is not shown."""
    away = Installed(shop.state_dir, "postgresql://solvent:hidden-word@127.0.0.1:9/none", shop.schema)
    with pytest.raises(NotMovedError) as refused:
        away.there()

    assert "hidden-word" not in str(refused.value)
    assert "in PostgreSQL" in str(refused.value)
    assert shop.journal.exists()


def test_twice_there_is_told(shop: Installed) -> None:
    """The second move has nothing to do, and says where the journal is."""
    shop.there()
    with pytest.raises(NotMovedError, match="is in PostgreSQL already"):
        shop.there()


def test_twice_back_is_told(shop: Installed) -> None:
    """A journal that is its file stays."""
    with pytest.raises(NotMovedError, match=r"is its journal\.sqlite already"):
        shop.back()
