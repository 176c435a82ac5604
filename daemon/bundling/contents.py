"""The files of a bundle, each made by itself: one that cannot be made says why in its place."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

import msgspec

from config.settings import Settings
from daemon.assembly import clock_from, open_journal_for_reading, run_facts
from daemon.bundling.metrics_page import metrics_page
from daemon.doctor.examining import examine
from daemon.history_reading import Filter, newest_events
from daemon.resume import resume
from daemon.telemetry.told import Told, decision_of

EVENTS_MAX: Final = 5_000
"""The newest events that go into a bundle; a busy day's."""
FILE_BYTES_MAX: Final = 2_000_000
_ENCODER: Final = msgspec.json.Encoder(decimal_format="string", order="deterministic")
_INDENT: Final = 2

Made = Callable[[], Awaitable[str]]


async def contents(settings: Settings, settings_file: str | None) -> AsyncIterator[tuple[str, str]]:
    """Each file's name and text, not yet redacted."""
    files: Mapping[str, Made] = {
        "versions.json": _versions,
        "settings.json": lambda: _settings(settings),
        "plan.yaml": lambda: _file(settings.plan if "/" in settings.plan else None),
        "doctor.json": lambda: _doctor(settings, settings_file),
        "state.json": lambda: _state(settings.state_dir),
        "log.jsonl": lambda: _log(settings.state_dir),
        "metrics.txt": lambda: _metrics(settings.state_dir),
        "state-directory.txt": lambda: _listing(settings.state_dir),
    }
    for name, make in files.items():
        try:
            text = await make()
        except Exception as failure:  # noqa: BLE001 - a bundle is for when things are broken
            text = f"could not be made: {type(failure).__name__}: {failure}\n"
        if text:
            yield name, text


async def _versions() -> str:
    packages = {each.name: each.version for each in distributions() if each.name}
    return _json(
        {
            "python": sys.version,
            "machine": platform.platform(),
            "packages": dict(sorted(packages.items(), key=lambda each: each[0].lower())),
            "variables": sorted(name for name in os.environ if name.startswith("SOLVENT_")),
        }
    )


async def _settings(settings: Settings) -> str:
    told: dict[str, Any] = msgspec.to_builtins(settings)
    for channel in told["channels"].values():
        if "url" in channel:  # a webhook's path is often its secret
            channel["url"] = "/".join([*channel["url"].split("/")[:3], "…"])
    return _json(told)


async def _file(path: str | None) -> str:
    if path is None:
        return ""
    return await asyncio.to_thread(_read, Path(path))


async def _doctor(settings: Settings, settings_file: str | None) -> str:
    return _json(msgspec.to_builtins(await examine(settings, settings_file, clock_from(None))))


async def _state(state_dir: str) -> str:
    """What the daemon knows, without the book of payments: figures, decisions, components, operators."""
    journal = open_journal_for_reading(state_dir)
    try:
        state = (await resume(journal)).state
    finally:
        await journal.close()
    told: dict[str, Any] = msgspec.to_builtins(state, str_keys=True)
    told.get("revenue", {}).pop("book", None)
    return _json(told)


async def _log(state_dir: str) -> str:
    """The newest events as lines of the log, which hold neither payments nor customers."""
    journal = open_journal_for_reading(state_dir)
    try:
        events, _more = await newest_events(journal, Filter(), EVENTS_MAX)
        lines = [Told.of(each, await decision_of(journal, each)).fields for each in events]
    finally:
        await journal.close()
    return "".join(f"{_ENCODER.encode(line).decode()}\n" for line in lines)


async def _metrics(state_dir: str) -> str:
    facts = run_facts(state_dir)
    return "" if facts is None or not facts.http else await metrics_page(facts.http)


async def _listing(state_dir: str) -> str:
    """Names, sizes and modes of what lies in the state directory; no contents."""
    return "\n".join(await asyncio.to_thread(lambda: list(_listed(Path(state_dir))))) + "\n"


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX).decode("utf-8", "replace")


def _listed(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        yield f"{facts.st_mode & 0o7777:04o} {facts.st_uid:>6} {facts.st_size:>12} {path.relative_to(folder)}"


def _json(value: object) -> str:
    return msgspec.json.format(_ENCODER.encode(value), indent=_INDENT).decode() + "\n"
