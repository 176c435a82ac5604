"""Whether a changed plan would put a component somewhere else, where nobody would look for what stands."""

from __future__ import annotations

from config.errors import shown
from config.plan import Component
from config.provisioner_options.kinds import KINDS


def moved(before: Component, after: Component) -> str:
    """What of its place differs, such as `region 'eu-west-1' instead of 'eu-central-1'`; "" where nothing does."""
    if before.provisioner != after.provisioner:
        return f"provisioner {shown(after.provisioner)} instead of {shown(before.provisioner)}"
    kind = KINDS.get(after.provisioner)
    for key in kind.place if kind is not None else ():
        old, new = before.options.get(key), after.options.get(key)
        if old != new:
            return f"{key} {shown(str(new))} instead of {shown(str(old))}"
    return ""
