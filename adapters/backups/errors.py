"""What can go wrong with backups; every message says what to do."""

from __future__ import annotations


class BackupError(Exception):
    """A backup was not made, not found to be whole, or not taken back. Nothing is half done."""

    def __init__(self, message: str, backup: str = "") -> None:
        super().__init__(message)
        self.backup = backup
        """The name of the backup that is meant; empty where it is none in particular."""


class NoBackupError(BackupError):
    """There is none that fits."""


class BackupsBusyError(BackupError):
    """Another process does the same on this state directory at this moment."""


class NoJournalError(BackupError):
    """The state directory has no journal."""
