"""Write docs/settings.md from `config/settings/`, where each setting stands with its type, default and reason.

python -m tests.documents.settings_page           # rewrites docs/settings.md
"""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from config.settings import ChannelSettings, Settings, SourceSettings
from config.settings.values import REFERENCE_EXPECTED
from tests.documents.blocks import ROOT

PAGE: Final = ROOT / "docs" / "settings.md"
HEAD: Final = """\
# Settings

Every setting of `solvent run`, by group. `python -m tests.documents.settings_page` writes this page from
`config/settings/`.

A setting comes from its default, then the file of `--settings` (or `SOLVENT_SETTINGS`, for the commands that say so),
then a variable `SOLVENT_KEY` or `SOLVENT_GROUP__KEY`, then an option; the later wins. The service's file is
`/etc/solvent/solvent.toml` ([systemd.md](systemd.md)), read at a start: `systemctl restart solvent` after a change.
What cannot be used is refused before anything starts, all mistakes at once, each with its line. A key that ends in `_s`
counts seconds. A secret never stands in a setting, only where it is (`env:NAME`, `file:/PATH`, `credential:NAME`).

```toml
plan = "autobroker"          # a key of the first table

[provisioning]               # a group
step_deadline_s = 600

[sources.shop]               # a named table; its kind says which keys it has
kind = "folder"
path = "/srv/exports"
```

What a plan can say is in [plans.md](plans.md).
"""
_ENDS: Final = ("ge", "le")
_CONVERTED: Final = {int: "number", str: "text", bool: "`true` or `false`", float: "number"}


def page() -> str:
    """The whole page."""
    parts = [HEAD, _section("Of the daemon", "", Settings)]
    for field in msgspec.structs.fields(Settings):
        if field.name in ("sources", "channels"):
            kinds = get_args(SourceSettings if field.name == "sources" else ChannelSettings)
            parts += [_section(f'`[{field.name}.NAME]`, `kind = "{_tag(each)}"`', field.name, each) for each in kinds]
        elif _is_group(field.type):
            parts.append(_section(f"`[{field.name}]`", field.name, field.type))
    return "\n".join(parts)


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _tag(struct: Any) -> str:
    return str(struct.__struct_config__.tag)


def _section(title: str, group: str, struct: type) -> str:
    lines = [f"## {title}", ""]
    if group:
        lines += [_cell(inspect.getdoc(struct) or ""), ""]
    lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    told, hints = _docstrings(struct), get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        if group or not (_is_group(field.type) or field.name in ("sources", "channels")):
            cells = (f"`{field.name}`", _value(hints[field.name]), _default(field), told.get(field.name, ""))
            lines.append("| " + " | ".join(_cell(each) for each in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace(" |", "|") if "|" in text else " ".join(text.split())


def _docstrings(struct: type) -> dict[str, str]:
    """What stands below each field."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    told: dict[str, str] = {}
    for each, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            told[each.target.id] = str(text.value) if isinstance(text, ast.Constant) else ""
    return told


def _value(kind: Any) -> str:
    """What may stand there, in words."""
    metas = list(_metas(kind))
    plain = _plain(kind)
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return " or ".join(f"`{each.value}`" for each in plain)
    if get_origin(plain) in (tuple, list):
        most = next((each.max_length for each in metas if each.max_length), None)
        return f"list of {_value(get_args(plain)[0])}" + (f", at most {most}" if most else "")
    if get_origin(plain) is dict:
        return "table"
    said = next((each.description for each in metas if each.description), None)
    if said == REFERENCE_EXPECTED:
        return "where a secret is"
    low, high = (next((getattr(each, end) for each in metas if getattr(each, end) is not None), None) for end in _ENDS)
    bounds = f" {low:,} to {high:,}" if low is not None and high is not None else ""
    return said or (bounds.strip() if bounds else _CONVERTED.get(plain, "text"))


def _metas(kind: Any) -> Iterator[Meta]:
    """The bounds of a type, the outer ones first."""
    if get_origin(kind) is Annotated:
        yield from (each for each in kind.__metadata__ if isinstance(each, Meta))
        yield from _metas(get_args(kind)[0])
    elif None.__class__ in get_args(kind):
        yield from (meta for each in get_args(kind) for meta in _metas(each))


def _plain(kind: Any) -> Any:
    """The type without bounds and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    choices = [each for each in get_args(kind) if each is not None.__class__]
    return _plain(choices[0]) if None.__class__ in get_args(kind) else kind


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "must be given"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None:
        return "none"
    return f"`{json.dumps(value, default=lambda each: getattr(each, 'value', str(each)))}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{Path(PAGE).relative_to(ROOT)}: {len(re.findall('^[|] `', page(), re.MULTILINE))} settings\n")
