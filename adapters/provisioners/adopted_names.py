"""Adoption under a name, for kinds that find what is a component's by its id alone."""

from __future__ import annotations

from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource


def refuse_other_name(resource: Resource, kind: str, own: str) -> None:
    """Take no name but `own`, which is what a list calls the component's resource.

    Raises `Permanent` for any other: a name that is not looked at must not seem adopted.
    """
    # A list may number what lives under one name, as in `shop/web#0`.
    if resource.name.partition("#")[0] in ("", own):
        return
    raise Permanent(
        f"{resource.plan}/{resource.component} is to adopt {resource.name}, but {kind} finds a component by its id "
        f"alone, as {own}: rename the component, or let resume-actor give the name up"
    )
