"""Calls to providers, and the circuit breakers before them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Seconds


class BreakerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Circuit breakers, one per provider and one per component."""

    failures_max: Annotated[int, Meta(ge=1, le=1_000)] = 5
    """Failures within the window that open a breaker."""
    window_s: Seconds = 300
    """The window in which failures are counted."""
    cooldown_initial_s: Seconds = 30
    """The first pause of an open breaker."""
    cooldown_max_s: Seconds = 3_600
    """The longest pause; a provider that is down for a day is asked 24 times."""
    cooldown_growth: Annotated[int, Meta(ge=1, le=10)] = 2
    """What each failed probe multiplies the pause by."""


class ProvisioningSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls to providers."""

    call_timeout_s: Annotated[int, Meta(ge=1, le=3_600)] = 300
    """A call without answer after this is ambiguous; the documents' activation limit is the same 300 s."""
    step_deadline_s: Annotated[int, Meta(ge=1, le=604_800)] = 3_600
    """A raise that is not confirmed by then is compensated downwards."""
    observe_every_s: Seconds = 60
    """How often a component looks at the world with nothing to do."""
    concurrent_calls_max: Annotated[int, Meta(ge=1, le=1_000)] = 16
    """Calls under way at once, all components together."""
    retry_initial_s: Seconds = 2
    """The first pause after a call that failed."""
    retry_max_s: Seconds = 300
    """The pause between attempts doubles from the first to this."""
    consistency_grace_s: Seconds = 60
    """How long after a confirmed step a look that contradicts it is put down to the provider's slow view.

    So long after its last call a raise of which nothing is seen keeps its reservation: what it began may show late. And
    so long after a raise no look shows that a lowering is done.
    """
    sweep_every_s: Seconds = 3_600
    """How often orphans are looked for: an hour's cost at most before one is told, and few calls to providers."""
    sweep_again_s: Seconds = 60
    """Between two reads that must agree on an orphan: providers' lists lag behind by seconds, some by a minute."""
