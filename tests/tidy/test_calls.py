from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.tidy.source_tree import PACKAGES, calls_of, dotted_name, python_files, relative, tree_of

TASK_STARTERS = ("create_task", "ensure_future", "run_coroutine_threadsafe")
TASKS_FILE = "daemon/kernel/tasks.py"
CLOCK_READERS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.sleep",
    "asyncio.sleep",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "date.today",
}
CLOCK_FILES = ("adapters/clocks", "config/examples/")
"""An example is a program of its own, on another machine, with the clock of that machine."""
LOOP_TIME_FILES = ("daemon/kernel/", "adapters/redis_server/")
"""May sleep on the loop's own time: the kernel's loop is virtual in simulation, a real server is never simulated."""
REASON = re.compile(r"# noqa: BLE001 - \w+")
MONEY_WORDS = ("micros", "amount", "cost", "money", "mrr", "revenue", "price")
METRICS_FILES = ("adapters/metrics",)
"""Prometheus knows only floats: a gauge is the one place where money becomes one."""


def place(path: Path, node: ast.AST) -> str:
    """Where a finding stands, and its text."""
    return f"{relative(path)}:{node.lineno}: {ast.unparse(node)[:100]}"  # type: ignore[attr-defined]


def task_groups_of(path: Path) -> set[str]:
    """The names that `async with asyncio.TaskGroup() as name` binds in a file."""
    return {
        item.optional_vars.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and dotted_name(item.context_expr.func).endswith("TaskGroup")
        and isinstance(item.optional_vars, ast.Name)
    }


def is_owned(path: Path, name: str, call: ast.Call) -> bool:
    """Whether a task group owns the task that a call starts, and the task has a name."""
    return name.split(".", maxsplit=1)[0] in task_groups_of(path) and any(
        keyword.arg == "name" for keyword in call.keywords
    )


def test_every_task_has_a_name_and_an_owner() -> None:
    """Outside the kernel's task module a task is started by a task group only, and named."""
    naked = [
        place(path, call)
        for path in python_files(*PACKAGES)
        for name, call in calls_of(path)
        if name.split(".")[-1] in TASK_STARTERS and relative(path) != TASKS_FILE and not is_owned(path, name, call)
    ]

    assert [] == naked


def only_yields(name: str, call: ast.Call) -> bool:
    """Whether a call is `asyncio.sleep(0)`, which waits for nothing and lets the others run."""
    return name == "asyncio.sleep" and [ast.unparse(argument) for argument in call.args] == ["0"]


def test_only_clock_adapters_read_the_clock_or_sleep() -> None:
    """No source file outside the clock adapters asks for the time of day or waits by itself."""
    found = [
        place(path, call)
        for path in python_files(*PACKAGES)
        for name, call in calls_of(path)
        if name in CLOCK_READERS and not relative(path).startswith(CLOCK_FILES) and not only_yields(name, call)
        if not (name == "asyncio.sleep" and relative(path).startswith(LOOP_TIME_FILES))
    ]

    assert [] == found


def test_clock_functions_are_called_by_their_full_name() -> None:
    """Nothing is imported from `time` by name, so that the check above sees every call."""
    found = [
        place(path, node)
        for path in python_files(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == "time" and not relative(path).startswith(CLOCK_FILES)
    ]

    assert [] == found


def test_decisions_make_no_float() -> None:
    """Neither `config` nor `machines` calls `float`."""
    found = [
        place(path, call)
        for path in python_files("config", "machines")
        for name, call in calls_of(path)
        if name == "float"
    ]

    assert [] == found


def test_money_never_becomes_a_float() -> None:
    """Outside the metrics no amount is handed to `float`."""
    found = [
        place(path, call)
        for path in python_files("adapters", "daemon")
        for name, call in calls_of(path)
        if name == "float"
        and any(word in ast.unparse(call).lower() for word in MONEY_WORDS)
        and not relative(path).startswith(METRICS_FILES)
    ]

    assert [] == found


def divides_inexactly(node: ast.AST) -> bool:
    """Whether a division of integers makes a float: micros over micros, a number or a length; a `Fraction` is exact."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return False
    of_money = dotted_name(node.left).endswith("micros")
    by_integer = (
        dotted_name(node.right).endswith("micros")
        or isinstance(node.right, ast.Constant)
        or (isinstance(node.right, ast.Call) and dotted_name(node.right.func) in {"len", "int", "sum"})
    )
    return of_money and by_integer


def test_micros_are_never_divided_into_a_float() -> None:
    """An amount in micros is divided with `//`, `divided_half_even` or a `Fraction`, never by an integer with `/`."""
    found = [
        place(path, node)
        for path in python_files(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if divides_inexactly(node) and not relative(path).startswith(METRICS_FILES)
    ]

    assert [] == found


def names_of(kind: ast.expr | None) -> set[str]:
    """The last parts of the names of the exceptions that a handler catches."""
    parts = kind.elts if isinstance(kind, ast.Tuple) else [kind] if kind else []
    return {dotted_name(part).split(".")[-1] for part in parts}


def handlers_without_raise(*caught: str) -> list[tuple[Path, ast.ExceptHandler]]:
    """Every handler of one of these exceptions that does not raise; a bare `except` catches `BaseException`."""
    return [
        (path, node)
        for path in python_files(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (names_of(node.type) if node.type else {"BaseException"}) & set(caught)
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


def test_a_cancellation_is_never_swallowed() -> None:
    """A handler of `CancelledError` raises; the kernel alone, which cancels, may see one end."""
    found = [
        f"{relative(path)}:{handler.lineno}"
        for path, handler in handlers_without_raise("CancelledError")
        if not relative(path).startswith("daemon/kernel/")
    ]

    assert [] == found


def test_whoever_catches_everything_says_why() -> None:
    """A handler of every exception that raises nothing has its reason beside it."""
    found = [
        f"{relative(path)}:{handler.lineno}"
        for path, handler in handlers_without_raise("BaseException", "Exception")
        if not REASON.search(path.read_text(encoding="utf-8").splitlines()[handler.lineno - 1])
    ]

    assert [] == found
