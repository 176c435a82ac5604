"""Backups for the command line: made, listed, taken back, verified, and tried out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.copying import copy_journal, is_elsewhere, schema_faults
from adapters.backups.errors import BackupError, BackupsBusyError, NoBackupError, NoJournalError
from adapters.backups.fetching import choose, fetch
from adapters.backups.files import alone
from adapters.backups.keys import make_key
from adapters.backups.making import Backing, Made, make_backup
from adapters.backups.manifest import Listing, Manifest
from adapters.backups.outcomes import BackupsStatus, DrillOutcome, note, read_status
from adapters.backups.places import Place, place_of
from adapters.backups.restoring import Restored, Wish, journal_id_of, restore
from adapters.backups.room import room_told
from adapters.backups.seats import Seat
from adapters.journal_place import place_for_reading
from adapters.secret_references import SecretMissingError, read_secret
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.examining import examine
from adapters.state_directory import HeldError
from config.instants import SECOND
from config.secret import Secret
from config.settings import Settings
from daemon.assembly.folding import require_folds
from daemon.assembly.journals import packages_told
from daemon.backing_up.verifying import Unlike, Verification, verify_journal
from daemon.backing_up.witnesses import Witness
from machines.ports.clock import Clock
from machines.ports.examination import Examination, Fault, Hear
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.state.whole import FOLD_VERSION

__all__ = [
    "BackupError",
    "BackupsBusyError",
    "BackupsStatus",
    "DrillOutcome",
    "Environment",
    "HeldError",
    "Listing",
    "Made",
    "Manifest",
    "NoBackupError",
    "NoJournalError",
    "Restored",
    "Wish",
    "back_up",
    "backups_status",
    "drill",
    "list_backups",
    "list_place",
    "make_key",
    "take_back",
    "verify_backup",
    "verify_state_dir",
]
DRILL: Final = "drill"


class Environment(msgspec.Struct, frozen=True):
    """What commands about backups need of the process."""

    settings: Settings
    environ: dict[str, str]
    clock: Clock

    @property
    def place(self) -> Place:
        """Where backups are kept; raises `BackupError`."""
        return place_of(self.settings.backup, self.environ)

    @property
    def identity(self) -> Secret | None:
        """The key that reads backups; None where the settings name none. Raises `BackupError`."""
        if not self.settings.backup.identity:
            return None
        try:
            return read_secret(self.settings.backup.identity, self.environ)
        except SecretMissingError as missing:
            raise BackupError(f"backup.identity: {missing}") from missing


def back_up(around: Environment) -> Made:
    """Make and keep a backup; raises `BackupError`."""
    settings = around.settings
    state_dir = Path(settings.state_dir)
    backing = Backing(state_dir, settings.backup, around.place, version("solvent"), around.environ)
    return make_backup(backing, around.clock.wall)


def list_backups(around: Environment) -> Sequence[Manifest]:
    """The backups that are there, oldest first; raises `BackupError`."""
    return around.place.listing().manifests


def list_place(around: Environment) -> Listing:
    """The same, and what was passed over; raises `BackupError`."""
    return around.place.listing()


def take_back(around: Environment, wish: Wish, *, into_file: bool = False) -> Restored:
    """Put a backup in place; raises `BackupError`, `HeldError` and `OSError`, and then nothing was changed.

    It goes where the journal of the state directory is, or where the settings want it; `into_file` for its file.
    """
    seat = None if into_file else _seat(around, wish.state_dir)
    return restore(wish, around.place, around.identity, around.clock.wall(), require_folds, seat)


def _seat(around: Environment, state_dir: Path) -> Seat | None:
    """The schema of PostgreSQL that the backup goes to; None for the file."""
    journal = around.settings.journal
    try:
        noted = place_for_reading(state_dir)
        reference = noted.url if noted is not None else journal.url
        if not reference:
            return None
        with packages_told():
            from adapters.journal_moving.seat import PostgresSeat  # noqa: PLC0415 - an extra
            from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - an extra
        url = read_secret(reference, around.environ)
    except (JournalRefusedError, SecretMissingError) as refused:
        raise BackupError(f"the journal is in PostgreSQL: {refused}") from refused
    schema = noted.schema if noted is not None else journal.schema
    place = PostgresPlace(url, schema, journal.connect_timeout_s, journal.statement_timeout_s)
    return PostgresSeat(state_dir, place, reference, FOLD_VERSION)


def backups_status(state_dir: str) -> BackupsStatus:
    """How the last backup and the last drill went."""
    return read_status(Path(state_dir))


def verify_state_dir(
    state_dir: str, witnesses: Sequence[Manifest] = (), around: Environment | None = None
) -> Verification:
    """Verify the journal of a state directory, beside its daemon or without one.

    A journal in PostgreSQL is copied into a scratch folder first, as `around` says, and the copy is examined. Raises
    `NoJournalError`, and `BackupError` for what is no journal at all.
    """
    folder = Path(state_dir)
    if around is None or not is_elsewhere(folder):
        return _verified(folder / JOURNAL_NAME, witnesses)
    with _private_scratch(around, "verify") as scratch:
        copy = scratch / JOURNAL_NAME
        with room_told("the journal was not verified", scratch.parent, 0, "Name a backup.scratch_dir with room"):
            faults = schema_faults(folder, around.environ)
            try:
                copy_journal(folder, around.environ, copy)
            except BackupError as refused:
                if faults:
                    raise BackupError(f"{refused}. The tables are not as solvent made them: {faults[0]}") from refused
                raise
        return _verified(copy, witnesses, faults)


def verify_backup(around: Environment, name: str) -> tuple[Manifest, Verification]:
    """Unpack a backup (`newest` is the newest) into a scratch folder and verify it; raises `BackupError`."""
    state_dir = Path(around.settings.state_dir)
    with _private_scratch(around, "verify") as scratch:
        wanted = "" if name == "newest" else name
        chosen = choose(around.place, name=wanted, journal_id="" if wanted else journal_id_of(state_dir))
        manifest = chosen.manifest
        return manifest, _verified(fetch(around.place, manifest, scratch, around.identity))


def drill(around: Environment) -> DrillOutcome:
    """Restore the newest backup into a scratch folder, verify it, time it, note it in `backups.json`.

    Raises `BackupsBusyError`; everything else that goes wrong is the outcome.
    """
    state_dir, limit_s = Path(around.settings.state_dir), around.settings.backup.drill_limit_s
    began = around.clock.wall()
    name, reason = "", ""
    with _private_scratch(around, DRILL) as scratch:
        try:
            wish = Wish(scratch / "state", journal_id=journal_id_of(state_dir), instance=DRILL)
            restored = take_back(around, wish, into_file=True)
            name = restored.manifest.name
            verified = _verified(scratch / "state" / JOURNAL_NAME)
            reason = "" if verified.whole else verified.findings[0]
        except BackupError as failed:
            name, reason = failed.backup or name, str(failed)
        except HeldError as failed:
            reason = str(failed)
        except OSError as failed:
            reason = f"{failed.filename or scratch}: {failed.strerror}"
        took_s = (around.clock.wall() - began) / SECOND
        if not reason and took_s > limit_s:
            reason = f"it took {took_s:.0f} s, backup.drill_limit_s allows {limit_s}"
        outcome = DrillOutcome(began, not reason, name, took_s, limit_s, reason)
        with suppress(OSError, BackupError):  # the caller has the outcome, whether or not it can be written down
            note(state_dir, outcome)
    return outcome


@contextmanager
def _private_scratch(around: Environment, purpose: str) -> Iterator[Path]:
    state_dir, scratch_dir = Path(around.settings.state_dir), around.settings.backup.scratch_dir
    if not state_dir.is_dir():
        raise NoJournalError(f"there is no state directory {state_dir}: name the --state-dir of `solvent run`")
    with alone(state_dir, purpose, Path(scratch_dir) if scratch_dir else None) as scratch:
        yield scratch


def _verified(journal: Path, manifests: Sequence[Manifest] = (), faults: Sequence[Fault] = ()) -> Verification:
    """`faults` are those of the place that the journal was copied from."""

    def examined(hear: Hear, unlike: Unlike) -> Examination:
        found = examine(journal, hear, unlike)
        return msgspec.structs.replace(found, faults=(*faults, *found.faults))

    witnesses = [
        Witness(each.name, each.journal_id, each.epoch, each.last_sequence, each.last_hash) for each in manifests
    ]
    try:
        return verify_journal(examined, witnesses)
    except FileNotFoundError as missing:
        raise NoJournalError(f"{missing}: name the --state-dir of `solvent run`") from missing
    except (JournalDamagedError, JournalRefusedError) as error:
        raise BackupError(str(error)) from error
