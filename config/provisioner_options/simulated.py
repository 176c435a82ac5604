"""Options of the fake world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.options_kind import Context, OptionsKind
from config.provisioner_options.plain import plain_value
from config.reading import Fields, entries_of

DURATION_MAX_S: Final = 86_400


class SimulatedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long each step of a simulated component takes, in seconds, and what goes wrong with it."""

    warm_s: int = 0
    activate_s: int = 0
    deactivate_s: int = 0
    decommission_s: int = 0
    faults: dict[str, Any] = {}
    """A script of the simulated provisioner; whole numbers and booleans are such, every other value is text."""


def simulated_options(options: Mapping[str, Any]) -> SimulatedOptions:
    """The options of a loaded plan's `simulated` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), SimulatedOptions)


def _read(fields: Fields, context: Context) -> SimulatedOptions:
    del context
    seconds = values.integer(0, DURATION_MAX_S, "seconds")
    return SimulatedOptions(
        warm_s=fields.optional("warm_s", seconds, 0),
        activate_s=fields.optional("activate_s", seconds, 0),
        deactivate_s=fields.optional("deactivate_s", seconds, 0),
        decommission_s=fields.optional("decommission_s", seconds, 0),
        faults={key: plain_value(node) for key, node in entries_of(fields.mapping("faults"))},
    )


KIND: Final = OptionsKind(_read)
