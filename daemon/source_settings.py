"""What the settings say of each source, in the words of those who run it."""

from __future__ import annotations

from collections.abc import Mapping

from config.settings import FolderSource, PostSource, Settings, SourceSettings, StreamSource
from daemon.actors.source_watch import SourceLimits
from daemon.roots.http_listener import HttpLimits
from daemon.roots.receiving import ReceivingLimits
from daemon.roots.sources import SourceTimes
from machines.breaker import BreakerLimits


def kinds_of(settings: Settings) -> Mapping[str, str]:
    """The kind of each configured source, by name."""
    return {name: str(each.__struct_config__.tag) for name, each in settings.sources.items()}


def limits_of(settings: Settings) -> Mapping[str, SourceLimits]:
    """What the revenue actor must know of each source."""
    kinds = kinds_of(settings)
    return {
        name: SourceLimits(kinds[name], each.stale_after_s, is_asked=not isinstance(each, PostSource | StreamSource))
        for name, each in settings.sources.items()
    }


def times_of(settings: Settings, source: SourceSettings) -> SourceTimes:
    """How a source is asked."""
    assert not isinstance(source, PostSource | StreamSource), "nobody asks these"
    failures = settings.source_failures
    limits = BreakerLimits(
        failures_max=failures.failures_max,
        window_s=failures.window_s,
        cooldown_initial_s=failures.cooldown_initial_s,
        cooldown_max_s=failures.cooldown_max_s,
    )
    return SourceTimes(
        poll_every_s=source.poll_every_s,
        breaker=limits,
        hears_news_only=isinstance(source, FolderSource),
        entries_max=settings.payments.read_entries_max,
        disk_retry_s=settings.journal.disk_retry_s,
    )


def receiving_limits(settings: Settings) -> ReceivingLimits:
    """What a sender may ask of the daemon."""
    receiving = settings.receiving
    # The root answers in time by itself; the listener's own limit is for a client that does not read.
    http = HttpLimits(connections_max=receiving.connections_max, request_timeout_s=receiving.answer_timeout_s + 5)
    return ReceivingLimits(
        http=http,
        body_bytes_max=receiving.body_bytes_max,
        requests_per_minute_max=receiving.requests_per_minute_max,
        answer_timeout_s=receiving.answer_timeout_s,
        entries_max=settings.payments.read_entries_max,
    )
