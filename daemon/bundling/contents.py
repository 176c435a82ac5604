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

from config.loading import load_plan
from config.settings import Settings
from daemon.asking_http import metrics_page
from daemon.assembly import clock_from, open_journal_for_reading, run_facts
from daemon.bundling.packing import Made, Values
from daemon.doctor.examining import examine
from daemon.history_reading import Filter, newest_events
from daemon.resume import resume
from daemon.telemetry.told import Told, decision_of
from machines.state.whole import State

EVENTS_MAX: Final = 5_000
"""The newest events that go into a bundle; a busy day's."""

Make = Callable[[], Awaitable[Made]]


async def contents(settings: Settings, settings_file: str | None) -> AsyncIterator[tuple[str, Made]]:
    """Each file's name and what is in it, not yet redacted."""
    files: Mapping[str, Make] = {
        "versions.json": _versions,
        "settings.json": lambda: _settings(settings),
        "plan.json": lambda: _plan(settings.plan),
        "plan-in-journal.json": lambda: _journaled_plan(settings.state_dir),
        "doctor.json": lambda: _doctor(settings, settings_file),
        "state.json": lambda: _state(settings.state_dir),
        "log.jsonl": lambda: _log(settings.state_dir),
        "metrics.txt": lambda: _metrics(settings.state_dir),
        "state-directory.txt": lambda: _listing(settings.state_dir),
    }
    for name, make in files.items():
        try:
            made = await make()
        except Exception as failure:  # noqa: BLE001 - a bundle is for when things are broken
            made = f"could not be made: {type(failure).__name__}: {failure}\n"
        if made:
            yield name, made


async def _versions() -> Made:
    packages = {each.name: each.version for each in distributions() if each.name}
    return Values(
        {
            "python": sys.version,
            "machine": platform.platform(),
            "packages": dict(sorted(packages.items(), key=lambda each: each[0].lower())),
            "variables": sorted(name for name in os.environ if name.startswith("SOLVENT_")),
        }
    )


async def _settings(settings: Settings) -> Made:
    told: dict[str, Any] = msgspec.to_builtins(settings)
    for channel in told["channels"].values():
        if "url" in channel:  # a webhook's path is often its secret
            channel["url"] = "/".join([*channel["url"].split("/")[:3], "…"])
    return Values(told, by_strangers=True)


async def _plan(name_or_path: str) -> Made:
    """The file as it is read, without its comments, in which anything may stand."""
    return Values(msgspec.to_builtins(await asyncio.to_thread(load_plan, name_or_path)), by_strangers=True)


async def _journaled_plan(state_dir: str) -> Made:
    """The plan that decides, which is not always what its file says by now."""
    plan = (await _folded(state_dir)).plan
    return "" if plan is None else Values(msgspec.to_builtins(plan), by_strangers=True)


async def _doctor(settings: Settings, settings_file: str | None) -> Made:
    return Values(msgspec.to_builtins(await examine(settings, settings_file, clock_from(None))))


async def _state(state_dir: str) -> Made:
    """What the daemon knows, without plans and the book of payments: figures, decisions, components, operators."""
    told: dict[str, Any] = msgspec.to_builtins(await _folded(state_dir), str_keys=True)
    told.get("revenue", {}).pop("book", None)
    for name in ("plan", "retired"):
        told.pop(name, None)
    return Values(told)


async def _folded(state_dir: str) -> State:
    journal = open_journal_for_reading(state_dir)
    try:
        return (await resume(journal)).state
    finally:
        await journal.close()


async def _log(state_dir: str) -> Made:
    """The newest events as lines of the log, which hold neither payments nor customers."""
    journal = open_journal_for_reading(state_dir)
    try:
        events, _more = await newest_events(journal, Filter(), EVENTS_MAX)
        return Values([Told.of(each, await decision_of(journal, each)).fields for each in events], lines=True)
    finally:
        await journal.close()


async def _metrics(state_dir: str) -> str:
    facts = run_facts(state_dir)
    return "" if facts is None or not facts.http else await asyncio.to_thread(metrics_page, facts.http)


async def _listing(state_dir: str) -> str:
    """Names, sizes and modes of what lies in the state directory; no contents."""
    return "\n".join(await asyncio.to_thread(lambda: list(_listed(Path(state_dir))))) + "\n"


def _listed(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        yield f"{facts.st_mode & 0o7777:04o} {facts.st_uid:>6} {facts.st_size:>12} {path.relative_to(folder)}"
