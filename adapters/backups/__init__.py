"""Backups of the journal: made beside the daemon, packed, encrypted, kept in a folder or in S3, and taken back."""

from adapters.backups.errors import BackupError, BackupsBusyError, NoBackupError
from adapters.backups.manifest import Manifest
from adapters.backups.outcomes import BackupsStatus, DrillOutcome, Failure, Success, read_status

__all__ = [
    "BackupError",
    "BackupsBusyError",
    "BackupsStatus",
    "DrillOutcome",
    "Failure",
    "Manifest",
    "NoBackupError",
    "Success",
    "read_status",
]
