"""Versions: solvent's own, Python's, and those of the packages."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from config.extras import install_hint
from config.settings import Settings
from daemon.doctor.findings import Finding, problem, well

_REQUIREMENT: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:>=([0-9.]+))?[^;]*(?:;(.*))?$")
_EXTRA: Final = re.compile(r"extra == ['\"]([a-z]+)['\"]")
_SOURCE_EXTRAS: Final = {"stripe": "stripe", "sql": "sql", "post": "webhooks"}
_CHANNEL_EXTRAS: Final = {"webhook": "webhooks", "mail": "mail", "mqtt": "mqtt"}


def software(settings: Settings) -> Iterator[Finding]:
    """What runs, and what is missing or older than solvent needs."""
    wished = {"", *extras_of(settings)}
    wrong = list(_wrong(wished))
    for name, found, needed, extra in wrong:
        mend = install_hint(extra) if extra else f"pip install '{name}>={needed}'"
        yield problem("versions", f"{name} {found or 'is missing'}; {needed} or newer is needed", mend)
    if not wrong:
        machine = f"{platform.system()} {platform.release()}"
        yield well("versions", f"solvent {version('solvent')}, Python {platform.python_version()}, {machine}")


def extras_of(settings: Settings) -> set[str]:
    """The optional packages that these settings need."""
    found = {_SOURCE_EXTRAS.get(_kind(each), "") for each in settings.sources.values()}
    found |= {_CHANNEL_EXTRAS.get(_kind(each), "") for each in settings.channels.values()}
    if settings.backup.recipients:
        found.add("backup")
    if settings.backup.to.startswith("s3://"):
        found.add("aws")
    if settings.mqtt.url:
        found.add("mqtt")
    if settings.journal.url:
        found.add("postgres")
    return found - {""}


def _kind(table: object) -> str:
    return str(table.__struct_config__.tag)  # type: ignore[attr-defined]  # every table is a Struct


def _wrong(wished: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """Packages that are missing or too old: name, found, needed, extra."""
    for requirement in requires("solvent") or ():
        matched = _REQUIREMENT.match(requirement)
        if matched is None or not matched[2]:
            continue
        marker = matched[3] or ""
        extra = _EXTRA.search(marker)
        if (extra[1] if extra else "") not in wished or "python_version" in marker:
            continue
        try:
            found = version(matched[1])
        except PackageNotFoundError:
            yield matched[1], "", matched[2], extra[1] if extra else ""
            continue
        if _numbers(found) < _numbers(matched[2]):
            yield matched[1], found, matched[2], extra[1] if extra else ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:4])
