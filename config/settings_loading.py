"""Loading settings: defaults, then the TOML file, then `SOLVENT_…` variables, then the command line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from config.errors import Problem, ReadingError, SettingsError, shown
from config.provisioner_options.mqtt import BROKER_EXPECTED, broker_address
from config.redis_address import ON_A_COMMAND_LINE, has_password, without_secret
from config.redis_sentinel import EXPECTED as SENTINELS_EXPECTED
from config.redis_sentinel import is_sentinel_address, is_usable
from config.settings import (
    EMBEDDED,
    RESERVED_INSTANCES,
    STOP_MAX_S,
    MqttSettings,
    Settings,
)
from config.settings.values import REFERENCE_EXPECTED
from config.settings_expecting import expected_by, shape_of
from config.settings_sources import COMMAND_LINE, Given, from_command_line, from_environment, from_toml
from config.settings_tables import TABLES, table_of, take_table
from config.suggestions import did_you_mean

_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):(\d{1,5})", re.ASCII)
_REDIS: Final = re.compile(r"(rediss?|unix)://\S+")


def load_settings(toml_path: str | None, environ: Mapping[str, str], cli: Mapping[str, object]) -> Settings:
    """The settings of all sources, the later ones before the earlier ones.

    `cli` maps dotted keys (`redis`, `kernel.ask_timeout_s`) to values; None is an option that was not given. Raises
    `SettingsError` with the problems of all sources at once.
    """
    known = setting_types()
    chosen: dict[str, tuple[Any, Given]] = {}
    unusable: set[str] = set()
    problems: list[Problem] = []
    file = from_toml(toml_path)
    for values, source_problems in (file, from_environment(environ, known), from_command_line(cli)):
        problems += source_problems
        for key, given in values.items():
            if table_of(key) is not None:
                problems += take_table(key, given, chosen)
                continue
            if key not in known:
                found = f"the unknown key {shown(without_secret(key))}{did_you_mean(key, known)}"
                problems.append(given.problem("a setting", found))
                continue
            try:
                chosen[key] = (_converted(given, known[key]), given)
            except UnicodeEncodeError:
                unusable.add(key)
                problems.append(given.problem("text in UTF-8", shown(without_secret(str(given.value)))))
            except msgspec.ValidationError as error:
                unusable.add(key)
                expected = expected_by(known[key], str(error))
                found = shape_of(given.value, expected) if expected == REFERENCE_EXPECTED else _shown_value(given.value)
                problems.append(given.problem(expected, found))
    problems += _cross_checked(chosen, unusable - {*chosen})
    # A file that cannot be read may name a plan.
    if "plan" not in chosen and not file[1] and not any(each.path in ("plan", "SOLVENT_PLAN") for each in problems):
        problems.append(Problem("settings", None, "plan", "a shipped plan's name or a path, as --plan NAME", "none"))
    if problems:
        raise SettingsError(problems)
    return _settings({key: value for key, (value, _) in chosen.items()})


def setting_types() -> dict[str, Any]:
    """The type of every setting by dotted key, `kernel.mailbox_items_max` and its fellows; without the named tables."""
    types: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name in TABLES:
            continue
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            for inner in msgspec.structs.fields(field.type):
                types[f"{field.name}.{inner.name}"] = inner.type
        else:
            types[field.name] = field.type
    return types


def _converted(given: Given, kind: Any) -> Any:
    value = given.value
    if given.text and msgspec.json.schema(kind).get("type") == "array":
        value = [part.strip() for part in str(value).split(",") if part.strip()]
    return msgspec.convert(value, kind, strict=not given.text)


def _settings(chosen: dict[str, Any]) -> Settings:
    groups: dict[str, dict[str, Any]] = {}
    top: dict[str, Any] = {}
    for key, value in chosen.items():
        group, _, name = key.partition(".")
        (groups.setdefault(group, {}) if name else top)[name or group] = value
    for field in msgspec.structs.fields(Settings):
        if field.name in groups:
            named = field.name in TABLES
            top[field.name] = groups[field.name] if named else field.type(**groups[field.name])
    return Settings(**top)


def _cross_checked(chosen: dict[str, tuple[Any, Given]], unusable: Collection[str]) -> list[Problem]:
    """What types cannot say: addresses, reserved names, and pairs that must fit each other.

    What is `unusable` was given and is told of already: nothing is missing where it should be.
    """
    settings = _settings({"plan": "", **{key: value for key, (value, _) in chosen.items()}})
    checks = (
        (settings.instance not in RESERVED_INSTANCES, ("instance",), "a name that is no key of the default instance"),
        (_is_address(settings.http), ("http",), "HOST:PORT such as 127.0.0.1:8417, the port at most 65535"),
        (
            is_sentinel_address(settings.redis)
            or settings.redis == EMBEDDED
            or _REDIS.fullmatch(settings.redis) is not None,
            ("redis",),
            SENTINELS_EXPECTED
            if "sentinel" in settings.redis.partition("://")[0]
            else f"a URL such as redis://127.0.0.1:6379/0, or {EMBEDDED}",
        ),
        (
            settings.stopping.ask_s + settings.stopping.cancel_s < STOP_MAX_S,
            ("stopping.ask_s", "stopping.cancel_s"),
            f"ask_s and cancel_s together under {STOP_MAX_S}",
        ),
        (
            not settings.receiving.http or _is_address(settings.receiving.http),
            ("receiving.http",),
            "HOST:PORT such as 127.0.0.1:8418, the port at most 65535",
        ),
        (
            bool(settings.notifications.quiet_from) is bool(settings.notifications.quiet_until),
            ("notifications.quiet_from", "notifications.quiet_until"),
            "quiet_from and quiet_until together",
        ),
        (
            not settings.backup.to.startswith("s3://") or bool(settings.backup.recipients),
            ("backup.to",),
            "backup.recipients beside a bucket: what leaves the machine is encrypted",
        ),
        *_lease_checks(settings, elsewhere=bool(settings.journal.url) or "journal.url" in unusable),
        *_redis_checks(settings, on_command_line="redis" in chosen and chosen["redis"][1].origin == COMMAND_LINE),
        *_broker_checks(settings.mqtt),
        *_pairs(settings),
    )
    problems: list[Problem] = []
    for holds, keys, expected in checks:
        given = [chosen[key][1] for key in keys if key in chosen]
        if not holds:
            problems += [each.problem(expected, shown(without_secret(str(each.value)))) for each in given]
    if "plan" in chosen and not str(chosen["plan"][0]).strip():
        problems.append(chosen["plan"][1].problem("a shipped plan's name or a path", "an empty text"))
    return problems


def _shown_value(value: object) -> str:
    """A value of the wrong kind may still be an address, put under another key or too long for its own."""
    text = str(value)
    return shown(without_secret(text) if isinstance(value, str) or "://" in text or "@" in text else text)


def _lease_checks(settings: Settings, *, elsewhere: bool) -> tuple[tuple[bool, tuple[str, ...], str], ...]:
    lease = settings.lease
    return (
        (
            2 * lease.renew_every_s + lease.margin_s < lease.ttl_s,
            ("lease.ttl_s", "lease.renew_every_s", "lease.margin_s"),
            "twice lease.renew_every_s and lease.margin_s together under lease.ttl_s",
        ),
        (
            not settings.standby or elsewhere,
            ("standby",),
            "journal.url beside it: a standby follows a journal in PostgreSQL",
        ),
        (
            not settings.standby or settings.redis != EMBEDDED,
            ("standby",),
            "the address of a Redis that both machines reach, as redis beside it",
        ),
    )


def _redis_checks(settings: Settings, *, on_command_line: bool) -> tuple[tuple[bool, tuple[str, ...], str], ...]:
    access, tls = settings.redis_access, settings.redis.startswith(("rediss://", "rediss+sentinel://"))
    sentinels = is_sentinel_address(settings.redis)
    files = ("redis_access.ca_file", "redis_access.cert_file", "redis_access.key_file")
    return (
        (not (on_command_line and has_password(settings.redis)), ("redis",), ON_A_COMMAND_LINE),
        (not sentinels or is_usable(settings.redis), ("redis",), SENTINELS_EXPECTED),
        (
            sentinels or not (access.sentinel_user or access.sentinel_password),
            ("redis_access.sentinel_user", "redis_access.sentinel_password"),
            "a redis address that begins with redis+sentinel://: only sentinels ask for them",
        ),
        (
            bool(access.sentinel_password) or not access.sentinel_user,
            ("redis_access.sentinel_user",),
            "redis_access.sentinel_password beside it",
        ),
        (
            bool(access.cert_file) is bool(access.key_file),
            ("redis_access.cert_file", "redis_access.key_file"),
            "cert_file and key_file together",
        ),
        (
            tls or not (access.ca_file or access.cert_file),
            files,
            "a redis address that begins with rediss:// or rediss+sentinel://",
        ),
        (
            settings.redis != EMBEDDED or not (access.user or access.password),
            ("redis_access.user", "redis_access.password"),
            "the address of a Redis of your own: the embedded one has no users",
        ),
    )


def _broker_checks(mqtt: MqttSettings) -> tuple[tuple[bool, tuple[str, ...], str], ...]:
    try:
        address = broker_address(mqtt.url) if mqtt.url else None
    except ReadingError:
        return ((False, ("mqtt.url",), BROKER_EXPECTED),)
    user = address is not None and address.user is not None
    tls = address is not None and address.tls
    files = ("mqtt.ca_file", "mqtt.cert_file", "mqtt.key_file")
    return (
        (
            bool(mqtt.cert_file) is bool(mqtt.key_file),
            ("mqtt.cert_file", "mqtt.key_file"),
            "cert_file and key_file together",
        ),
        (tls or not (mqtt.ca_file or mqtt.cert_file or mqtt.key_file), files, "an mqtt.url that begins with mqtts://"),
        (user or not mqtt.password_env, ("mqtt.password_env",), "a user in mqtt.url, such as mqtts://solvent@host"),
    )


def _pairs(settings: Settings) -> tuple[tuple[bool, tuple[str, str], str], ...]:
    pairs = (
        ("breaker.cooldown_initial_s", "breaker.cooldown_max_s"),
        ("provisioning.retry_initial_s", "provisioning.retry_max_s"),
        ("provisioning.sweep_again_s", "provisioning.sweep_every_s"),
        ("provisioning.call_timeout_s", "provisioning.step_deadline_s"),
        ("payments.reconnect_initial_s", "payments.reconnect_max_s"),
        ("mqtt.reconnect_initial_s", "mqtt.reconnect_max_s"),
        ("source_failures.cooldown_initial_s", "source_failures.cooldown_max_s"),
    )

    def value(key: str) -> int:
        group, _, name = key.partition(".")
        number: int = getattr(getattr(settings, group), name)
        return number

    return tuple((value(low) <= value(high), (low, high), f"{low} at most {high}") for low, high in pairs)


def _is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and int(match[2]) <= 65_535
