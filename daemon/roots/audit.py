"""The self-audit: at boot and once a day the journal is folded anew and held against what must always be true."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from daemon.audit import audit
from daemon.kernel import Root, pause
from daemon.recorder import Recorder
from machines.events import FreezeChanged
from machines.invariants import Finding
from machines.ports.journal import JournalRefusedError

AUDIT = "audit"
"""The freeze of a daemon whose journal shows what must never be; an operator lifts it with `resume`."""
AGAIN_S: Final = 60.0
"""How long a journal that could not be read, or took no finding, is left alone."""
FINDINGS_SAID_MAX = 20
"""One finding leads to the next; the first ones tell the story."""


class Audit:
    """One audit after the other. What it finds freezes decisions and is said in the log."""

    def __init__(self, *, recorder: Recorder, every_s: float, beat_s: float = 30) -> None:
        self._recorder = recorder
        self._every_s = every_s
        self._beat_s = beat_s
        self._log = structlog.get_logger(AUDIT)

    async def run(self, root: Root) -> None:
        """Audit now, and then every `every_s`; sooner after one that the journal did not let end."""
        while True:
            wait_s = self._every_s
            try:
                await self._round(root)
            except JournalRefusedError as refused:
                wait_s = min(AGAIN_S, self._every_s)
                self._log.warning("audit_skipped", reason=str(refused), again_in_s=wait_s)
            next_s = asyncio.get_running_loop().time() + wait_s
            while (left_s := next_s - asyncio.get_running_loop().time()) > 0:
                root.beat()
                await pause(min(self._beat_s, left_s))

    async def _round(self, root: Root) -> None:
        """One audit. Raises `JournalRefusedError`."""
        if await self._is_whole():
            await self._alarm(await audit(self._recorder.journal, self._recorder.state, each_slice=root.beat))
        else:
            self._log.info("audit_skipped", reason="the journal was compacted: its beginning is gone")

    async def _is_whole(self) -> bool:
        """Whether the journal still has its beginning: without it nothing can be folded anew."""
        async for first in self._recorder.journal.read(limit=1):
            return first.sequence == 1
        return False

    async def _alarm(self, findings: list[Finding]) -> None:
        for finding in findings[:FINDINGS_SAID_MAX]:
            self._log.error("audit_finding", invariant=finding.invariant, text=finding.text, at=finding.sequence)
        if findings and AUDIT not in self._recorder.state.freezes:
            reason = f"the audit found {findings[0]}; look at the journal before you resume"
            await self._recorder.record(AUDIT, [FreezeChanged(AUDIT, frozen=True, reason=reason)])
