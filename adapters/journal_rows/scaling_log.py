"""What the audit table says of each event, in words a person can filter; None for what only feeds other tables."""

from __future__ import annotations

from adapters.journal_rows.log_lines.components import component_line
from adapters.journal_rows.log_lines.daemon import daemon_line
from adapters.journal_rows.log_lines.line import LogLine
from adapters.journal_rows.log_lines.operators import operator_line
from machines.events import Event


def log_line(event: Event) -> LogLine | None:
    """The line of one event; None for payments, readings, bills and positions, which would drown the rest."""
    return component_line(event) or operator_line(event) or daemon_line(event)
