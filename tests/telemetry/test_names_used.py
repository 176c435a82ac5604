"""Every name that the code logs is in the registry, and every name of the registry is logged somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adapters.log_repeats import SUPPRESSED
from daemon.telemetry.event_log import _KERNEL_NAMES
from daemon.telemetry.names import EVENT_NAMES, FROZEN, OTHER_NAMES, THAWED
from tests.tidy.source_tree import ROOT

METHODS = frozenset({"debug", "info", "warning", "error", "exception", "log"})
LOGGERS = frozenset({"log", "_log", "logger", "_logger"})


def logged_names() -> Iterator[str]:
    """The literal first argument of each call of a structlog logger in adapters and daemon."""
    for package in ("adapters", "daemon"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _is_logging(node.func):
                    yield from (
                        each.value
                        for each in ast.walk(ast.Module([ast.Expr(a) for a in node.args], []))
                        if isinstance(each, ast.Constant) and isinstance(each.value, str)
                    )


def _is_logging(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return False
    logger = function.value
    if isinstance(logger, ast.Call):
        return isinstance(logger.func, ast.Attribute) and logger.func.attr == "get_logger"
    name = logger.attr if isinstance(logger, ast.Attribute) else getattr(logger, "id", "")
    return name in LOGGERS


def test_every_logged_name_is_registered() -> None:
    """Nobody logs under a name that docs/logs.md does not explain."""
    known = {*EVENT_NAMES.values(), *OTHER_NAMES}

    assert set() == set(logged_names()) - known


def test_every_registered_name_is_logged() -> None:
    """The registry explains nothing that is never said."""
    of_the_journal_and_kernel = {FROZEN, THAWED, SUPPRESSED, *_KERNEL_NAMES.values()}

    assert set() == set(OTHER_NAMES) - set(logged_names()) - of_the_journal_and_kernel
