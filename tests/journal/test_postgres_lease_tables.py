"""What somebody deletes of the lease's tables, and roles that may not use the journal's."""

from __future__ import annotations

import re

import psycopg
import pytest

from adapters.postgres_journal import PostgresPlace, ReadOnlyPostgresJournal
from adapters.postgres_journal.lease import PostgresLeaseDesk
from adapters.postgres_journal.lease_tables import LOST_HOLDER, TOKENS_SKIPPED
from adapters.postgres_journal.making import make_tables
from config.secret import Secret
from machines.events import Mode, Started
from machines.ports.journal import JournalRefusedError, Proposal
from machines.ports.lease import Candidate, LeaseAwayError
from tests.journal.postgres_places import ask, fresh_place, opened
from tests.postgres_server import PostgresServer

ME = Candidate("machine-a/1/x")


async def _leading(desk: PostgresLeaseDesk) -> int:
    fencing = await desk.acquire(ME, 6.0, await desk.look())
    assert fencing is not None
    return fencing


async def test_a_deleted_lease_is_made_anew_above_every_token(server: PostgresServer) -> None:
    """At a start; the others wait for the time of a lease, for whoever led may not have heard of it."""
    place = fresh_place(server)
    await make_tables(place)
    async with opened(place) as journal:
        for fencing in (3, 41):
            await journal.append([Proposal(Started("shop", "1", Mode.ACT, fencing, "process 1"), "boot", 1)])
    ask(place, "DELETE FROM lease")
    desk = PostgresLeaseDesk(place)
    with pytest.raises(LeaseAwayError, match="start a daemon again"):
        await desk.look()
    (told,) = await make_tables(place)
    view = await desk.look()
    await desk.close()
    assert view.leader is not None
    assert (41 + TOKENS_SKIPPED, LOST_HOLDER) == (view.fencing, view.leader.candidate.name)
    assert "somebody deleted the row of the lease" in told
    assert [] == await make_tables(place)


async def test_whoever_led_when_the_lease_was_deleted_leads_no_more(server: PostgresServer) -> None:
    """Its token is not the new row's."""
    place = fresh_place(server)
    await make_tables(place)
    desk = PostgresLeaseDesk(place)
    fencing = await _leading(desk)
    ask(place, "DELETE FROM lease")
    await make_tables(place)
    assert (await desk.look()).fencing > fencing
    assert await desk.acquire(ME, 6.0, await desk.look()) == fencing + TOKENS_SKIPPED
    await desk.close()


async def test_the_leader_keeps_the_lead_when_the_table_of_standbys_is_gone(server: PostgresServer) -> None:
    """It is for show; also where the role may not make it anew."""
    place = fresh_place(server)
    await make_tables(place)
    desk = PostgresLeaseDesk(place)
    fencing = await _leading(desk)
    ask(place, "DROP TABLE daemons")
    view = await desk.renew(ME, fencing, 6.0)
    await desk.close()
    assert (fencing, ()) == (view.fencing, view.standbys)
    (told,) = await make_tables(place)
    assert "somebody deleted the table daemons" in told


async def test_a_leader_makes_the_table_of_standbys_anew(server: PostgresServer) -> None:
    """Where its role may."""
    place = fresh_place(server)
    await make_tables(place)
    desk = PostgresLeaseDesk(place, makes_tables=True)
    fencing = await _leading(desk)
    ask(place, "DROP TABLE daemons")
    await desk.renew(ME, fencing, 6.0)
    await desk.close()
    assert [(0,)] == ask(place, "SELECT count(*) FROM daemons")


async def test_no_journal_is_begun_in_place_of_one_that_is_known(server: PostgresServer) -> None:
    """An empty schema is another database, or what somebody dropped."""
    place = fresh_place(server)
    with pytest.raises(JournalRefusedError, match="knows the journal 3fa9: nothing was begun"):
        await make_tables(place, "3fa9")
    desk = PostgresLeaseDesk(place, makes_tables=True, known=lambda: "3fa9")
    with pytest.raises(LeaseAwayError, match="knows the journal 3fa9"):
        await desk.look()
    await desk.close()
    assert [] == ask(place, f"SELECT 1 FROM pg_namespace WHERE nspname = '{place.schema}'")


async def test_no_journal_is_begun_in_place_of_one_that_was_moved_away(server: PostgresServer) -> None:
    """A move leaves the old schema under another name; a machine that was not told must not begin a second journal."""
    place = fresh_place(server)
    await make_tables(place)
    aside = f"{place.schema}_moved_20261122t010203"
    ask(place, f"ALTER SCHEMA {place.schema} RENAME TO {aside}")
    with pytest.raises(JournalRefusedError, match=re.escape(f"is kept as {aside}: nothing was begun")):
        await make_tables(place)


@pytest.mark.parametrize(
    ("grants", "missing"),
    [
        ((), "use the schema"),
        (("USAGE ON SCHEMA {}",), "SELECT in component_activation_states, "),
        (("USAGE ON SCHEMA {}", "SELECT ON ALL TABLES IN SCHEMA {}"), "INSERT in component_activation_states, "),
    ],
)
async def test_a_role_without_rights_is_told_which_grant_is_missing(
    server: PostgresServer, grants: tuple[str, ...], missing: str
) -> None:
    """Never that the tables are a stranger's, and another schema the way out."""
    place = fresh_place(server)
    await make_tables(place)
    role = f"role_{place.schema}"
    server.execute(f"CREATE ROLE {role} LOGIN")
    for grant in grants:
        server.execute(f"GRANT {grant.format(place.schema)} TO {role}")
    poor = PostgresPlace(Secret(f"postgresql://{role}@127.0.0.1:{server.port}/postgres"), place.schema)
    with pytest.raises(JournalRefusedError) as refused:
        await make_tables(poor)
    told = str(refused.value)
    assert f"the role {role} of journal.url may not {missing}" in told
    assert f"GRANT USAGE ON SCHEMA {place.schema} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON" in told


async def test_a_role_that_may_read_is_enough_to_read(server: PostgresServer) -> None:
    """A stranger's table beside the journal's, which it may not read, does not matter."""
    place = fresh_place(server)
    await make_tables(place)
    ask(place, "CREATE TABLE strange (x int)")
    role = f"reader_{place.schema}"
    server.execute(f"CREATE ROLE {role} LOGIN")
    server.execute(f"GRANT USAGE ON SCHEMA {place.schema} TO {role}")
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {place.schema} TO {role}")
    server.execute(f"REVOKE ALL ON {place.schema}.strange FROM {role}")
    reader = PostgresPlace(Secret(f"postgresql://{role}@127.0.0.1:{server.port}/postgres"), place.schema)
    journal = ReadOnlyPostgresJournal.open(reader, fold_version=1)
    assert journal.last_sequence == 0
    await journal.close()


async def test_a_failed_claim_leaves_the_one_before(server: PostgresServer) -> None:
    """What is checked before a commit is what was prepared: a claim that could not be taken changes nothing of it."""
    place = fresh_place(server)
    await make_tables(place)
    async with opened(place) as journal:
        store = journal._writer._store
        before = store._claim.check
        ask(place, "ALTER TABLE events RENAME TO elsewhere")
        with pytest.raises(psycopg.Error):
            store._claim.retake(store.connection)
        store.take_back()
        ask(place, "ALTER TABLE elsewhere RENAME TO events")
        assert before == store._claim.check
        await journal.append([Proposal(Started("shop", "1", Mode.ACT), "boot", 1)])
        assert journal.last_sequence == 1
