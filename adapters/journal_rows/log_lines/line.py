"""One line of the audit table."""

from __future__ import annotations

import msgspec


class LogLine(msgspec.Struct, frozen=True):
    """One row of `economic_scaling_log`: who or what, from where to where, at what monthly cost, and why."""

    subject: str
    from_state: str = ""
    to_state: str = ""
    amount_micros: int | None = None
    reason: str = ""
