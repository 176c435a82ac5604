"""Opening a schema: made once, recognised, proven, or refused with a sentence that says what to do."""

from __future__ import annotations

import asyncio

import pytest

from adapters.postgres_journal import PostgresPlace, ReadOnlyPostgresJournal, connect, ensure_schema
from adapters.postgres_journal.migrating import Step
from adapters.postgres_journal.schema import SCHEMA_VERSION
from config.instants import DAY
from config.secret import Secret
from machines.events import JournalMigrated
from machines.ports.journal import JournalDamagedError, JournalRefusedError, PaymentSeen, Snapshot
from tests.contracts.journal import START, entry_ids, everything, proposal
from tests.journal.postgres_places import ask, opened, take_over
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres_opening")


async def write(place: PostgresPlace, groups: int = 3, snapshot_at: int | None = None) -> None:
    """A journal of so many groups of two."""
    async with opened(place) as journal:
        for group in range(groups):
            await journal.append([proposal(f"{group}.{part}") for part in range(2)])
        if snapshot_at is not None:
            await journal.write_snapshot(Snapshot(snapshot_at, b"state"))


async def refused(place: PostgresPlace, why: str, error: type[Exception] = JournalDamagedError) -> None:
    """Opening says why it does not."""
    with pytest.raises(error, match=why):
        async with opened(place):
            pass


async def test_two_daemons_make_the_schema_once(place: PostgresPlace) -> None:
    """Whoever comes second finds what the first one made."""

    def make() -> bool:
        with connect(place) as connection:
            return ensure_schema(connection, place.schema)

    made = await asyncio.gather(*(asyncio.to_thread(make) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]
    assert ask(place, "SELECT count(*) FROM lease") == [(1,)]


async def test_opening_says_what_it_found(place: PostgresPlace) -> None:
    """Made anew, or how many events after the snapshot were proven; and that this server does not sync."""
    async with opened(place) as journal:
        assert journal.opening.created
        assert ["fsync = off" in warning for warning in journal.opening.warnings] == [True]
    await write(place, 4, snapshot_at=6)
    async with opened(place) as journal:
        assert (journal.opening.created, journal.opening.verified_events) == (False, 2)
        assert await journal.newest_snapshot() == Snapshot(6, b"state")


async def test_an_event_that_was_changed_is_refused(place: PostgresPlace) -> None:
    """After the snapshot every hash is checked; the message names the event and the last good one."""
    await write(place)
    ask(place, "UPDATE events SET data = replace(data, '1.0', '9.9') WHERE sequence = 3")
    await refused(place, r"event 3 .*its content does not match its hash; the last good event is 2")


async def test_a_missing_event_is_refused(place: PostgresPlace) -> None:
    """A gap names its first number."""
    await write(place)
    ask(place, "DELETE FROM events WHERE sequence = 4")
    await refused(place, "event 4: missing")


async def test_an_end_within_a_group_is_refused(place: PostgresPlace) -> None:
    """PostgreSQL never leaves half a group: somebody else did."""
    await write(place)
    ask(place, "DELETE FROM events WHERE sequence = 6")
    await refused(place, "event 5 does not end its group")


async def test_reading_proves_the_chain(place: PostgresPlace) -> None:
    """Also before the snapshot, when the events are read."""
    await write(place, snapshot_at=6)
    ask(place, "UPDATE events SET actor = 'x' WHERE sequence = 2")
    async with opened(place) as journal:
        with pytest.raises(JournalDamagedError, match="damaged after event 0: event 2"):
            await everything(journal)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshot_parts SET state = 'other' WHERE digest = {}",
        "UPDATE snapshot_parts SET state = substr(state, 1, 5) WHERE digest = {}",
        "DELETE FROM snapshot_parts WHERE digest = {}",
        "UPDATE snapshots SET digest = 'other' WHERE digest = {}",
    ],
)
async def test_a_damaged_or_foreign_snapshot_is_passed_over(place: PostgresPlace, damage: str) -> None:
    """The one before it counts; one of another format does not."""
    await write(place, snapshot_at=4)
    async with opened(place) as journal:
        await journal.write_snapshot(Snapshot(6, b"another state"))
    ask(place, damage.format("(SELECT digest FROM snapshots WHERE sequence = 6)"))
    async with opened(place) as journal:
        assert await journal.newest_snapshot() == Snapshot(4, b"state")
    async with opened(place, fold_version=2) as journal:
        assert await journal.newest_snapshot() is None
        assert journal.opening.verified_events == 6


async def test_a_shortened_journal_without_a_usable_snapshot_is_refused(place: PostgresPlace) -> None:
    """What retention dropped cannot be replayed."""
    async with opened(place, retention_days=1) as journal:
        await journal.append([proposal("a")])
        journal._clock.now = START + 9 * DAY  # type: ignore[attr-defined]
        await journal.write_snapshot(Snapshot(1, b"state"))
    with pytest.raises(JournalDamagedError, match="starts after event 1"):
        async with opened(place, fold_version=2):
            pass


