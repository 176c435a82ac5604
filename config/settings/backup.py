"""Backups of the journal, and the drill that proves them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import FilePath, SecretReference

_Recipient = Annotated[
    str,
    Meta(
        pattern=r"^age1[0-9a-z]{40,120}\Z",
        description="public keys of age: age1 and 40 to 120 of a-z and 0-9, as age-keygen prints them",
    ),
]


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where backups go, who can read them and how long they are kept."""

    to: Annotated[
        str,
        Meta(
            pattern=r"^(/.{1,4000}|s3://[a-z0-9.-]{3,63}(/[^\s]{0,512})?|)\Z",
            description="a folder such as /srv/backups, or s3://BUCKET/PREFIX",
        ),
    ] = ""
    """Empty: none are made, and `solvent doctor` says so."""
    s3_region: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}\Z", description="a region such as eu-central-1")] = ""
    """Of the bucket; empty for the one that boto3 finds."""
    s3_endpoint_url: Annotated[str, Meta(max_length=2_048)] = ""
    """Of a server that speaks S3 and is not AWS; empty for AWS."""
    recipients: Annotated[tuple[_Recipient, ...], Meta(max_length=16)] = ()
    """The age public keys that can read the backups; with none they are not encrypted, which is refused for s3."""
    identity: SecretReference = ""
    """The age secret key, for `restore`, `verify` of a backup and the drill. Keep a copy off this machine."""
    keep_newest: Annotated[int, Meta(ge=1, le=1_000)] = 5
    """These are never let go, whatever the hour: those that were made by hand before something that goes wrong."""
    keep_hourly: Annotated[int, Meta(ge=0, le=1_000)] = 24
    """Of so many hours the newest backup is kept."""
    keep_daily: Annotated[int, Meta(ge=0, le=1_000)] = 14
    """Of so many days the newest backup is kept."""
    keep_weekly: Annotated[int, Meta(ge=0, le=1_000)] = 8
    """Of so many weeks the newest backup is kept."""
    keep_monthly: Annotated[int, Meta(ge=0, le=1_000)] = 24
    """The newest of each hour, day, week and month is kept, of each life between two restores by itself."""
    stale_after_s: Annotated[int, Meta(ge=60, le=31_622_400)] = 93_600
    """After so long without a backup it is an alarm: 26 hours, a day and its delays."""
    drill_limit_s: Annotated[int, Meta(ge=1, le=86_400)] = 3_600
    """The drill fails where restoring takes longer: recovery under an hour is what the documents promise."""
    scratch_dir: FilePath = ""
    """Where a backup is made before it goes out; empty for the state directory."""
