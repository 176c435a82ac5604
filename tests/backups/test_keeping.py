"""A place keeps a backup as a whole, never over another one, and leaves alone what is not its own."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import boto3
import msgspec
import pyrage
import pytest
from moto.server import ThreadedMotoServer

from adapters.backups.bucket import Bucket, bucket_of
from adapters.backups.errors import BackupError
from adapters.backups.folder import Folder
from adapters.backups.making import Backing, make_backup
from adapters.backups.manifest import Manifest, name_for
from adapters.backups.places import Place, place_of
from adapters.backups.restoring import Wish, restore
from config.instants import DAY, SECOND
from config.secret import Secret
from config.settings import BackupSettings
from daemon.assembly.folding import require_folds
from tests.backups.places import NOW, events_of, ticking, write_history

JOURNAL = "5a" * 16


def manifest_of(number: int, content: bytes) -> Manifest:
    """The manifest of a made-up backup."""
    made_at = (1_800_000_000 + number) * SECOND
    return Manifest(
        name=name_for(JOURNAL, 1, number, made_at, encrypted=False),
        journal_id=JOURNAL,
        epoch=1,
        last_sequence=number,
        last_hash="00" * 32,
        last_recorded_at=made_at,
        made_at=made_at,
        version="0.2.0",
        schema=2,
        journal_bytes=len(content),
        stored_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def put(place: Place, number: int, scratch: Path, content: bytes = b"a backup") -> Manifest:
    """Keep a made-up backup."""
    manifest = manifest_of(number, content)
    draft = place.draft(manifest.name, scratch)
    draft.write_bytes(content)
    place.keep(draft, manifest)
    return manifest


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """An emulated S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BackupSettings:
    """Settings of an empty bucket of the test's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    bucket = f"b-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    client = boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_url)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return BackupSettings(to=f"s3://{bucket}/solvent", s3_region="eu-central-1", s3_endpoint_url=s3_url)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of place, empty."""
    if request.param == "folder":
        return Folder(tmp_path / "backups")
    return bucket_of(request.getfixturevalue("s3"), {})


def test_an_empty_place_lists_nothing(place: Place) -> None:
    """Before the first backup there is no error, only nothing."""
    assert () == place.listing().manifests


def test_what_is_kept_comes_back(place: Place, tmp_path: Path) -> None:
    """Backups are listed oldest first and fetched byte by byte."""
    second, first = put(place, 2, tmp_path, b"second"), put(place, 1, tmp_path)
    place.fetch(second, tmp_path / "back")

    assert (first, second) == place.listing().manifests
    assert b"second" == (tmp_path / "back").read_bytes()
    assert 0o600 == (tmp_path / "back").stat().st_mode & 0o777


def test_nothing_is_written_over(place: Place, tmp_path: Path) -> None:
    """A backup that is there stays as it is, whoever gives another one its name."""
    first = put(place, 1, tmp_path)
    with pytest.raises(BackupError):
        put(place, 1, tmp_path, b"another")
    place.fetch(first, tmp_path / "back")

    assert b"a backup" == (tmp_path / "back").read_bytes()


def test_removing_is_final_and_harmless_twice(place: Place, tmp_path: Path) -> None:
    """What is removed is neither listed nor fetched."""
    first, second = put(place, 1, tmp_path), put(place, 2, tmp_path)
    place.remove(first)
    place.remove(first)

    assert (second,) == place.listing().manifests
    with pytest.raises(BackupError):
        place.fetch(first, tmp_path / "back")


def test_what_is_not_whole_is_passed_over(tmp_path: Path) -> None:
    """A file without its manifest, a manifest without its file, one that is none: none of them is a backup."""
    folder = Folder(tmp_path / "backups")
    whole = put(folder, 1, tmp_path)
    alone, named, broken = (put(folder, number, tmp_path) for number in (2, 3, 4))
    (tmp_path / "backups" / alone.manifest_name).unlink()
    (tmp_path / "backups" / named.name).unlink()
    (tmp_path / "backups" / broken.manifest_name).write_text("{")
    (tmp_path / "backups" / "notes.txt").write_text("somebody's")

    assert (whole,) == folder.listing().manifests


def test_a_lost_answer_is_not_taken_for_anothers_backup(s3: BackupSettings, tmp_path: Path) -> None:
    """The same bytes under the same name are our own first attempt, whose answer was lost."""
    place = bucket_of(s3, {})

    assert put(place, 1, tmp_path) == put(place, 1, tmp_path)


def test_the_checksum_goes_with_the_bytes(s3: BackupSettings, s3_url: str, tmp_path: Path) -> None:
    """S3 is told the SHA-256 with the request and refuses what arrives otherwise; it keeps it beside the object."""
    manifest = put(bucket_of(s3, {}), 1, tmp_path)
    bucket, _, prefix = s3.to.removeprefix("s3://").partition("/")
    client = boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_url)
    kept = client.head_object(Bucket=bucket, Key=f"{prefix}/{manifest.name}", ChecksumMode="ENABLED")

    assert base64.b64encode(bytes.fromhex(manifest.sha256)).decode() == kept["ChecksumSHA256"]


def test_a_bucket_that_is_not_there_is_said_so(s3: BackupSettings) -> None:
    """The message names the bucket and what AWS answered."""
    place = bucket_of(msgspec.structs.replace(s3, to="s3://nobodys-bucket/x"), {})
    with pytest.raises(BackupError, match="s3://nobodys-bucket/x: listing"):
        place.listing()


def test_more_than_s3_takes_at_once_is_refused(s3: BackupSettings, tmp_path: Path) -> None:
    """Before anything is sent, with what to do."""
    place = bucket_of(s3, {})
    manifest = msgspec.structs.replace(manifest_of(1, b""), stored_bytes=6 * 1024**3)
    with pytest.raises(BackupError, match="keep backups in a folder"):
        place.keep(tmp_path / "never-opened", manifest)


def test_no_place_is_said_so() -> None:
    """Settings without a place name what to set."""
    with pytest.raises(BackupError, match=r"under \[backup\]"):
        place_of(BackupSettings(), {})


def test_the_settings_name_the_place(s3: BackupSettings, tmp_path: Path) -> None:
    """A folder or a bucket, by its name."""
    assert isinstance(place_of(BackupSettings(to=str(tmp_path)), {}), Folder)
    assert isinstance(place_of(s3, {}), Bucket)
    assert s3.to == place_of(s3, {}).name


def test_an_encrypted_journal_goes_to_s3_and_back(s3: BackupSettings, tmp_path: Path) -> None:
    """Made, kept, let go and restored through a bucket, with the secret key on the way back only."""
    key = pyrage.x25519.Identity.generate()
    settings = msgspec.structs.replace(
        s3,
        recipients=(str(key.to_public()),),
        keep_newest=1,
        keep_hourly=1,
        keep_daily=0,
        keep_weekly=0,
        keep_monthly=0,
    )
    journal = write_history(tmp_path / "state")
    backing = Backing(tmp_path / "state", settings, bucket_of(settings, {}), "0.2.0")
    first = make_backup(backing, ticking())
    second = make_backup(backing, ticking(NOW + DAY))
    restore(Wish(tmp_path / "empty"), backing.place, Secret(str(key)), NOW + 2 * DAY, require_folds)

    assert (second.manifest,) == backing.place.listing().manifests
    assert (first.manifest.name,) == second.removed
    assert events_of(journal) == events_of(tmp_path / "empty" / "journal.sqlite")[:-2]