async def test_a_schema_of_somebody_else_is_refused(place: PostgresPlace) -> None:
    """Nothing is made beside tables that are not a journal's."""
    ask(place, f"CREATE SCHEMA {place.schema}; CREATE TABLE {place.schema}.orders (id int)")
    await refused(place, r"holds tables \(orders\) that are not a journal")
    with pytest.raises(JournalDamagedError, match="not a journal"):
        ReadOnlyPostgresJournal.open(place, fold_version=1)
    assert ask(place, f"SELECT tablename FROM pg_tables WHERE schemaname = '{place.schema}'") == [("orders",)]


async def test_a_schema_that_was_made_empty_is_used(place: PostgresPlace) -> None:
    """An administrator may make the schema, so that the role needs no right to make one."""
    ask(place, f"CREATE SCHEMA {place.schema}")
    await write(place, 1)
    assert ask(place, "SELECT count(*) FROM events") == [(2,)]


async def test_a_role_needs_rights_in_one_schema_only(server: PostgresServer, place: PostgresPlace) -> None:
    """It may make no schema and touch no other: its own is enough."""
    role = f"daemon_of_{place.schema}"
    ask(
        place,
        f"CREATE ROLE {role} LOGIN; REVOKE CREATE ON DATABASE postgres FROM PUBLIC;"
        f" CREATE SCHEMA {place.schema}; GRANT USAGE, CREATE ON SCHEMA {place.schema} TO {role}",
    )
    own = PostgresPlace(Secret(f"postgresql://{role}@127.0.0.1:{server.port}/postgres"), place.schema)
    async with opened(own, fencing=take_over(own)) as journal:
        await journal.append([proposal("a")], [PaymentSeen("p", b"f", counted=True)])
        assert entry_ids(await everything(journal)) == ["a"]


async def test_a_role_without_rights_is_told(server: PostgresServer, place: PostgresPlace) -> None:
    """What PostgreSQL refused, and what to grant."""
    ask(place, f"CREATE ROLE none_of_{place.schema} LOGIN; CREATE SCHEMA {place.schema}")
    own = PostgresPlace(Secret(f"postgresql://none_of_{place.schema}@127.0.0.1:{server.port}/postgres"), place.schema)
    await refused(own, "permission denied.*GRANT USAGE, CREATE ON SCHEMA", JournalRefusedError)


async def test_newer_tables_are_refused(place: PostgresPlace) -> None:
    """Nothing is changed, and the version that can is named."""
    await write(place)
    ask(place, f"UPDATE meta SET value = '{SCHEMA_VERSION + 1}' WHERE key = 'schema_version'")
    await refused(place, f"its tables are version {SCHEMA_VERSION + 1}, this one reads up to {SCHEMA_VERSION}")
    with pytest.raises(JournalDamagedError, match="newer solvent"):
        ReadOnlyPostgresJournal.open(place, fold_version=1)


async def test_older_tables_are_migrated_by_who_leads(place: PostgresPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps, version and the event that says so are one transaction; a standby that only looks migrates nothing."""
    await write(place, 1)
    step = Step(SCHEMA_VERSION + 1, lambda tables: tables.execute("ALTER TABLE payments ADD COLUMN note TEXT"))
    monkeypatch.setattr("adapters.postgres_journal.migrating.STEPS", (step,))
    monkeypatch.setattr("adapters.postgres_journal.schema.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    with connect(place) as connection:
        assert not ensure_schema(connection, place.schema)
    assert ask(place, "SELECT value FROM meta WHERE key = 'schema_version'") == [(str(SCHEMA_VERSION),)]
    for _ in range(2):
        async with opened(place) as journal:
            events = [each.event for each in await everything(journal)]
            assert [event.to_schema for event in events if isinstance(event, JournalMigrated)] == [SCHEMA_VERSION + 1]
    assert ask(place, "SELECT note FROM payments") == []


async def test_a_failed_migration_changes_nothing(place: PostgresPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables, the version and the events stay as they were."""
    await write(place, 1)

    def half(tables: object) -> None:
        tables.execute("ALTER TABLE payments ADD COLUMN note TEXT")  # type: ignore[attr-defined]
        raise RuntimeError("the power went")

    monkeypatch.setattr("adapters.postgres_journal.migrating.STEPS", (Step(SCHEMA_VERSION + 1, half),))
    await refused(place, "the power went", RuntimeError)
    monkeypatch.undo()
    async with opened(place) as journal:
        assert journal.last_sequence == 2
    assert (
        ask(
            place,
            "SELECT column_name FROM information_schema.columns WHERE column_name = 'note'"
            f" AND table_schema = '{place.schema}'",
        )
        == []
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://daemon:geheimnis@127.0.0.1:1/shop",
        "postgresql//daemon:geheimnis@127.0.0.1/shop",
        "host=127.0.0.1 port=1 user=daemon password=geheimnis dbname=shop",
        "postgresql://daemon@127.0.0.1:1/shop?password=geheimnis",
        "postgresql://daemon:geheim%6eis@127.0.0.1:1/shop?nonsense=geheimnis",
    ],
)
async def test_no_message_shows_the_password(url: str) -> None:
    """Whatever is wrong with the address, its password stays in it."""
    with pytest.raises(JournalRefusedError) as caught:
        async with opened(PostgresPlace(Secret(url), "solvent", 1)):
            pass
    assert "geheim" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
