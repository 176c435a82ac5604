"""What the daemon itself knows of backups: the file that `solvent backup` and the drill write beside its journal."""

from __future__ import annotations

from pathlib import Path

from adapters.backups.outcomes import read_status
from daemon.telemetry.backup_samples import BackupsKnown


def backups_known(state_dir: str) -> BackupsKnown:
    """How the last ones went, read now: they are made by other processes."""
    status = read_status(Path(state_dir))
    success, drill = status.success, status.drill
    return BackupsKnown(
        made_at=success.made_at if success else None,
        stored_bytes=success.stored_bytes if success else 0,
        failing=status.failure is not None,
        reason=status.failure.reason if status.failure else "",
        drill_at=drill.at if drill else None,
        drill_ok=drill.ok if drill else False,
        drill_took_s=drill.took_s if drill else 0,
        drill_reason=drill.reason if drill else "",
    )
