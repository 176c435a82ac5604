"""Loading a plan: by the name of a shipped one or by path, with overrides, every problem at once."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from config.errors import PlanError, Problem, shown
from config.overrides import overridden
from config.plan import Plan
from config.reading import Collector
from config.reading_plan import plan_read
from config.suggestions import did_you_mean
from config.yaml_tree import PLAN_BYTES_MAX, Mapping, Place, kind_text, tree_from_bytes

_SUFFIX: Final = ".yaml"


def load_plan(name_or_path: str, overrides: Sequence[str] = ()) -> Plan:
    """The plan of a shipped name such as `autobroker`, or of a path (anything with a `/` or an ending).

    `overrides` are `path=value` texts as `--set` takes them. Raises `PlanError` with all problems of file and
    overrides at once.
    """
    file, data, folder = _bytes_of(name_or_path)
    return plan_from_bytes(data, file, overrides, folder)


def plan_from_text(text: str, file: str, overrides: Sequence[str] = ()) -> Plan:
    """The plan that a text states; `file` is what problems call it. Raises `PlanError`."""
    return plan_from_bytes(text.encode("utf-8", errors="surrogatepass"), file, overrides)


def plan_from_bytes(data: bytes, file: str, overrides: Sequence[str] = (), folder: Path | None = None) -> Plan:
    """The plan that a file's bytes state; `file` is what problems call it. Raises `PlanError` and nothing else.

    Relative paths inside the plan stand against `folder`; without one they are a problem.
    """
    tree, problems = tree_from_bytes(data, file)
    if tree is None or not isinstance(tree, Mapping):
        if tree is not None and not problems:
            problems = [tree.place.problem("a mapping with plan, components, levels", kind_text(tree))]
        _, override_problems = overridden(Mapping(Place(file, None, ""), {}), overrides)
        raise PlanError(problems + override_problems)
    plan, problems_of_file = _read(tree, folder)
    problems += problems_of_file
    if overrides:
        # The file is judged as it stands too: an override must not hide what is wrong with it.
        changed, override_problems = overridden(tree, overrides)
        plan, problems_of_changed = _read(changed, folder)
        problems += override_problems + problems_of_changed
    if problems:
        raise PlanError(problems)
    return plan


def shipped_plans() -> tuple[str, ...]:
    """The names of the plans that come with solvent."""
    entries = (files(__package__) / "plans").iterdir()
    return tuple(sorted(each.name.removesuffix(_SUFFIX) for each in entries if each.name.endswith(_SUFFIX)))


def _read(tree: Mapping, folder: Path | None) -> tuple[Plan, list[Problem]]:
    collector = Collector()
    return plan_read(tree, folder, collector), collector.problems


def _bytes_of(name_or_path: str) -> tuple[str, bytes, Path]:
    """What problems call the plan, at most one byte more than a plan may have, and the folder it stands in."""
    if name_or_path in shipped_plans():
        resource = files(__package__) / "plans" / f"{name_or_path}{_SUFFIX}"
        return f"config/plans/{name_or_path}{_SUFFIX}", resource.read_bytes(), Path(str(resource)).parent
    place = Place(name_or_path if name_or_path.isprintable() else shown(name_or_path), None, "")
    if "/" not in name_or_path and "." not in name_or_path:
        names = shipped_plans()
        expected = f"one of the shipped plans ({', '.join(names)}), or a path such as ./my-plan.yaml"
        raise PlanError([place.problem(expected, shown(name_or_path) + did_you_mean(name_or_path, names))])
    try:
        with Path(name_or_path).open("rb") as file:
            return name_or_path, file.read(PLAN_BYTES_MAX + 1), Path(name_or_path).resolve().parent
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlanError([place.problem("a plan file that can be read", reason)]) from None
