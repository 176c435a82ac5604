"""The sources of the settings: where payments come from besides the Redis stream."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.sources.construction import SourceSurroundings, SourceUnusableError
from adapters.sources.registry import construct
from config.settings import Settings, StreamSource
from machines.ports.clock import Clock
from machines.ports.sources import PaymentReceiver, PaymentSource


class PaymentSources(msgspec.Struct, frozen=True):
    """What the settings name, constructed; nothing was asked yet."""

    asked: tuple[PaymentSource, ...] = ()
    posted: tuple[PaymentReceiver, ...] = ()

    async def close(self) -> None:
        """Let go of what they hold."""
        for source in self.asked:
            await source.close()


def sources_of(settings: Settings, clock: Clock, environ: Mapping[str, str]) -> PaymentSources:
    """All of them. Raises `SourceUnusableError` for what can never work: a missing package or secret, a wrong address.

    What may come back by itself, as a server that does not answer, is no refusal: the source is unknown until it does.
    """
    streams = [name for name, each in settings.sources.items() if isinstance(each, StreamSource)]
    if len(streams) > 1:
        raise SourceUnusableError(
            f"the sources {' and '.join(streams)} are both of the kind stream: there is one Redis stream; keep one"
        )
    around = SourceSurroundings(clock, environ)
    made = {name: construct(name, each, around) for name, each in settings.sources.items()}
    posted = tuple(each.posted for each in made.values() if each.posted is not None)
    if posted and not settings.receiving.http:
        raise SourceUnusableError(
            f"the source {posted[0].name} takes posts, and there is nowhere to post to: set receiving.http, such as "
            "127.0.0.1:8418"
        )
    return PaymentSources(tuple(each.asked for each in made.values() if each.asked is not None), posted)
