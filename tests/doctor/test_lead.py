"""What the doctor makes of the lease: nobody who leads, and a standby that could not, are not well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import msgspec
import pytest
from psycopg import AsyncConnection, sql

from adapters.postgres_journal.lease import PostgresLeaseDesk
from adapters.postgres_journal.making import make_tables
from adapters.postgres_journal.place import PostgresPlace
from config.instants import SECOND
from config.secret import Secret
from config.settings import JournalSettings, Settings
from daemon.cli.promote import LAG_EVENTS_MAX
from daemon.doctor.findings import Finding, Verdict
from daemon.doctor.lead import AGAIN_S, judged
from daemon.doctor.postgres import postgres
from machines.ports.lease import Candidate, LeaseView, Standing
from tests.contracts.journal import START, SetClock
from tests.postgres_server import PostgresServer, postgres_server

pytestmark = pytest.mark.xdist_group("doctor_lead")
NOW: Final = START + 1_000 * SECOND
_SCHEMAS: Final = count(1)


def standing(name: str, heard_s: float, folded: int = 500, fault: str = "") -> Standing:
    """A daemon that was heard of so long ago."""
    return Standing(Candidate(name, "http://10.0.0.2:9327"), START, NOW - round(heard_s * SECOND), folded, fault)


LED: Final = LeaseView(NOW, 7, standing("a/1/x", 1), ttl_s=6, standbys=(standing("b/2/y", 0.2),))


def found(view: LeaseView, *, several: bool = True) -> list[Finding]:
    """The findings, in a journal of 500 events."""
    return list(judged(view, several=several, last_sequence=500))


def wrong(view: LeaseView, *, several: bool = True) -> list[tuple[Verdict, str]]:
    """What is not well."""
    return [(each.verdict, each.found) for each in found(view, several=several) if each.verdict is not Verdict.WELL]


def test_a_leader_with_a_standby_is_well() -> None:
    """Both by name."""
    (one,) = found(LED)

    assert (Verdict.WELL, "a/1/x leads, b/2/y by its side") == (one.verdict, one.found)


def test_a_lease_that_ran_out_is_a_problem() -> None:
    """Whoever held it gave nothing back, and nobody took it; also where this daemon would be alone."""
    view = msgspec.structs.replace(LED, leader=standing("a/1/x", 40), standbys=())
    said = "nobody leads: a/1/x was last heard of 40 s ago, and its lease has run out"

    assert [(Verdict.PROBLEM, said)] == wrong(view)
    assert [(Verdict.PROBLEM, said)] == wrong(view, several=False)


def test_a_lead_that_no_standby_takes_is_a_problem() -> None:
    """It was given back, and somebody stands by."""
    said = "nobody leads: the lead was given back, and no standby took it"

    assert [(Verdict.PROBLEM, said)] == wrong(msgspec.structs.replace(LED, leader=None), several=False)


def test_one_daemon_that_was_stopped_leaves_nobody_waiting() -> None:
    """It gave its lead back, and no other was ever configured."""
    assert [] == wrong(msgspec.structs.replace(LED, leader=None, standbys=()), several=False)


def test_a_standby_with_a_fault_is_a_problem() -> None:
    """It is not said to be by the leader's side, and the whole of what it says has a place."""
    view = msgspec.structs.replace(LED, standbys=(standing("b/2/y", 0.2, fault="damaged: it needs a backup"),))

    assert [(Verdict.PROBLEM, "the standby b/2/y is not fit to lead: damaged: it needs a backup")] == wrong(view)
    assert "a/1/x leads" == found(view)[0].found
    assert "http://10.0.0.2:9327/readyz" in found(view)[1].mend


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (
            msgspec.structs.replace(LED, standbys=(standing("b/2/y", 0.2, folded=500 - LAG_EVENTS_MAX - 1),)),
            "the standby b/2/y is 1001 events behind: solvent promote refuses it",
        ),
        (msgspec.structs.replace(LED, standbys=()), "nobody stands by: nobody takes over"),
        (
            msgspec.structs.replace(LED, standbys=(*LED.standbys, standing("c/3/z", 60))),
            "the standby c/3/z is silent for 60 s",
        ),
    ],
    ids=["far behind", "none", "silent"],
)
def test_a_standby_that_is_not_there_is_a_warning(view: LeaseView, said: str) -> None:
    """Far behind, silent, or none at all where several are configured."""
    ((verdict, text),) = wrong(view)

    assert (Verdict.WARNING, True) == (verdict, text.startswith(said))


def test_the_earlier_life_of_a_daemon_is_no_standby() -> None:
    """A daemon that was killed and started again is shown twice for a while."""
    assert [] == wrong(msgspec.structs.replace(LED, standbys=(*LED.standbys, standing("b/1/old", 60))))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One PostgreSQL for a module."""
    with postgres_server() as running:
        yield running


class Shared:
    """A journal that several daemons share, empty, in a schema of the test's own."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.place = PostgresPlace(Secret(server.url), f"doctor_{next(_SCHEMAS)}")
        journal = JournalSettings(url="env:TEST_JOURNAL_URL", schema=self.place.schema)
        self.settings = Settings(plan="starter", state_dir=str(folder), standby=True, journal=journal)
        self.desk = PostgresLeaseDesk(self.place)

    async def lead(self, name: str) -> None:
        """Take the lead."""
        await self.desk.acquire(Candidate(name), 6, await self.desk.look())

    async def delete_lease(self) -> None:
        """As a person could."""
        async with await AsyncConnection.connect(self.place.url.reveal(), autocommit=True) as connection:
            await connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(self.place.schema, "lease")))

    async def said(self, clock: SetClock) -> list[Finding]:
        """As `solvent doctor` asks."""
        return await postgres(self.settings, clock)


@pytest.fixture
async def shared(server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shared]:
    """With its tables, and nobody who leads."""
    monkeypatch.setenv("TEST_JOURNAL_URL", server.url)
    journal = Shared(server, tmp_path)
    await make_tables(journal.place)
    yield journal
    await journal.desk.close()


async def test_a_deleted_row_of_the_lease_is_a_problem(shared: Shared) -> None:
    """Nobody can lead before a daemon is started again."""
    await shared.lead("a/1/x")
    led = await shared.said(SetClock())
    await shared.delete_lease()
    left = await shared.said(SetClock())

    assert "a/1/x leads" in [each.found for each in led]
    problems = [each.found for each in left if each.verdict is Verdict.PROBLEM]
    assert "somebody deleted the row of the table lease, so that nobody can lead" in problems[-1]


async def test_a_takeover_under_way_is_waited_for(shared: Shared) -> None:
    """Nobody leads at the first look and somebody at the second one: that is well."""

    class Meanwhile(SetClock):
        async def sleep(self, seconds: float) -> None:
            assert seconds == AGAIN_S
            await shared.lead("b/2/y")

    await shared.desk.stand_by(Candidate("b/2/y"), 0)

    assert "b/2/y leads" in [each.found for each in await shared.said(Meanwhile())]


async def test_what_a_standby_says_of_itself_is_found(shared: Shared) -> None:
    """It comes with the lease."""
    await shared.lead("a/1/x")
    await shared.desk.stand_by(Candidate("b/2/y"), 0, "the journal is damaged")

    said = [each.found for each in await shared.said(SetClock()) if each.verdict is Verdict.PROBLEM]
    assert "the standby b/2/y is not fit to lead: the journal is damaged" == said[-1]
