"""The self-audit: at boot and once a day the journal is folded anew and held against what must always be true."""

from __future__ import annotations

import asyncio

import structlog

from daemon.kernel import Root, pause
from daemon.recorder import Recorder
from machines.events import FreezeChanged
from machines.invariants import Auditor, Finding

AUDIT = "audit"
"""The freeze of a daemon whose journal shows what must never be; an operator lifts it with `resume`."""
EVENTS_A_SLICE = 500
"""After so many events the loop serves others."""
FINDINGS_MAX = 20
"""One finding leads to the next; the first ones tell the story."""


class Audit:
    """One audit after the other. What it finds freezes decisions and is said in the log."""

    def __init__(self, *, recorder: Recorder, every_s: float, beat_s: float = 30) -> None:
        self._recorder = recorder
        self._every_s = every_s
        self._beat_s = beat_s
        self._log = structlog.get_logger(AUDIT)

    async def run(self, root: Root) -> None:
        """Audit now, and then every `every_s`."""
        while True:
            findings = await self.findings(root)
            if findings:
                await self._alarm(findings)
            next_s = asyncio.get_running_loop().time() + self._every_s
            while (left_s := next_s - asyncio.get_running_loop().time()) > 0:
                root.beat()
                await pause(min(self._beat_s, left_s))

    async def findings(self, root: Root | None = None) -> list[Finding]:
        """Everything that one pass over the journal finds, and how the fold compares with the daemon's state."""
        auditor, found = Auditor(), []
        async for recorded in self._recorder.journal.read():
            if auditor.state.sequence == 0 and recorded.sequence > 1:
                self._log.info("audit_skipped", reason="the journal was compacted: its beginning is gone")
                return []
            found.extend(auditor.feed(recorded))
            if len(found) > FINDINGS_MAX:
                return found[:FINDINGS_MAX]
            if recorded.sequence % EVENTS_A_SLICE == 0:
                if root is not None:
                    root.beat()
                await pause(0)
        if auditor.state.sequence == self._recorder.state.sequence:
            found.extend(auditor.compare(self._recorder.state))
        return found

    async def _alarm(self, findings: list[Finding]) -> None:
        for finding in findings:
            self._log.error("audit_finding", invariant=finding.invariant, text=finding.text, at=finding.sequence)
        if AUDIT not in self._recorder.state.freezes:
            reason = f"the audit found {findings[0]}; look at the journal before you resume"
            await self._recorder.record(AUDIT, [FreezeChanged(AUDIT, frozen=True, reason=reason)])
