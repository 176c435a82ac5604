"""Where payments come from besides the Redis stream: one table `[sources.NAME]` each, its `kind` first."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Count, Seconds, SecretReference

_Days = Annotated[int, Meta(ge=1, le=3_660)]
_StaleSeconds = Annotated[int, Meta(ge=60, le=31_622_400)]
_Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="a currency such as EUR")]
_Url = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[^\s/@]+(/[^\s@]*)?)?\Z",
        max_length=2_048,
        description="a URL such as https://api.stripe.com, without a user",
    ),
]


class StripeSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="stripe", tag_field="kind"):
    """Stripe: its webhook, and a poll that catches up with what the webhook missed."""

    api_key: SecretReference
    """A restricted key that may read charges, refunds, disputes, events, invoices and prices; nothing else is asked."""
    webhook_secret: SecretReference = ""
    """The signing secret `whsec_…` of the endpoint; empty serves no webhook and polls only."""
    webhook_secret_before: SecretReference = ""
    """The secret before a rotation, accepted beside the new one until it is taken out here."""
    base_url: _Url = ""
    """Another address of Stripe's API, for tests; empty for Stripe's own."""
    poll_every_s: Annotated[int, Meta(ge=10, le=86_400)] = 300
    """How often the poll asks; the webhook is quicker, this is what makes it complete."""
    look_back_days: _Days = 3
    """How far before the newest known object each poll begins again: Stripe repeats a webhook for three days."""
    history_days: Annotated[int, Meta(ge=0, le=3_660)] = 0
    """How far back the first poll reaches; 0 begins with the present month."""
    settle_s: Seconds = 300
    """How long before now a complete poll vouches for: what was made in the last moments may not be listed yet."""
    page_items_max: Annotated[int, Meta(ge=1, le=100)] = 100
    """Objects a page; Stripe gives at most 100."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=600)] = 30
    """A call without an answer after this has failed."""
    stale_after_s: _StaleSeconds = 21_600
    """Without a complete poll for so long, decisions freeze: six hours are seventy polls that failed."""


class SqlSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sql", tag_field="kind"):
    """A query on the business's own table of payments, read in a transaction that can write nothing."""

    url: SecretReference
    """Where the address is, for it holds a password: `sqlite:///…`, `postgresql+psycopg://…`."""
    query: Annotated[str, Meta(min_length=1, max_length=16_384)]
    """A SELECT that names its columns as the CSV does, ordered by `cursor_column`, with `:cursor` and `:limit`:
    `… WHERE id >= :cursor ORDER BY id LIMIT :limit`. Inclusive: the row read last must be seen again."""
    cursor_column: Annotated[str, Meta(min_length=1, max_length=128)] = "id"
    """The column that the rows are ordered by; one that never falls as rows are added."""
    cursor_type: Annotated[str, Meta(pattern=r"^(id|time)\Z", description="one of id, time")] = "id"
    """Whether the cursor is a whole number or a time. A time may stand on many rows; an id on one."""
    cursor_start: Annotated[str, Meta(max_length=128)] = "0"
    """Where the first read begins: a number, or an ISO-8601 time with its zone."""
    poll_every_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    """How often the query is asked."""
    settle_s: Annotated[int, Meta(ge=0, le=86_400)] = 60
    """How long before now a read that reached the end vouches for: a transaction may commit late."""
    rows_max: Annotated[int, Meta(ge=2, le=100_000)] = 1_000
    """Rows a read."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=600)] = 30
    """A query without an answer after this has failed."""
    stale_after_s: _StaleSeconds = 21_600
    """Without a read that reached the end for so long, decisions freeze."""


class PostSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="post", tag_field="kind"):
    """A signed HTTP post (Standard Webhooks) from anything else."""

    secret: SecretReference
    """The signing secret `whsec_…`."""
    secret_before: SecretReference = ""
    """The one before a rotation, accepted beside it."""
    tolerance_s: Annotated[int, Meta(ge=10, le=3_600)] = 300
    """How far the signature's time may be from ours: what is older may be a copy sent again."""
    payments_max: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Payments a post."""
    stale_after_s: _StaleSeconds = 259_200
    """Three days: a sender without payments posts an empty list, which says that it lives."""


class FolderSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="folder", tag_field="kind"):
    """A folder that CSV exports are put into. Nothing in it is changed."""

    path: Annotated[str, Meta(min_length=1, max_length=4_096)]
    """The folder; the daemon must be able to read it."""
    pattern: Annotated[str, Meta(min_length=1, max_length=256)] = "*.csv"
    """Which files count; `*.csv.gz` for compressed ones."""
    poll_every_s: Annotated[int, Meta(ge=1, le=86_400)] = 30
    """How often the folder is looked at."""
    settled_s: Annotated[int, Meta(ge=1, le=86_400)] = 10
    """A file that changed within so many seconds is still being written, and left for the next look."""
    rows_max: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """Rows taken at once."""
    files_max: Count = 10_000
    """More files than these, and the folder is not read: it is rather a mistake in the path."""
    stale_after_s: _StaleSeconds = 259_200
    """Three days without a new whole file freeze decisions: an export is daily, and weekends exist."""


class StreamSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="stream", tag_field="kind"):
    """The Redis stream `payments`, declared a source that must be heard beside the others.

    With no table under `sources` it is the only source; with some it counts as one only where this names it.
    """

    stale_after_s: _StaleSeconds = 259_200
    """Three days without an entry or a watermark freeze decisions."""


SourceSettings = StripeSource | SqlSource | PostSource | FolderSource | StreamSource


class ReceivingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The endpoint that webhooks and posts reach; apart from metrics and health, for others must reach it."""

    http: Annotated[str, Meta(max_length=300)] = ""
    """HOST:PORT of `/sources/<name>`; empty serves none. Put it behind a proxy that speaks TLS."""
    body_bytes_max: Annotated[int, Meta(ge=1_024, le=100_000_000)] = 1_048_576
    """A longer body is refused with 413; Stripe's are some kilobytes."""
    connections_max: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Open connections at once, of all senders."""
    requests_per_minute_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 600
    """Of each source; more are answered with 429. A signature costs little, a disk synchronisation more."""
    answer_timeout_s: Annotated[int, Meta(ge=1, le=60)] = 10
    """Stripe gives up after some ten seconds; what is not durable by then is answered with 503 and comes again."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `http`, an IPv6 host without its brackets."""
        host, _, port = self.http.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)


class SourceFailureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The circuit breaker of each source."""

    failures_max: Annotated[int, Meta(ge=1, le=1_000)] = 5
    """Failures within the window that open the breaker."""
    window_s: Seconds = 900
    """The window in which failures are counted."""
    cooldown_initial_s: Seconds = 30
    """The first pause of an open breaker."""
    cooldown_max_s: Seconds = 900
    """A source that was away is asked again within a quarter of an hour; late payments are worse than a few calls."""
