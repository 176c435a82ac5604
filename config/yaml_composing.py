"""PyYAML's safe loader, composing one document with limits on nesting and aliases."""

from __future__ import annotations

from typing import Any

import yaml


class LimitedLoader(yaml.SafeLoader):
    """Composes nodes and constructs nothing; too deep a nesting and too many aliases are syntax errors."""

    depth_max: int
    aliases_max: int

    @classmethod
    def compose_text(cls, text: str, depth_max: int, aliases_max: int) -> yaml.Node | None:
        """The root node of the one document in `text`; None for an empty one. Raises `yaml.YAMLError`."""
        loader = cls(text)
        loader.depth_max = depth_max
        loader.aliases_max = aliases_max
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
        return node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """One node with all below it; PyYAML recurses here, so the limit also guards the interpreter's stack."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        assert isinstance(mark, yaml.Mark)
        if isinstance(event, yaml.AliasEvent):
            self.aliases_max -= 1
            if self.aliases_max < 0:
                raise yaml.MarkedYAMLError(problem="more aliases than a plan needs", problem_mark=mark)
        self.depth_max -= 1
        if self.depth_max < 0:
            raise yaml.MarkedYAMLError(problem="values nested too deep", problem_mark=mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth_max += 1
        return node
