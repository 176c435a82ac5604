"""The three words in which every adapter reports that an outside call did not end as *done*."""

from __future__ import annotations


class CallError(Exception):
    """An outside call that was not done. `reason` is a sentence for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Transient(CallError):
    """Refused for now: nothing was changed, and trying again may help, not before `retry_after_s`."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Permanent(CallError):
    """Refused for good: nothing was changed, and trying again cannot help."""


class Ambiguous(CallError):
    """Unknown: it may or may not have been done. Ask the provider for the token; never repeat blindly."""
