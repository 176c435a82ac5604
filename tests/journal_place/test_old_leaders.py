"""A daemon that stood still while its journal was restored, or moved away, writes nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.backups.folder import Folder
from adapters.backups.making import Backing, make_backup
from adapters.backups.restoring import Wish, restore
from adapters.journal_moving.seat import PostgresSeat
from adapters.postgres_journal import PostgresJournal, PostgresPlace
from config.secret import Secret
from config.settings import BackupSettings
from daemon.assembly.folding import require_folds
from machines.events import ActorResumed
from machines.ports.journal import JournalDamagedError, JournalFencedError, JournalRefusedError, Proposal
from machines.state.whole import FOLD_VERSION
from tests.backups.places import NOW, events_of, ticking
from tests.journal.postgres_places import opened, take_over
from tests.journal_place.installations import Installed, with_history
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("journal_moving")
LATE = Proposal(ActorResumed("late"), "late", NOW)


@pytest.fixture
def shop(server: PostgresServer, tmp_path: Path) -> Installed:
    """A journal in PostgreSQL."""
    installed = with_history(server, tmp_path / "state")
    installed.there()
    return installed


def place_of(shop: Installed) -> PostgresPlace:
    """Where it is."""
    return PostgresPlace(Secret(shop.url), shop.schema)


async def is_refused(journal: PostgresJournal) -> type[Exception] | None:
    """What the old leader is told; None where it could write."""
    try:
        await journal.append([LATE])
    except (JournalFencedError, JournalDamagedError, JournalRefusedError) as refused:
        return type(refused)
    return None


@pytest.mark.parametrize("with_lease", [True, False])
async def test_after_a_restore_it_is_fenced(shop: Installed, tmp_path: Path, *, with_lease: bool) -> None:
    """The new life's tables refuse its token, and its own writer's name where there was no lease."""
    folder = Folder(tmp_path / "backups")
    environ = {"TEST_JOURNAL_URL": shop.url}
    make_backup(Backing(shop.state_dir, BackupSettings(), folder, "0.2.0", environ), ticking())
    fencing = take_over(place_of(shop)) if with_lease else None
    async with opened(place_of(shop), fencing=fencing, fold_version=FOLD_VERSION) as old:
        seat = PostgresSeat(shop.state_dir, place_of(shop), "env:TEST_JOURNAL_URL", FOLD_VERSION)
        wish = Wish(shop.state_dir, replace=True, instance="shop")
        restored = restore(wish, folder, None, NOW, require_folds, seat)

        assert JournalFencedError is await is_refused(old)
    events = events_of(shop.exported(tmp_path / "exported.sqlite"))
    assert [] == [each for each in events if each.actor == "late"]
    assert f"{shop.schema}_replaced_" in restored.moved_aside


async def test_after_a_move_it_finds_nothing(shop: Installed) -> None:
    """The schema has another name: no group can be written."""
    async with opened(place_of(shop), fencing=take_over(place_of(shop)), fold_version=FOLD_VERSION) as old:
        shop.back()

        assert await is_refused(old) in {JournalDamagedError, JournalRefusedError, JournalFencedError}
    assert [] == [each for each in events_of(shop.journal) if each.actor == "late"]


async def test_whoever_opened_the_empty_schema_is_fenced_by_a_move(server: PostgresServer, tmp_path: Path) -> None:
    """The journal that comes is not gone on with by a daemon that began another one there."""
    coming = with_history(server, tmp_path / "coming")
    async with opened(place_of(coming), fold_version=FOLD_VERSION) as old:
        coming.there()

        assert JournalFencedError is await is_refused(old)
    assert [] == [each for each in events_of(coming.exported(tmp_path / "exported.sqlite")) if each.actor == "late"]
