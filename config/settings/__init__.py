"""The daemon's settings: every limit with its unit in its name, frozen and validated before the first task starts.

Durations are whole seconds unless the name says otherwise. `config/settings_loading.py` says where values come from.
"""

from config.settings.backup import BackupSettings
from config.settings.costs import CostsSettings
from config.settings.journal import JournalSettings
from config.settings.logs import LogSettings
from config.settings.mqtt import MqttSettings
from config.settings.names import DEFAULT_INSTANCE, EMBEDDED, RESERVED_INSTANCES, Mode, key_prefix
from config.settings.notifications import (
    ChannelSettings,
    MailChannel,
    MqttChannel,
    NotificationSettings,
    Severity,
    WebhookChannel,
)
from config.settings.provisioning import BreakerSettings, ProvisioningSettings
from config.settings.redis import RedisAccessSettings
from config.settings.running import STOP_MAX_S, HealthSettings, KernelSettings, StoppingSettings
from config.settings.sources import (
    FolderSource,
    PostSource,
    ReceivingSettings,
    SourceFailureSettings,
    SourceSettings,
    SqlSource,
    StreamSource,
    StripeSource,
)
from config.settings.streams import CommandsSettings, PaymentsSettings, PublicationSettings
from config.settings.values import Count, Name, Seconds, SecretReference
from config.settings.whole import Settings

__all__ = [
    "DEFAULT_INSTANCE",
    "EMBEDDED",
    "RESERVED_INSTANCES",
    "STOP_MAX_S",
    "BackupSettings",
    "BreakerSettings",
    "ChannelSettings",
    "CommandsSettings",
    "CostsSettings",
    "Count",
    "FolderSource",
    "HealthSettings",
    "JournalSettings",
    "KernelSettings",
    "LogSettings",
    "MailChannel",
    "Mode",
    "MqttChannel",
    "MqttSettings",
    "Name",
    "NotificationSettings",
    "PaymentsSettings",
    "PostSource",
    "ProvisioningSettings",
    "PublicationSettings",
    "ReceivingSettings",
    "RedisAccessSettings",
    "Seconds",
    "SecretReference",
    "Settings",
    "Severity",
    "SourceFailureSettings",
    "SourceSettings",
    "SqlSource",
    "StoppingSettings",
    "StreamSource",
    "StripeSource",
    "WebhookChannel",
    "key_prefix",
]
