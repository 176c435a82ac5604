"""How an actor is called by the others, and in the journal."""

from __future__ import annotations


def component_actor(component_id: str) -> str:
    """The name of a component's actor."""
    return f"component:{component_id}"
