"""No daemon begins a second, empty journal by mistake: on the wrong schema, or after the journal was moved away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from redis import Redis

from adapters.journal_place import NotedPlace, note_place
from adapters.postgres_journal.making import make_tables
from config.settings import Settings
from config.settings_loading import load_settings
from daemon.assembly.leading import made_tables, postgres_place
from daemon.assembly.owners import refuse_foreign_keys
from daemon.roots.gate import OwnedByAnotherError
from machines.ports.journal import JournalRefusedError
from tests.postgres_server import PostgresServer
from tests.processes.redis_place import RedisServer

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Redis for all tests of this module; each has an instance of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def settings(server: PostgresServer, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of a second machine whose schema is empty."""
    monkeypatch.setenv("TEST_JOURNAL_URL", server.url)
    number = next(_NUMBERS)
    given = {"plan": "starter", "redis": redis_url, "state_dir": str(tmp_path), "instance": f"shop{number}"}
    journal = {"journal.url": "env:TEST_JOURNAL_URL", "journal.schema": f"second_{number}", "standby": True}
    return load_settings(None, {}, {**given, **journal})


def _owned_by(settings: Settings, journal_id: str) -> None:
    with Redis.from_url(settings.redis) as redis:
        redis.hset(f"{settings.key_prefix}owner", mapping={"journal_id": journal_id, "holder": "process 1 on a"})


def _schemas(server: PostgresServer, settings: Settings) -> list[str]:
    rows = server.execute(f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{settings.journal.schema}%'")
    return [name for (name,) in rows]


async def test_an_empty_schema_beside_another_journal_stays_empty(server: PostgresServer, settings: Settings) -> None:
    """Where Redis shows that the instance has a journal, the schema is the wrong one."""
    _owned_by(settings, "3fa9")
    with pytest.raises(OwnedByAnotherError, match=r"journal 3fa9.*journal\.url or journal\.schema is not that of"):
        await made_tables(settings)
    assert [] == _schemas(server, settings)


async def test_an_empty_schema_beside_a_free_instance_is_filled(server: PostgresServer, settings: Settings) -> None:
    """The first start of all."""
    await made_tables(settings)
    assert [settings.journal.schema] == _schemas(server, settings)


async def test_a_journal_is_not_written_beside_the_keys_of_another(settings: Settings) -> None:
    """Its own keys are no hindrance."""
    _owned_by(settings, "3fa9")
    await refuse_foreign_keys(settings, "3fa9")
    with pytest.raises(OwnedByAnotherError):
        await refuse_foreign_keys(settings, "77ab")


async def test_a_machine_that_was_not_told_of_a_move_begins_nothing(
    server: PostgresServer, settings: Settings, tmp_path: Path
) -> None:
    """It may know the journal, or only the settings."""
    await make_tables(postgres_place(settings))
    schema = settings.journal.schema
    server.execute(f"ALTER SCHEMA {schema} RENAME TO {schema}_moved_20261122t010203")
    _owned_by(settings, "3fa9")
    with pytest.raises(JournalRefusedError, match="was moved away"):
        await made_tables(settings)
    note_place(tmp_path, NotedPlace("postgresql", "env:TEST_JOURNAL_URL", schema, "3fa9"))
    with pytest.raises(JournalRefusedError, match="was moved away"):
        await made_tables(settings)
    assert [f"{schema}_moved_20261122t010203"] == _schemas(server, settings)


async def test_an_emptied_schema_is_not_filled_by_who_knows_its_journal(
    server: PostgresServer, settings: Settings, tmp_path: Path
) -> None:
    """`journal.json` says that there was one."""
    note_place(tmp_path, NotedPlace("postgresql", "env:TEST_JOURNAL_URL", settings.journal.schema, "3fa9"))
    with pytest.raises(JournalRefusedError, match="knows the journal 3fa9"):
        await made_tables(settings)
    assert [] == _schemas(server, settings)
