"""The project's own files, read once for all tidy tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "machines", "adapters", "daemon")
TOP_FOLDERS = (*PACKAGES, "tests", "docs", "systemd", ".ci")
TEXT_SUFFIXES = frozenset(
    [
        *("", ".cfg", ".conf", ".csv", ".json", ".lock", ".lowest", ".md", ".py", ".service", ".timer", ".toml"),
        *(".yaml", ".yml"),
    ]
)
FILE_BYTES_MAX = 1_000_000
"""Larger files are data, such as a journal kept as a fixture."""


def relative(path: Path) -> str:
    """The path as a message shows it: from the project's root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file below these top-level folders, sorted."""
    return tuple(sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")))


@cache
def text_files() -> tuple[Path, ...]:
    """Every text file of the project that people write, without what builds and tools make."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in TOP_FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return tuple(
        sorted(
            path
            for path in [*top, *below]
            if path.suffix in TEXT_SUFFIXES
            and "__pycache__" not in path.parts
            and not path.name.startswith(".coverage")
            and path.stat().st_size <= FILE_BYTES_MAX
        )
    )


@cache
def tree_of(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file, nested ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file with the dotted name of what is called, `loop.create_task`; '' where it has no name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield dotted_name(node.func), node


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; for a chain that starts with a call or an index only its attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}".lstrip(".")
    return ""
