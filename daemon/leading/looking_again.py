"""After the store was away the leader looks at the journal's end: a fail-over may have lost what was acknowledged.

Each write and each read on a new connection finds that too; a leader that has nothing to do would lead on until then.
"""

from __future__ import annotations

from daemon.kernel import pause
from daemon.leading.held import RETRY_S, HeldLease
from machines.ports.journal import (
    Journal,
    JournalDamagedError,
    JournalFencedError,
    JournalRefusedError,
    JournalUnknownError,
)


async def look_again(lease: HeldLease, journal: Journal) -> None:
    """Read behind the journal's end each time the lease was answered again; whoever holds the journal ends the daemon.

    Only a new connection need show all that was acknowledged: where the old one still answers, nothing was lost.
    """
    while True:
        await lease.answered_again.wait()
        lease.answered_again.clear()
        try:
            while not await _looked(journal):
                await pause(RETRY_S)
        except (JournalDamagedError, JournalFencedError, JournalUnknownError):
            return


async def _looked(journal: Journal) -> bool:
    """Whether the store answered."""
    try:
        async for _ in journal.read(after=journal.last_sequence, limit=1):
            pass
    except JournalRefusedError:
        return False
    return True
