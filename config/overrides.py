"""`--set path=value`: values that replace a plan's own, read by the same parsers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.errors import Problem, shown
from config.policy_keys import POLICY_PARSERS
from config.suggestions import did_you_mean
from config.yaml_tree import Mapping, Node, Place, Scalar

SET_ORIGIN: Final = "--set"
OVERRIDE_KEYS: Final = ("currency", "timezone", *POLICY_PARSERS)
"""What `--set` takes. A policy may also be written as in the file, with `policies.` before it."""
OVERRIDE_CHARACTERS_MAX: Final = 256


def overridden(root: Mapping, overrides: Sequence[str]) -> tuple[Mapping, list[Problem]]:
    """The tree with every override in place, the last one of a key winning, and the problems of the others."""
    problems: list[Problem] = []
    for override in overrides:
        key, equals, text = (part.strip() for part in override.partition("="))
        key = key.removeprefix("policies.")
        place = Place(SET_ORIGIN, None, key if key in OVERRIDE_KEYS else "")
        if not equals or len(override) > OVERRIDE_CHARACTERS_MAX:
            expected = "path=value, such as safety.ratio_max=0.80"
            problems.append(place.problem(expected, shown(override)))
        elif key not in OVERRIDE_KEYS:
            expected = f"one of {', '.join(OVERRIDE_KEYS)}"
            problems.append(place.problem(expected, shown(key) + did_you_mean(key, OVERRIDE_KEYS)))
        else:
            path = ["policies", *key.split(".")] if "." in key else [key]
            root = _replaced(root, path, Scalar(place, text))
    return root, problems


def _replaced(mapping: Mapping, path: list[str], value: Scalar) -> Mapping:
    """The mapping with `value` at the path; a path blocked by something else than a mapping leaves it as it is."""
    key, rest = path[0], path[1:]
    present = mapping.entries.get(key)
    if not rest:
        same = isinstance(present, Scalar) and present.text == value.text
        replacement: Node = present if same and present is not None else value
    elif isinstance(present, Mapping):
        replacement = _replaced(present, rest, value)
    elif present is None or (isinstance(present, Scalar) and present.null):
        replacement = _replaced(Mapping(mapping.place.under(key), {}), rest, value)
    else:
        return mapping
    return Mapping(mapping.place, {**mapping.entries, key: replacement})
