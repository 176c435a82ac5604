"""Whether the daemon is well: every reason why it is not, in words. No reason means yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daemon.kernel import Kernel
from daemon.kernel.actor import ActorState
from daemon.recorder import Recorder

Check = Callable[[], Sequence[str]]


class Health:
    """The kernel's root tasks and the journal. An unreachable Redis makes nobody unwell."""

    def __init__(self, kernel: Kernel, recorder: Recorder, *, beat_max_s: float = 90) -> None:
        """`beat_max_s` is longer than any root waits by itself."""
        self._kernel = kernel
        self._recorder = recorder
        self._beat_max_s = beat_max_s

    def problems(self) -> Sequence[str]:
        """Why the daemon is not well."""
        roots, limit_s = self._kernel.roots, self._beat_max_s
        found = [f"root task {root.name} said nothing for {limit_s:g} s" for root in roots.silent(limit_s)]
        found += [
            f"root task {root.name} is parked: {root.reason}" for root in roots if root.state is ActorState.PARKED
        ]
        if self._recorder.refusing is not None:
            found.append(f"the journal takes nothing: {self._recorder.refusing}")
        if self._kernel.is_stopping:
            found.append("the daemon is stopping")
        return found
