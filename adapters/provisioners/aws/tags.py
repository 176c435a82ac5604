"""The tags by which solvent knows its own resources at AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from machines.ports.provisioner import StepOrder

PLAN: Final = "solvent:plan"
COMPONENT: Final = "solvent:component"
GENERATION: Final = "solvent:generation"
TOKEN: Final = "solvent:token"  # noqa: S105 - a tag's key, no password
STATE: Final = "solvent:state"
"""`warm` or `hot`, for what AWS itself cannot switch off."""


def tags_of(order: StepOrder, own: Mapping[str, str], **more: str) -> dict[str, str]:
    """The operator's own tags, and those that name component, generation and token; `more` are `solvent:<key>`."""
    return {
        **own,
        PLAN: order.resource.plan,
        COMPONENT: order.resource.component,
        GENERATION: str(order.generation),
        TOKEN: order.token,
        **{f"solvent:{key}": value for key, value in more.items()},
    }


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form that most services take: `[{"Key": …, "Value": …}]`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def mapped(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The same read back."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}


def generation_in(tags: Mapping[str, str]) -> int | None:
    """The generation that stands on a resource; None where none does."""
    text = tags.get(GENERATION, "")
    return int(text) if text.isascii() and text.isdigit() else None
