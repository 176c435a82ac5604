"""What ends each freeze, in words: docs/operating.md has the same table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from machines.state.sources import STREAM_PREFIX

_ENDINGS: Final = {
    "source_silent": "It ends by itself with the next payment, or the next whole read, of every source; `resume` does"
    " not lift it. See that each source runs, or take the one that is gone out of the settings.",
    "month_silent": "It ends by itself with the next payment or watermark; `resume` does not lift it.",
    "implausible": "A watermark on the stream of payments confirms the figures and ends it; `resume` does not lift it.",
    "streams_away": "It ends by itself once Redis answers; `resume` does not lift it.",
}
_SOURCE: Final = (
    "It ends by itself with the next whole read, or once the source is taken out of the settings; `resume` does not"
    " lift it."
)
_CAUSES: Final = {
    "stream_gap": "Send what may be missing again, then send",
    "currency": "Give the missing rate under `rates` and reload, then send",
    "clock": "See that the time is right, then send",
    "audit": "Look at what the audit found, then send",
}


def ending_of(key: str, verb: Callable[[str], str]) -> str:
    """What to do about the freeze of this key; `verb` says how a command is typed."""
    if key.startswith(STREAM_PREFIX):
        return _SOURCE
    if key == "month_implausible":
        return _ENDINGS["implausible"]
    if key == "plan_changed":
        return f"Put the old plan file back, or send {verb('reload')}; `resume` does not lift it."
    if key in _CAUSES:
        return f"{_CAUSES[key]} {verb('resume')}."
    return _ENDINGS.get(key, "It ends with its cause.")
