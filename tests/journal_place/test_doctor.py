"""`solvent doctor` looks at the PostgreSQL of the journal too."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from adapters.clocks import LoopClock
from adapters.examinations.postgres_facts import PostgresFacts
from config.settings import JournalSettings, Settings
from daemon.doctor.findings import Finding, Verdict
from daemon.doctor.postgres import judged, postgres
from daemon.doctor.software import extras_of
from tests.journal_place.installations import Installed, with_history
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("journal_moving")
WELL = PostgresFacts("15.1", True, (), "", 0, (), 2, 2)
SETTINGS = Settings(plan="starter", journal=JournalSettings(url="env:TEST_JOURNAL_URL"))


def settings_of(installed: Installed) -> Settings:
    """What the operator wrote."""
    return Settings(plan="starter", state_dir=str(installed.state_dir), journal=installed.settings)


def worst(found: list[Finding]) -> list[str]:
    """What is not well."""
    return [each.found for each in found if each.verdict is not Verdict.WELL]


def test_a_server_is_looked_at(server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's server runs without fsync, which is a problem; that nobody leads a journal without daemons is none."""
    shop = with_history(server, tmp_path / "state")
    shop.there()
    monkeypatch.setenv("TEST_JOURNAL_URL", server.url)
    found = asyncio.run(postgres(settings_of(shop), LoopClock(0)))

    assert ["PostgreSQL runs with fsync off: a power cut takes back what was acknowledged"] == worst(found)
    assert found[-2].found.endswith(f"schema {shop.schema}")
    assert found[-1].found.startswith("nobody leads")


def test_a_server_that_is_away_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what mends it, and without the password."""
    monkeypatch.setenv("TEST_JOURNAL_URL", "postgresql://solvent:hidden-word@127.0.0.1:9/none")
    (found,) = asyncio.run(postgres(msgspec.structs.replace(SETTINGS, state_dir=str(tmp_path)), LoopClock(0)))

    assert Verdict.PROBLEM is found.verdict
    assert "hidden-word" not in found.found
    assert "pg_hba.conf" in found.mend


def test_a_journal_that_is_a_file_is_no_matter(tmp_path: Path) -> None:
    """Nothing is asked for that nobody named."""
    assert [] == asyncio.run(postgres(Settings(plan="starter", state_dir=str(tmp_path)), LoopClock(0)))


@pytest.mark.parametrize(
    ("facts", "verdict", "text"),
    [
        ({"is_primary": False}, Verdict.PROBLEM, "a replica in recovery"),
        ({"off": ("synchronous_commit",)}, Verdict.PROBLEM, "synchronous_commit off"),
        ({"missing_rights": ("make tables in it",)}, Verdict.PROBLEM, "may not make tables in it"),
        ({"replicas": 1}, Verdict.WARNING, "waits for none"),
        ({"schema_version": None}, Verdict.UNKNOWN, "holds no journal yet"),
        ({"schema_version": 1}, Verdict.WARNING, "the tables have version 1, this solvent has 2"),
    ],
)
def test_what_is_wrong_is_told(facts: dict[str, object], verdict: Verdict, text: str) -> None:
    """Each fact that endangers the journal has its own finding."""
    found = next(iter(judged(msgspec.structs.replace(WELL, **facts), SETTINGS)))

    assert (verdict, True) == (found.verdict, text in found.found)


def test_a_server_that_is_well_says_its_version() -> None:
    """And where the journal is in it."""
    (found,) = judged(WELL, SETTINGS)

    assert (Verdict.WELL, "PostgreSQL 15.1 answers, schema solvent") == (found.verdict, found.found)


def test_the_extra_is_asked_for() -> None:
    """Whoever names journal.url needs the packages of `postgres`."""
    assert {"postgres"} == extras_of(SETTINGS)
