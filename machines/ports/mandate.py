"""The mandate of one call: under which lead it changes something, asked again right before each change."""

from __future__ import annotations

from collections.abc import Callable

from machines.ports.faults import Ambiguous, Permanent, Transient


class Mandate:
    """A call is a look and several changes, and the lead may end between any two of them.

    An adapter asks `require` right before each single request that changes something: a process that was held still
    after its look must not act beside the daemon that took over. One mandate is good for one call.
    """

    def __init__(self, fencing: int = 0, leads: Callable[[], bool] = lambda: True) -> None:
        """`fencing` is the token of the lease, 0 where none is needed; `leads` may be asked from any thread."""
        self.fencing = fencing
        self._leads = leads
        self._changed = False

    @property
    def changed(self) -> bool:
        """Whether a change was begun under it: what stands is then to be looked at."""
        return self._changed

    def require(self, what: str) -> None:
        """Let one change begin; `what` names it for messages.

        Raises, where the lead may be another's, `Transient` if nothing was changed yet, else `Ambiguous`.
        """
        if self._leads():
            self._changed = True
            return
        reason = f"the lease was not renewed, another daemon may lead already: {what} was not begun"
        if self._changed:
            raise Ambiguous(f"{reason}, earlier parts of the step were")
        raise Transient(reason)

    def superseded(self, name: str, highest: int) -> Permanent | Ambiguous:
        """What to raise where the provider has seen a higher fencing token on `name`."""
        reason = f"{name}: a daemon with the fencing token {highest} leads, {self.fencing} is of the past"
        return Ambiguous(f"{reason}; a part of the step was done before") if self._changed else Permanent(reason)
