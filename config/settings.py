"""The daemon's settings: every limit with its unit in its name, frozen and validated before the first task starts.

Durations are whole seconds unless the name says otherwise. `config/settings_loading.py` says where values come from.
"""

from __future__ import annotations

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

DEFAULT_INSTANCE: Final = "solvent"
EMBEDDED: Final = "embedded"
RESERVED_INSTANCES: Final = (
    "payments",
    "commands",
    "events",
    "mrr",
    "replies",
    "rejected",
    "component",
    "components",
    "level",
    "revenue",
    "status",
    "owner",
    "budget",
    "dial",
)
"""Words that follow `solvent:` in the keys of the default instance; an instance of that name would collide."""
STOP_MAX_S: Final = 30
"""What service managers grant before they kill."""

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
_LEVELS: Final = r"[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,7}"
_LEVELS_WORDS: Final = "levels of a topic such as solvent or site/a"
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]


def key_prefix(instance: str) -> str:
    """What every Redis key of the instance begins with: `solvent:`, or `solvent:<instance>:` for a named one."""
    return "solvent:" if instance == DEFAULT_INSTANCE else f"solvent:{instance}:"


class Mode(enum.Enum):
    """Whether the daemon may change anything."""

    OBSERVE_ONLY = "observe_only"
    ACT = "act"


class KernelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Actors and their supervision."""

    mailbox_items_max: Count = 1_000
    """Messages that wait for one actor; the next is refused. A thousand is seconds of work, never minutes."""
    restarts_max: Annotated[int, Meta(ge=0, le=1_000)] = 5
    """Restarts of one actor within the window; one more parks it. OTP's 1 in 5 s would park at a network blink."""
    restart_window_s: Seconds = 60
    ask_timeout_s: Seconds = 10
    """How long an actor waits for another's answer: longer than a slow fsync, shorter than an operator's patience."""


class JournalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The append-only journal."""

    group_events_max: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """Events that share one transaction and one fsync."""
    snapshot_every_events: Annotated[int, Meta(ge=100, le=10_000_000)] = 10_000
    """How many events a resume folds at most, about a second's work."""
    snapshots_kept: Annotated[int, Meta(ge=1, le=100)] = 2
    """Older snapshots are deleted: the second covers a damaged first."""
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    """Events are kept at least so long, and while a kept snapshot does not cover them. None keeps everything: the
    self-audit needs the journal's beginning."""
    busy_timeout_ms: Annotated[int, Meta(ge=0, le=60_000)] = 5_000
    """How long a write waits for another process's read lock, such as `solvent history`."""
    disk_retry_s: Seconds = 5
    """Pause between two attempts while the disk is full."""


class PaymentsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reading payments."""

    read_entries_max: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Stream entries taken at once, which become one journal group."""
    block_ms: Annotated[int, Meta(ge=1, le=2_000)] = 2_000
    """How long one read waits for entries; redis-py needs it well below its socket timeout of 5 s."""
    trim_every_s: Seconds = 60
    """How often entries before the cursor are trimmed from the input streams."""
    reconnect_initial_s: Seconds = 1
    reconnect_max_s: Seconds = 30
    """The pause between attempts doubles from the first to this while Redis is away."""


class CommandsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Operators' commands."""

    command_age_max_s: Annotated[int, Meta(ge=1, le=604_800)] = 3_600
    """An older entry is refused: an hour later nobody remembers having asked."""
    principals: Annotated[tuple[Name, ...], Meta(max_length=32)] = ()
    """Names with a stream of their own, `solvent:commands:<name>`; with none, `solvent:commands` is the operator."""
    ttl_max_s: Annotated[int, Meta(ge=60, le=31_622_400)] = 2_592_000
    """The longest `ttl` of a holding command: 30 days, since a forgotten pin costs money."""


class BreakerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Circuit breakers, one per provider and one per component."""

    failures_max: Annotated[int, Meta(ge=1, le=1_000)] = 5
    """Failures within the window that open a breaker."""
    window_s: Seconds = 300
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
    retry_max_s: Seconds = 300
    """The pause between attempts doubles from the first to this."""
    sweep_every_s: Seconds = 3_600
    """How often orphans are looked for: an hour's cost at most before one is told, and few calls to providers."""
    sweep_again_s: Seconds = 60
    """Between two reads that must agree on an orphan: providers' lists lag behind by seconds, some by a minute."""


class StoppingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ladder of a stop: ask, then cancel, then abandon. Together it stays under 30 s."""

    ask_s: Annotated[int, Meta(ge=0, le=29)] = 10
    """How long actors may finish what they do."""
    cancel_s: Annotated[int, Meta(ge=0, le=29)] = 5
    """How long cancelled tasks may clean up."""


class PublicationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the daemon writes to Redis."""

    stream_entries_max: Annotated[int, Meta(ge=100, le=100_000_000)] = 100_000
    """About this many entries stay in each published stream; the journal keeps all."""
    batch_entries_max: Annotated[int, Meta(ge=1, le=10_000)] = 500
    """Entries in one pipeline."""
    retry_every_s: Seconds = 1


class MqttSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The daemon's state on an MQTT broker, beside Redis."""

    url: Annotated[str, Meta(max_length=1_024)] = ""
    """`mqtt://user@host:1883` or, with TLS, `mqtts://user@host:8883`; never with a password. Empty: nothing."""
    password_env: Annotated[
        str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,127})?\Z", description="the name of a variable")
    ] = ""
    """The variable of the daemon's environment that holds the user's password."""
    ca_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The authorities that may have signed the broker's certificate; empty for those of the system."""
    cert_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The daemon's own certificate, where the broker asks for one."""
    key_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The key of `cert_file`."""
    topic_prefix: Annotated[str, Meta(pattern=rf"^{_LEVELS}\Z", description=_LEVELS_WORDS)] = "solvent"
    """The first level or levels of all topics; the instance's name follows."""
    discovery_prefix: Annotated[str, Meta(pattern=rf"^({_LEVELS})?\Z", description=_LEVELS_WORDS)] = "homeassistant"
    """Where Home Assistant looks for devices; empty announces nothing."""
    keepalive_s: Annotated[int, Meta(ge=5, le=3_600)] = 30
    """The broker takes a daemon that was silent for one and a half times this for dead, and publishes its last will."""
    batch_messages_max: Annotated[int, Meta(ge=1, le=1_000)] = 10
    """Messages that wait for the broker's acknowledgement at once; a slow broker is not flooded."""
    gather_ms: Annotated[int, Meta(ge=1, le=60_000)] = 250
    """How long news gather: of what changes several times meanwhile only the last word is sent."""
    reconnect_initial_s: Seconds = 1
    reconnect_max_s: Seconds = 60
    """The pause between attempts doubles from the first to this while the broker is away."""


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the daemon calls itself unwell."""

    check_every_s: Seconds = 5
    """How often clocks, sources and due months are looked at."""
    audit_every_s: Annotated[int, Meta(ge=60, le=604_800)] = 86_400
    """How often the invariants are checked against the journal, besides at boot."""


class CostsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reading what providers bill. Our own accrual needs no setting."""

    cost_explorer: bool = False
    """Whether AWS's bill is read; off, since each read costs 0.01 USD and needs the right `ce:GetCostAndUsage`."""
    cost_explorer_region: Annotated[
        str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z", description="a region such as us-east-1")
    ] = "us-east-1"
    """Where Cost Explorer answers, whatever the resources' regions; `cn-northwest-1` for AWS in China."""
    open_cost_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/@]+(/[^\s@]*)?)?\Z",
            max_length=2_048,
            description="a URL such as http://opencost.opencost:9003, without a user",
        ),
    ] = ""
    """OpenCost's API, such as `http://opencost.opencost:9003`; empty for none."""
    open_cost_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="a currency such as USD")] = "USD"
    """Of the prices that OpenCost was given; its answers do not say."""
    read_every_s: Annotated[int, Meta(ge=3_600, le=604_800)] = 86_400
    """How often each bill is read; providers renew theirs once or twice a day."""
    retry_every_s: Seconds = 3_600
    """The pause after a read that failed."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=600)] = 60
    """A read of OpenCost without an answer after this has failed; it sums up a month."""
    answer_bytes_max: Annotated[int, Meta(ge=1_000, le=1_000_000_000)] = 16_000_000
    """A larger answer of OpenCost is refused: 30 days of 1,000 components are about 10 MB."""
    pages_max: Annotated[int, Meta(ge=1, le=1_000)] = 20
    """Pages of one read of Cost Explorer, each 0.01 USD; one holds about 5,000 figures."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that `solvent run` can be told."""

    plan: str
    """A shipped plan's name or a plan file's path; no default, since nobody should run another's plan by accident."""
    instance: Name = DEFAULT_INSTANCE
    """Sets daemons on one Redis apart."""
    state_dir: Annotated[str, Meta(min_length=1, max_length=4_096)] = "solvent-state"
    """The folder of journal and lock; relative to the working directory."""
    redis: Annotated[str, Meta(max_length=2_048)] = EMBEDDED
    """`redis://`, `rediss://` or `unix://` URL, or `embedded`."""
    http: Annotated[str, Meta(max_length=300)] = "127.0.0.1:8417"
    """HOST:PORT of metrics and health; port 0 picks a free one. Local only unless told otherwise."""
    mode: Mode | None = None
    """None keeps what the journal remembers, `observe_only` on the first run of a plan."""
    kernel: KernelSettings = KernelSettings()
    journal: JournalSettings = JournalSettings()
    payments: PaymentsSettings = PaymentsSettings()
    commands: CommandsSettings = CommandsSettings()
    breaker: BreakerSettings = BreakerSettings()
    provisioning: ProvisioningSettings = ProvisioningSettings()
    stopping: StoppingSettings = StoppingSettings()
    publication: PublicationSettings = PublicationSettings()
    health: HealthSettings = HealthSettings()
    mqtt: MqttSettings = MqttSettings()
    costs: CostsSettings = CostsSettings()

    @property
    def key_prefix(self) -> str:
        """What every Redis key begins with: `solvent:`, or `solvent:<instance>:` for a named instance."""
        return key_prefix(self.instance)

    @property
    def http_host(self) -> str:
        """The host of `http`, without the brackets of an IPv6 address."""
        return self.http.rpartition(":")[0].removeprefix("[").removesuffix("]")

    @property
    def http_port(self) -> int:
        """The port of `http`."""
        return int(self.http.rpartition(":")[2])
