"""The table of legal moves of a component, and the steps that lead from a state towards a target.

One synchronous `transitions.Machine` serves every component; models are not registered with it. It answers what a
trigger leads to. Folding the journal assigns recorded states without it; `legal` audits them.
"""

from __future__ import annotations

from typing import Final

from transitions import Machine, MachineError

from machines.lifecycle_states import ComponentState, Step

_COLD, _WARMING, _WARM = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM
_ACTIVATING, _HOT, _DEACTIVATING = ComponentState.ACTIVATING, ComponentState.HOT, ComponentState.DEACTIVATING

_MOVES: Final = (
    # trigger, from, to
    ("warm", _COLD, _WARMING),
    ("warm_done", _WARMING, _WARM),
    ("activate", _WARM, _ACTIVATING),
    ("activate_done", _ACTIVATING, _HOT),
    ("deactivate", _HOT, _DEACTIVATING),
    ("deactivate_done", _DEACTIVATING, _WARM),
    ("decommission", _WARM, _WARM),  # the intent is a field beside the state
    ("decommission_done", _WARM, _COLD),
    # a raise that fails past its deadline is compensated downwards
    ("give_up", _WARMING, _COLD),
    ("give_up_standing", _WARMING, _WARM),
    ("give_up", _ACTIVATING, _WARM),
    ("deactivate", _ACTIVATING, _DEACTIVATING),
    # reality wins: what is found replaces what was recorded
    *((f"found_{found.value}", state, found) for state in ComponentState for found in (_COLD, _WARM, _HOT)),
)


class IllegalMoveError(Exception):
    """A trigger that the component's state does not allow."""


class _Model:
    """The smallest thing that `transitions` can move."""

    __slots__ = ("state",)

    def __init__(self, state: ComponentState) -> None:
        self.state = state


_MACHINE: Final = Machine(
    model=None,
    states=ComponentState,
    initial=_COLD,
    auto_transitions=False,
    send_event=True,
    transitions=[{"trigger": trigger, "source": source, "dest": to} for trigger, source, to in _MOVES],
)
_LEGAL: Final = frozenset((source, to) for _, source, to in _MOVES)


def moved(state: ComponentState, trigger: str) -> ComponentState:
    """The state that `trigger` leads to; raises `IllegalMoveError` where the table has no such move."""
    model = _Model(state)
    try:
        _MACHINE.events[trigger].trigger(model)
    except (MachineError, KeyError):
        raise IllegalMoveError(f"a component that is {state.value} cannot {trigger!r}") from None
    return model.state


def legal(from_state: ComponentState, to_state: ComponentState) -> bool:
    """Whether some trigger leads from the one state to the other."""
    return (from_state, to_state) in _LEGAL


def state_while(step: Step, state: ComponentState) -> ComponentState:
    """The state while `step` runs, taken from `state`; raises `IllegalMoveError`."""
    return moved(state, step.value)


def state_after(step: Step, running: ComponentState) -> ComponentState:
    """The state once `step` is confirmed; raises `IllegalMoveError`."""
    return moved(running, f"{step.value}_done")


_TOWARDS: Final = {
    (_COLD, _WARM): Step.WARM,
    (_COLD, _HOT): Step.WARM,
    (_WARM, _HOT): Step.ACTIVATE,
    (_HOT, _WARM): Step.DEACTIVATE,
    (_HOT, _COLD): Step.DEACTIVATE,
    (_WARM, _COLD): Step.DECOMMISSION,
}


def next_step(state: ComponentState, target: ComponentState) -> Step | None:
    """The one step that leads from a settled state towards a settled target, or None when it is reached."""
    return _TOWARDS.get((state, target))
