"""Plans that a seed makes up: every kind, graphs of requirements, and policies in combinations nobody would write."""

from __future__ import annotations

import json
import random
from typing import Any, Final

from config.errors import PlanError
from config.loading import plan_from_text
from config.plan import Plan
from config.reading import Collector
from config.reading_plan import plan_read
from config.yaml_tree import Mapping, Node, Place, Scalar, Sequence
from tests.simulation.swarm.case import Case
from tests.simulation.swarm.kinds import CHARACTERS, options_of

ZONES: Final = (
    "UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe",
    "America/Sao_Paulo",
)  # fmt: skip
_NEVER_WARM: Final = ("budget",)


class PlanDraft:
    """A plan as plain values, which an operator may change while the daemon runs."""

    def __init__(self, case: Case) -> None:
        self.chance = random.Random(f"plan {case.seed}")
        self.minima = _minima(self.chance, case.levels)
        self.tree: dict[str, Any] = {
            "plan": "swarm",
            "currency": "EUR",
            "timezone": self.chance.choice(ZONES),
            "policies": _policies(self.chance),
            "rates": [{"currency": "USD", "since": "2001-01-01", "rate": 0.92}],
            "components": {"machine": {"monthly_cost": 5, "host": True}},
            "levels": [{"id": "floor", "max_burn": 20, "components": ["machine"]}],
        }
        if self.chance.random() < 0.2:
            self.tree["checklist"] = {"audited": "an auditor signed"}
        self._tight = random.Random(f"tight {case.seed}") if case.tight else None
        self._fill(case)

    def plan(self) -> Plan:
        """Read by the reader of every plan, without writing the YAML that it is read from."""
        collector = Collector()
        plan = plan_read(_mapping(self.tree, Place("swarm.yaml", None, "")), None, collector)
        if collector.problems:
            raise PlanError(collector.problems)
        return plan

    def plan_of_its_text(self) -> Plan:
        """Read by the loader that reads every plan; the same plan."""
        return plan_from_text(json.dumps(self.tree), "swarm.yaml")

    def change(self, chance: random.Random) -> None:
        """Somebody edits the file: a price, a threshold, one component more, or nonsense."""
        components = {name: each for name, each in self.tree["components"].items() if not each.get("host")}
        what = chance.choice(("price", "slip", "threshold", "more", "same"))
        name = chance.choice(sorted(components))
        if what in ("price", "slip") and components[name]["provisioner"] not in _NEVER_WARM:
            was = components[name]["monthly_cost"]
            components[name]["monthly_cost"] = was * 40 if what == "slip" else max(was - 1, 2)
        elif what == "threshold" and len(self.tree["levels"]) > 1:
            trigger = self.tree["levels"][-1]["trigger"]
            _condition(trigger)["at_least"] += 7
        elif what == "more" and len(components) < 40:
            fresh = f"extra_{len(components)}"
            self.tree["components"][fresh] = {"monthly_cost": 3, "provisioner": "simulated"}
            self.tree["levels"][-1]["components"].append(fresh)
        for level in self.tree["levels"]:
            spare = 0 if self._tight is not None else 5
            level["max_burn"] = max(level["max_burn"], self._cost_through(level["id"]) + spare)

    def _cost_through(self, level_id: str) -> int:
        level = next(each for each in self.tree["levels"] if each["id"] == level_id)
        cost: int = sum(self.tree["components"][name]["monthly_cost"] for name in level["components"])
        return cost + sum(self._cost_through(each) for each in level.get("includes", ()))

    def _fill(self, case: Case) -> None:
        """Components spread over the levels, each requiring some of those before it."""
        chance, placed, below = self.chance, list[str](), "floor"
        kinds = list(CHARACTERS)
        chance.shuffle(kinds)
        number = 0
        total = 5
        for index, minimum in enumerate(self.minima, 1):
            share = max(1, round(case.components / len(self.minima)))
            names: list[str] = []
            if self._tight is not None and self._tight.random() < 0.5:
                # This level takes the place of those below: what they cost is counted until it stands no longer.
                placed, below, total = list[str](), "floor", 5
            afford = max(2 * share, round(minimum * chance.choice((0.4, 0.6, 0.8)) - total))
            for _ in range(share):
                name, kind = f"c{number:02d}", kinds[number % len(kinds)]
                cost = max(1, round(afford / share * chance.choice((0.3, 0.7, 1))))
                self.tree["components"][name] = self._component(name, kind, cost, placed)
                names.append(name)
                placed.append(name)
                total += cost
                number += 1
            self.tree["levels"].append(self._level(index, minimum, names, total, below))
            below = f"l{index}"

    def _component(self, name: str, kind: str, cost: int, placed: list[str]) -> dict[str, Any]:
        chance = self.chance
        made: dict[str, Any] = {
            "monthly_cost": cost,
            "provisioner": kind,
            "options": options_of(kind, name, cost),
        }
        if not made["options"]:
            del made["options"]
        if kind not in _NEVER_WARM and cost > 2 and chance.random() < 0.6:
            made["warm_cost"] = max(1, cost // 5)
        if placed and chance.random() < 0.5:
            made["requires"] = sorted(chance.sample(placed, min(len(placed), chance.choice((1, 1, 2)))))
        if chance.random() < 0.25:
            made["stateful"] = True
        return made

    def _level(self, index: int, minimum: int, names: list[str], total: int, below: str) -> dict[str, Any]:
        chance = self.chance
        condition = {"metric": "revenue", "at_least": minimum, "for_months": chance.choice((1, 1, 2, 3))}
        audited = "checklist" in self.tree and index == len(self.minima)
        trigger: dict[str, Any] = {"all": [condition, {"attested": "audited"}]} if audited else condition
        level: dict[str, Any] = {
            "id": f"l{index}",
            "trigger": trigger,
            "max_burn": self._max_burn(total),
            "includes": [below],
            "components": names,
        }
        if chance.random() < 0.15:
            level["hold"] = {"metric": "revenue", "below": minimum // 2}
        return level

    def _max_burn(self, total: int) -> int:
        loose = round(total * self.chance.choice((1.1, 1.5, 3))) + 5
        return total if self._tight is not None else loose


def _condition(trigger: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = trigger["all"][0] if "all" in trigger else trigger
    return found


def _minima(chance: random.Random, levels: int) -> list[int]:
    """The revenue that each level above the floor asks for."""
    at, found = float(chance.choice((50, 100, 300))), list[int]()
    for _ in range(levels - 1):
        found.append(round(at))
        at *= chance.choice((1.5, 2, 3))
    return found


def _policies(chance: random.Random) -> dict[str, Any]:
    """A part of all policies, each at a random one of its values."""
    known: dict[str, dict[str, tuple[Any, ...]]] = {
        "revenue": {
            "measure": ("calendar_month", "trailing_30d"),
            "basis": ("all", "committed"),
            "net": (True, False),
            "take_rate": (1, 0.3),
            "close_delay_hours": (0, 24, 72),
            "fall_max": (0.5, 0.9, 1),
            "silence_max_hours": (840, 2_000),
        },
        "safety": {
            "ratio_max": (0.9, 0.6, 2),
            "cost_basis": ("monthly_cost", "max_burn"),
            "ratio_months": ("every", "current", "average_3"),
            "brake": ("debounce", "immediate", "off"),
            "hard_ratio": (1, 3, "off"),
        },
        "activation": {
            "advance": ("jump", "step"),
            "partial": (True, False),
            "approval": ("automatic", "manual"),
            "prewarm_confidence": (0.5, 1, "off"),
        },
        "rollback": {
            "after": ("debounce", "immediate", "daily"),
            "target": ("affordable", "band"),
            "hysteresis": (0.05, 0, 0.2),
            "approval": ("automatic", "automatic", "manual"),
        },
    }
    found: dict[str, Any] = {}
    for group, policies in known.items():
        chosen = {name: chance.choice(values) for name, values in policies.items() if chance.random() < 0.4}
        if chosen:
            found[group] = chosen
    return found


def _mapping(tree: dict[str, Any], place: Place) -> Mapping:
    return Mapping(place, {key: _node(value, place.under(key)) for key, value in tree.items()})


def _node(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return _mapping(value, place)
    if isinstance(value, list):
        return Sequence(place, tuple(_node(each, place) for each in value))
    return Scalar(place, value if isinstance(value, str) else json.dumps(value), null=value is None)
