"""Free-form parts of a plan as plain values."""

from __future__ import annotations

from typing import Any

from config import values
from config.errors import ReadingError
from config.yaml_tree import Broken, Mapping, Node, Sequence


def plain_value(node: Node) -> Any:
    """A node as lists, mappings, whole numbers, booleans and text; a decimal stays the text it was written as."""
    if isinstance(node, Mapping):
        return {key: plain_value(child) for key, child in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    if isinstance(node, Broken) or node.null:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    try:
        return values.integer(-(10**18) + 1, 10**18 - 1)(node.text)
    except ReadingError:
        return node.text
