"""How the options of a compose component are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import PlanError
from config.loading import plan_from_bytes
from config.plan import Component

PLAN = """\
plan: shop
currency: EUR
timezone: Europe/Rome
components:
  web: {monthly_cost: 5, provisioner: compose, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [web]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The plan's folder, with the compose files that it names."""
    (tmp_path / "web").mkdir()
    for file in ("c.yaml", "web/compose.yaml"):
        (tmp_path / file).write_text("services: {}\n", encoding="utf-8")
    return tmp_path


def component(options: str, folder: Path | None) -> Component:
    """The component of a plan with these options."""
    return plan_from_bytes(PLAN.replace("OPTIONS", options).encode(), "shop.yaml", (), folder).components["web"]


def test_the_file_stands_beside_the_plan(folder: Path) -> None:
    """A relative path is against the plan's folder, an absolute one is kept."""
    beside, absolute = component("file: web/compose.yaml", folder), component("file: /etc/web.yaml", None)

    assert [f"{folder}/web/compose.yaml", "/etc/web.yaml"] == [each.options["file"] for each in (beside, absolute)]


def test_every_option_is_read(folder: Path) -> None:
    """Each option as it is written, defaults beside."""
    text = (
        "file: c.yaml, project: shop-web, profile: production, service: app, scale: 2, memory_limit_mib: 64, "
        "cpus: 0.5, remove_volumes: yes, docker_host: 'ssh://me@Build.example:22', time_limit_s: 60"
    )

    assert component(text, folder).options == {
        "file": f"{folder}/c.yaml",
        "project": "shop-web",
        "profile": "production",
        "service": "app",
        "scale": 2,
        "memory_limit_mib": 64,
        "cpus": "0.5",
        "remove_volumes": True,
        "docker_host": "ssh://me@Build.example:22",
        "time_limit_s": 60,
    }


@pytest.mark.parametrize(
    ("address", "domain"),
    [("", "docker"), (", docker_host: 'ssh://me@Build.example:22'", "docker/build.example")],
)
def test_one_engine_is_one_failure_domain(folder: Path, address: str, domain: str) -> None:
    """The engine's host is the provider; the daemon's own engine is `docker`."""
    assert domain == component(f"file: c.yaml{address}", folder).provider


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("project: web", "a compose file's path"),
        ("file: c.yaml, scale: 2", "service: the one that is scaled"),
        ("file: c.yaml, service: app, scale: 0", "from 1 to 100"),
        ("file: c.yaml, cpus: 0", "above 0"),
        ("file: c.yaml, cpus: half", "a decimal number"),
        ("file: c.yaml, memory_limit_mib: 5", "from 6 to"),
        ("file: c.yaml, project: Shop", "a project's name"),
        ("file: c.yaml, docker_host: 'build.example'", "an engine's address"),
        ("file: c.yaml, replicas: 2", "the unknown key"),
        ("file: d.yaml", "a readable compose file: make it, or mend the path, found '.*/d.yaml': No such file"),
        ("file: /nowhere/c.yaml", "found '/nowhere/c.yaml': No such file"),
        ("file: web", "found '.*/web': Is a directory"),
    ],
)
def test_a_mistake_is_named(folder: Path, options: str, expected: str) -> None:
    """Each wrong option is a problem that says what was expected."""
    with pytest.raises(PlanError, match=expected):
        component(options, folder)


def test_a_relative_path_needs_a_folder() -> None:
    """A plan that came from no file cannot name a file beside it."""
    with pytest.raises(PlanError, match="an absolute path"):
        component("file: c.yaml", None)
