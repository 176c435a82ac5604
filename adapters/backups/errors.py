"""What can go wrong with backups; every message says what to do."""

from __future__ import annotations


class BackupError(Exception):
    """A backup was not made, not found to be whole, or not taken back. Nothing is half done."""


class NoBackupError(BackupError):
    """There is none that fits."""


class BackupsBusyError(BackupError):
    """Another process does the same on this state directory at this moment."""


class NoJournalError(BackupError):
    """The state directory has no journal."""
