"""Writes that PostgreSQL holds up where a test wants it: until its session lets go of the advisory lock 7."""

from __future__ import annotations

from typing import Final

from adapters.postgres_journal import PostgresPlace
from tests.journal.postgres_places import ask

_WAITING: Final = """
    CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;"""
BEFORE_THE_INSERT: Final = f"{_WAITING} CREATE TRIGGER waits BEFORE INSERT ON events EXECUTE FUNCTION wait_here()"
AT_THE_COMMIT: Final = f"""{_WAITING} CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_here()"""
BLOCKED: Final = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"


def blocked(place: PostgresPlace) -> bool:
    """Whether any session waits for another."""
    return ask(place, BLOCKED) != [(0,)]
