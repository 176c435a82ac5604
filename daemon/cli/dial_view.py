"""What is said of a dial: as a value, and in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.instants import instant_text
from daemon.roots.dials import KIND, still_because
from machines.state.whole import State


def dial_object(state: State, component_id: str) -> dict[str, Any] | None:
    """Where a dial stands and why; None for one that was never turned, and for what is no dial."""
    stand = state.dials.get(component_id)
    if stand is None:
        return None
    return {
        "share_percent": stand.position.share_percent,
        "wished_percent": stand.wished_percent,
        "turned_at": instant_text(stand.position.turned_at),
        "holding": [rule.value for rule in stand.position.holding],
        "reasons": list(stand.reasons),
    }


def dial_lines(state: State) -> Iterator[str]:
    """A sentence for each dial that was turned."""
    for component_id in state.dials:
        yield f"dial: {component_id} {_stands(state, component_id)}"


def dial_reasons(state: State, component_id: str) -> Iterator[str]:
    """Sentences about one component; none for what is no dial."""
    component = state.component(component_id)
    if component is None or component.provisioner != KIND:
        return
    if component_id in state.dials:
        yield f"The dial {_stands(state, component_id)}."
    else:
        yield "The dial was not turned yet: while it is not HOT the application asks the API."
    if why := still_because(state):
        yield f"The dial does not turn now: {why}."


def _stands(state: State, component_id: str) -> str:
    stand = state.dials[component_id]
    share = stand.position.share_percent
    towards = "" if share == stand.wished_percent else f" on its way to {stand.wished_percent} %"
    return f"stands at {share} %{towards}: {'; '.join(stand.reasons)}"
