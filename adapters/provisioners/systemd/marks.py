"""The mark on a unit: solvent's token at the end of its Description=.

systemd keeps it in a drop-in of its own (`/etc/systemd/system.control/<unit>.d/50-Description.conf`), so it outlives
restarts of solvent, of systemd and of the machine, and it is written by the same call as the limits.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

import msgspec

from machines.ports.provisioner import StepOrder

_MARKED: Final = re.compile(
    r"(?P<text>.*) \[solvent (?P<plan>[^\s/]+)/(?P<component>[^\s/]+) (?P<token>\S+) (?P<generation>\d{1,18})\]",
    re.ASCII,
)


class Mark(msgspec.Struct, frozen=True):
    """Whose unit it is, by the last step that was taken on it."""

    plan: str
    component: str
    token: str
    generation: int


def mark_of(description: str) -> Mark | None:
    """The mark that a description ends with; None where it has none."""
    found = _MARKED.fullmatch(description)
    if found is None:
        return None
    plan, component, token = (unquote(found[name]) for name in ("plan", "component", "token"))
    return Mark(plan, component, token, int(found["generation"]))


def marked(description: str, order: StepOrder) -> str:
    """The operator's description with the order's mark in place of any other."""
    of = order.resource
    plan, component, token = (quote(name, safe="") for name in (of.plan, of.component, order.token))
    return f"{unmarked(description)} [solvent {plan}/{component} {token} {order.generation}]"


def unmarked(description: str) -> str:
    """The operator's description alone."""
    found = _MARKED.fullmatch(description)
    return found["text"] if found else description
