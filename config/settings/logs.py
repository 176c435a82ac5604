"""What the daemon logs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The log."""

    level: Annotated[
        str, Meta(pattern=r"^(debug|info|warning|error)\Z", description="one of debug, info, warning, error")
    ] = "info"
    """The least that is written."""
    format: Annotated[str, Meta(pattern=r"^(auto|json|console)\Z", description="one of auto, json, console")] = "auto"
    """`auto` is readable on a terminal and JSON elsewhere."""
    repeats_max: Annotated[int, Meta(ge=1, le=100_000)] = 20
    """So many lines of one event and subject are written within the window; the rest is counted and said once."""
    repeats_window_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    """The window of `repeats_max`."""
