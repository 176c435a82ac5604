"""Where the journal of a state directory is: in its SQLite file, or where `journal.json` says.

A daemon whose journal is in PostgreSQL writes `journal.json`, so that commands that know only the state directory find
the journal. It holds the *reference* of the address, never the address: that has a password in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from adapters.secret_references import SecretMissingError, read_secret
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import sync_directory
from config.extras import install_hint
from config.secret import Secret
from config.settings.journal import JournalSettings
from config.unreadable import UNREADABLE
from machines.ports.journal import JournalRefusedError

PLACE_NAME: Final = "journal.json"
PLACE_BYTES_MAX: Final = 65_536
ERROR_CHARACTERS_MAX: Final = 300
"""Of what the decoder says, which may quote the file."""
_MOVE: Final = "solvent move-journal"


class NotedPlace(msgspec.Struct, frozen=True):
    """A journal that is not in the state directory."""

    kind: Literal["postgresql"]
    url: str
    """The reference of its address, such as `env:JOURNAL_URL`."""
    schema: str
    journal_id: str


def noted_place(state_dir: Path) -> NotedPlace | None:
    """What `journal.json` says; None where there is none. Raises `JournalRefusedError` for one that cannot be read."""
    path = state_dir / PLACE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(PLACE_BYTES_MAX)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise JournalRefusedError(
            f"{path} says where the journal is, and cannot be read: {error.strerror}; read it as the user that the "
            "daemon runs as"
        ) from error
    try:
        return msgspec.json.decode(data, type=NotedPlace)
    except UNREADABLE as error:
        raise JournalRefusedError(
            f"{path} says where the journal is, and cannot be understood: {str(error)[:ERROR_CHARACTERS_MAX]}; start "
            "the daemon once with the settings journal.url and journal.schema after moving the file aside, and it is "
            "written anew"
        ) from error


def note_place(state_dir: Path, place: NotedPlace) -> None:
    """Write `journal.json` (mode 0600) in one step, on disk before it returns; raises `OSError`."""
    path = state_dir / PLACE_NAME
    fresh = path.with_name(f"{PLACE_NAME}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(place), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            if os.geteuid() == 0:  # what root makes, the daemon's user must be able to use
                owner = state_dir.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_directory(state_dir)


def forget_place(state_dir: Path) -> None:
    """Take `journal.json` away, on disk before it returns: from now on the journal is the file."""
    (state_dir / PLACE_NAME).unlink(missing_ok=True)
    sync_directory(state_dir)


def require_place(state_dir: Path, settings: JournalSettings) -> None:
    """Before a daemon opens its journal: raise `JournalRefusedError` where settings and state directory disagree.

    Nothing else keeps a daemon whose settings changed from beginning an empty journal beside the one it has.
    """
    noted, file = noted_place(state_dir), state_dir / JOURNAL_NAME
    if noted is not None and file.exists():
        raise JournalRefusedError(_both(state_dir))
    if noted is not None and not settings.url:
        raise JournalRefusedError(
            f"the journal of {state_dir} is in PostgreSQL (journal.url {noted.url!r}, journal.schema "
            f"{noted.schema!r}: {state_dir / PLACE_NAME}), and the settings have no journal.url: name it, or bring the "
            f"journal back with `{_MOVE} --to sqlite`. To begin a new, empty journal on purpose, move {PLACE_NAME} "
            "aside"
        )
    if noted is not None and settings.schema != noted.schema:
        raise JournalRefusedError(
            f"the journal of {state_dir} is in the schema {noted.schema!r} ({state_dir / PLACE_NAME}), the settings "
            f"say journal.schema {settings.schema!r}: name the same, or move {PLACE_NAME} aside to use another journal"
        )
    if settings.url and file.exists():
        raise JournalRefusedError(
            f"the settings put the journal into PostgreSQL (journal.url), and {state_dir} still holds {JOURNAL_NAME}: "
            f"take it along with `{_MOVE}`. To begin a new, empty journal on purpose, move {JOURNAL_NAME}, "
            f"{JOURNAL_NAME}-wal and {JOURNAL_NAME}-shm aside together"
        )


def note_opened(state_dir: Path, settings: JournalSettings, journal_id: str) -> None:
    """For the daemon, once after it has opened a PostgreSQL journal and before it acts: remember where that is.

    Call `require_place` before opening. Raises `JournalRefusedError` where this state directory knows another journal,
    for then the schema is not the one that was left, and `OSError`.
    """
    noted = noted_place(state_dir)
    if noted is not None and noted.journal_id != journal_id:
        raise JournalRefusedError(
            f"the schema {settings.schema!r} holds the journal {journal_id}, {state_dir} knows the journal "
            f"{noted.journal_id}: journal.url leads to another database, or that schema was emptied. Name the right "
            f"one, or restore a backup into it; to go on with this other journal on purpose, move {PLACE_NAME} aside"
        )
    here = NotedPlace("postgresql", settings.url, settings.schema, journal_id)
    if noted != here:
        note_place(state_dir, here)


def place_for_reading(state_dir: Path) -> NotedPlace | None:
    """Where to read: None is the file. Raises `JournalRefusedError`."""
    noted = noted_place(state_dir)
    if noted is not None and (state_dir / JOURNAL_NAME).exists():
        raise JournalRefusedError(_both(state_dir))
    return noted


def address_of(noted: NotedPlace, state_dir: Path, environ: Mapping[str, str]) -> Secret:
    """The address that the reference leads to; raises `JournalRefusedError` where it leads nowhere for this user."""
    try:
        return read_secret(noted.url, environ)
    except SecretMissingError as missing:
        raise JournalRefusedError(
            f"the journal of {state_dir} is in PostgreSQL, and its address cannot be read: {missing}. {_how(noted)}"
        ) from missing


def package_missing(missing: ImportError) -> str:
    """What to say where the packages of PostgreSQL are missing; psycopg names none where it finds no libpq."""
    return f"a journal in PostgreSQL needs the package {missing.name or 'psycopg'}: {install_hint('postgres')}"


def _how(noted: NotedPlace) -> str:
    if noted.url.startswith("credential:"):
        return "As root, say CREDENTIALS_DIRECTORY=/etc/solvent, the folder of that file, before the command"
    return "Run the command as the daemon's user with the daemon's environment"


def _both(state_dir: Path) -> str:
    return (
        f"{state_dir} holds {PLACE_NAME} and {JOURNAL_NAME}: a move of the journal was interrupted. Run "
        f"`{_MOVE}` again with the same settings: it finishes what was begun, and nothing is lost"
    )
