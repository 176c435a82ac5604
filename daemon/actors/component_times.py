"""How long a component waits before it looks again, and what a provider's wish changes about that."""

from __future__ import annotations

import msgspec

from machines.ports.faults import RETRY_AFTER_S_MAX


class ComponentTimes(msgspec.Struct, frozen=True):
    """How long a component waits, in seconds of the loop.

    What a provider announces or asks for beyond an hour is looked at after one: it may be a slip of its clock.
    """

    ask_timeout_s: float = 30
    observe_every_s: float = 60
    poll_every_s: float = 2
    """While the provider is still at work."""
    retry_initial_s: float = 1
    retry_max_s: float = 300
    consistency_grace_s: float = 60
    """How long after a confirmed step a contradicting look is put down to the provider's slow view."""

    def at_work_s(self, announced_s: float | None) -> float:
        """While the provider is at work, which may have announced how long that takes."""
        return max(self.poll_every_s, min(announced_s or 0.0, RETRY_AFTER_S_MAX))

    def at_rest_s(self, announced_s: float | None) -> float:
        """The usual time until the next look, or less where the provider announced something, such as a reclaim."""
        usual_s = self.observe_every_s
        return max(self.poll_every_s, min(usual_s, usual_s if announced_s is None else announced_s))

    def after_failed_looks_s(self, looks_failed: int, asked_s: float | None) -> float:
        """Longer each time, but never longer than between two looks with nothing to do, unless the provider asks."""
        backoff_s = min(self.observe_every_s, self.retry_initial_s * 2.0 ** min(looks_failed - 1, 30))
        return max(backoff_s, min(asked_s or 0.0, RETRY_AFTER_S_MAX))

    def after_attempt_s(self, attempt: int, asked_s: float | None) -> float:
        """After a step that was not done: longer with each attempt, and no earlier than the provider asks."""
        backoff_s = min(self.retry_max_s, self.retry_initial_s * 2.0 ** min(attempt - 1, 30))
        return max(backoff_s, min(asked_s or 0.0, RETRY_AFTER_S_MAX))
