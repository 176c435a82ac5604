"""All settings as one value."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.backup import BackupSettings
from config.settings.costs import CostsSettings
from config.settings.journal import JournalSettings
from config.settings.lease import LeaseSettings
from config.settings.logs import LogSettings
from config.settings.mqtt import MqttSettings
from config.settings.names import DEFAULT_INSTANCE, EMBEDDED, Mode, key_prefix
from config.settings.notifications import ChannelSettings, NotificationSettings
from config.settings.provisioning import BreakerSettings, ProvisioningSettings
from config.settings.redis import RedisAccessSettings
from config.settings.running import HealthSettings, KernelSettings, StoppingSettings
from config.settings.sources import ReceivingSettings, SourceFailureSettings, SourceSettings
from config.settings.streams import CommandsSettings, PaymentsSettings, PublicationSettings
from config.settings.values import Name


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that `solvent run` can be told."""

    plan: str
    """A shipped plan's name or a plan file's path; no default, since nobody should run another's plan by accident."""
    instance: Name = DEFAULT_INSTANCE
    """Sets daemons on one Redis apart."""
    state_dir: Annotated[str, Meta(min_length=1, max_length=4_096)] = "solvent-state"
    """The folder of journal and lock; relative to the working directory."""
    redis: Annotated[str, Meta(max_length=2_048)] = EMBEDDED
    """`redis://`, `rediss://` or `unix://` URL, `redis+sentinel://HOST:26379,HOST:26379/MASTER` for one that is found
    through its sentinels (`rediss+sentinel://` with TLS to both), or `embedded`."""
    http: Annotated[str, Meta(max_length=300)] = "127.0.0.1:8417"
    """HOST:PORT of metrics and health; port 0 picks a free one. Local only unless told otherwise."""
    mode: Mode | None = None
    """None keeps what the journal remembers, `observe_only` on the first run of a plan."""
    standby: bool = False
    """Whether to wait for the lead while another daemon has it, instead of refusing to start; needs `journal.url`."""
    kernel: KernelSettings = KernelSettings()
    journal: JournalSettings = JournalSettings()
    lease: LeaseSettings = LeaseSettings()
    payments: PaymentsSettings = PaymentsSettings()
    commands: CommandsSettings = CommandsSettings()
    breaker: BreakerSettings = BreakerSettings()
    provisioning: ProvisioningSettings = ProvisioningSettings()
    stopping: StoppingSettings = StoppingSettings()
    publication: PublicationSettings = PublicationSettings()
    health: HealthSettings = HealthSettings()
    mqtt: MqttSettings = MqttSettings()
    costs: CostsSettings = CostsSettings()
    redis_access: RedisAccessSettings = RedisAccessSettings()
    sources: Annotated[dict[Name, SourceSettings], Meta(max_length=32)] = {}
    """By name, a table each: `[sources.shop]`. With none the Redis stream is the only source."""
    receiving: ReceivingSettings = ReceivingSettings()
    source_failures: SourceFailureSettings = SourceFailureSettings()
    channels: Annotated[dict[Name, ChannelSettings], Meta(max_length=32)] = {}
    """Where notifications go, a table each: `[channels.pager]`."""
    notifications: NotificationSettings = NotificationSettings()
    backup: BackupSettings = BackupSettings()
    logs: LogSettings = LogSettings()

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
