"""The small files that lie in a state directory and beside backups: what they say is believed, or nothing is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.manifest import Manifest, manifest_from, name_for
from adapters.backups.outcomes import STATUS_NAME, BackupsStatus, DrillOutcome, Failure, Success, read_status
from adapters.journal_place import PLACE_NAME, NotedPlace, noted_place
from adapters.redis_server.server_directory import Address, ServerDirectory
from adapters.state_directory import (
    LOCK_NAME,
    RUN_FACTS_NAME,
    Holder,
    RunFacts,
    StateDirectory,
    current_holder,
    read_run_facts,
)
from machines.ports.journal import JournalRefusedError
from tests.backups.places import NOW
from tests.fuzzing.target import Answer, Target, require_told

_NAME: Final = name_for("ab12", 1, 42, NOW, encrypted=False)
_HASH: Final = "0" * 64
_MANIFEST: Final = Manifest(_NAME, "ab12", 1, 42, _HASH, NOW, NOW, "0.2.0", 5, 4096, 900, _HASH)
_STATUS: Final = BackupsStatus(
    1, Success(_NAME, NOW, 0.5, 900, 42), Failure(NOW, "the disk is full"), DrillOutcome(NOW, True, _NAME, 1.5, 300)
)
_FACTS: Final = RunFacts(1234, "solvent", "http://127.0.0.1:8417", "redis://127.0.0.1:6379/0", ("ann", "bob"))


def manifest(data: bytes) -> Answer:
    """A manifest beside a backup: one that is taken says what can be, and survives being written again."""
    found = manifest_from(_MANIFEST.manifest_name, data)
    if found is None:
        return Answer("none")
    assert found == manifest_from(_MANIFEST.manifest_name, found.text())
    found.is_dated_ahead(NOW)
    return Answer("taken")


def status(data: bytes) -> Answer:
    """`backups.json`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / STATUS_NAME).write_bytes(data)
        return Answer("none" if read_status(Path(folder)) == BackupsStatus() else "taken")


def _held(folder: str) -> StateDirectory:
    return StateDirectory.hold(Path(folder), instance="solvent", since=NOW)


def run_facts(data: bytes) -> Answer:
    """`run.json` of a directory that a daemon holds."""
    with tempfile.TemporaryDirectory() as folder, _held(folder) as held:
        (held.path / RUN_FACTS_NAME).write_bytes(data)
        return Answer("none" if read_run_facts(held.path) is None else "taken")


def holder(data: bytes) -> Answer:
    """The lock file's text, read by whoever finds the directory held."""
    with tempfile.TemporaryDirectory() as folder, _held(folder) as held:
        (held.path / RUN_FACTS_NAME).write_bytes(msgspec.json.encode(_FACTS))
        (held.path / LOCK_NAME).write_bytes(data)
        current_holder(held.path)
    return Answer("read")


def journal_place(data: bytes) -> Answer:
    """`journal.json`, which says where the journal is."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PLACE_NAME).write_bytes(data)
        try:
            return Answer("none" if noted_place(Path(folder)) is None else "taken")
        except JournalRefusedError as error:
            require_told(str(error).replace(folder, ""))
            return Answer("refused")


def server_address(data: bytes) -> Answer:
    """Where the embedded Redis listened."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "server.json").write_bytes(data)
        return Answer("none" if ServerDirectory(Path(folder)).address() is None else "taken")


def _target(name: str, document: msgspec.Struct, check: Callable[[bytes], Answer], share: int = 4) -> Target:
    return Target(name, (msgspec.json.encode(document),), check, share=share, examples=25)


MANIFESTS: Final = _target("manifests", _MANIFEST, manifest, share=10)
STATUSES: Final = _target("backups_json", _STATUS, status)
RUN_FACTS: Final = _target("run_json", _FACTS, run_facts)
HOLDERS: Final = _target("lock_holders", Holder(1, "host", "solvent", "2026-01-01T00:00:00Z"), holder)
PLACES: Final = _target("journal_json", NotedPlace("postgresql", "env:X", "solvent", "ab12"), journal_place)
SERVERS: Final = _target("redis_server_json", Address("redis-server", 6379), server_address)
