"""Backups in an S3 bucket, or at a server that speaks S3: one object and its manifest, never written over."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from adapters.backups.errors import BackupError
from adapters.backups.manifest import (
    MANIFEST_BYTES_MAX,
    SUFFIX,
    Listing,
    Manifest,
    is_backup_name,
    listing_of,
    manifest_from,
)
from config.extras import install_hint
from config.settings import BackupSettings
from machines.ports.faults import CallError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

OBJECT_BYTES_MAX: Final = 5 * 1024**3
"""What S3 takes in one request; the copy of a journal that packs to more needs retention first."""
ATTEMPTS_MAX: Final = 5
CONNECT_S: Final = 10
READ_S: Final = 60
_THERE: Final = frozenset({"PreconditionFailed", "412"})
_Result = TypeVar("_Result")


def bucket_of(settings: BackupSettings, environ: Mapping[str, str]) -> Bucket:
    """The bucket of the settings, with the credentials that boto3 finds; raises `BackupError`."""
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.config import Config  # noqa: PLC0415 - as above
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - as above
    except ModuleNotFoundError as missing:
        raise BackupError(f"backups in S3 need the package {missing.name}: {install_hint('aws')}") from None
    del environ  # boto3 reads the process's own
    bucket, _, prefix = settings.to.removeprefix("s3://").partition("/")
    own = settings.s3_endpoint_url or None
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
        s3={"addressing_style": "path" if own else "auto"},
    )
    try:
        client = boto3.client("s3", region_name=settings.s3_region or None, endpoint_url=own, config=config)
    except (BotoCoreError, ValueError) as error:
        raise BackupError(f"{settings.to} cannot be reached: {error}") from error
    return Bucket(client, bucket, prefix.strip("/"), own or "")


class Bucket:
    """One prefix of one bucket."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, own_endpoint: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._own_endpoint = own_endpoint

    @property
    def name(self) -> str:
        """Its URL."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def listing(self) -> Listing:
        """The backups that are there as a whole, oldest first, and what was passed over."""
        names = self._call("listing", self._names)
        wanted = [name for name in names if name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in names]
        wanted = sorted(name for name in wanted if is_backup_name(name.removesuffix(SUFFIX)))
        return listing_of([self._manifest(name) for name in wanted], wanted)

    def draft(self, name: str, scratch: Path) -> Path:
        """A file in the scratch folder."""
        return scratch / name

    def keep(self, draft: Path, manifest: Manifest) -> None:
        """Send the draft with its checksum, then the manifest: without it the object counts as nothing."""
        if manifest.stored_bytes > OBJECT_BYTES_MAX:
            raise BackupError(
                f"the backup has {manifest.stored_bytes} bytes, S3 takes {OBJECT_BYTES_MAX} at once: "
                "keep backups in a folder, or set journal.retention_days"
            )
        with draft.open("rb") as body:
            self._put(manifest.name, body, bytes.fromhex(manifest.sha256))
        text = manifest.text()
        self._put(manifest.manifest_name, text, sha256(text).digest())

    def fetch(self, manifest: Manifest, target: Path) -> None:
        """Receive the object."""
        target.touch(mode=0o600, exist_ok=False)

        def receive() -> None:
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + manifest.name)["Body"]
            with target.open("wb") as out:
                for chunk in body.iter_chunks(1 << 20):
                    out.write(chunk)

        self._call(f"receiving {manifest.name}", receive)

    def remove(self, manifest: Manifest) -> None:
        """The object first: a manifest alone is passed over."""
        for name in (manifest.name, manifest.manifest_name):
            self._call(f"removing {name}", partial(self._delete, self._prefix + name))

    def _delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def _names(self) -> set[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        keys = (each["Key"].removeprefix(self._prefix) for page in pages for each in page.get("Contents", ()))
        return {key for key in keys if "/" not in key}

    def _manifest(self, name: str) -> Manifest | None:
        def read() -> bytes:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            return answer["Body"].read(MANIFEST_BYTES_MAX)

        return manifest_from(name, self._call(f"reading {name}", read))

    def _put(self, name: str, body: Any, digest: bytes) -> None:
        """Write a new object. That it is there already may be the lost answer of our own first attempt: look."""
        key = self._prefix + name
        checksum = base64.b64encode(digest).decode()

        def put() -> None:
            from botocore.exceptions import ClientError  # noqa: PLC0415 - an extra, imported where it is used

            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _THERE or not self._is_ours(key, checksum):
                    raise

        self._call(f"sending {name}", put)

    def _is_ours(self, key: str, checksum: str) -> bool:
        there = self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        return there.get("ChecksumSHA256") == checksum

    def _call(self, what: str, run: Callable[[], _Result]) -> _Result:
        """Run calls of boto3; its errors in a sentence that says what to do."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra, imported where it is used

        from adapters.provisioners.aws.errors import translate  # noqa: PLC0415 - imports botocore

        try:
            return run()
        except (BotoCoreError, ClientError) as error:
            try:
                translate(error, f"{self.name}: {what}", changes=False, own_endpoint=self._own_endpoint)
            except CallError as understood:
                raise BackupError(understood.reason) from error
