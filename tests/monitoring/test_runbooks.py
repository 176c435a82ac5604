"""Runbooks and alerts belong to each other, and what a runbook tells one to type exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import click
import pytest

from daemon.cli.main import main
from daemon.telemetry.names import EVENT_NAMES, OTHER_NAMES
from daemon.verbs.table import VERBS
from tests.monitoring.alert_case import ROOT, rules_of

PAGE = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
SECTIONS = {text.partition("\n")[0]: text for text in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]}
PARTS = ("**Means.**", "**At stake.**", "**Look.**", "**Do.**", "**Wake somebody.**")
ALERTS = rules_of("alerts.yaml")


def options_of(words: list[str]) -> tuple[list[str], set[str]]:
    """The `--options` typed after `solvent`, and those that the command has; raises `KeyError` for no such command."""
    context = click.Context(main)
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            if command is main:
                raise KeyError(words[0])
            break
        command, words = found, words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    return [word for word in words if word.startswith("--")], known


def typed() -> Iterator[str]:
    """Every `solvent …` in code of the page, whole lines and words in a sentence."""
    lines = re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL)
    words = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    for line in chain.from_iterable(
        each.splitlines() for each in (*lines, *(" ".join(each.split()) for each in words))
    ):
        yield from (found.strip() for found in re.findall(r"(?:^|\(|; )(solvent [a-z-]+[^|;()]*)", line))


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    """In the same order, and the alert's address is the heading's."""
    assert list(ALERTS) == list(SECTIONS)
    assert [f"docs/runbooks.md#{name.lower()}" for name in SECTIONS] == [
        rule["annotations"]["runbook_url"] for rule in ALERTS.values()
    ]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_answers_the_five_questions(name: str) -> None:
    """What it means, what is at stake, what to look at with commands, what to do, whom to wake: each answered."""
    text = SECTIONS[name].partition("\n## ")[0]
    places = [text.find(part) for part in PARTS]
    answers = [part.strip() for part in re.split(r"\*\*[A-Z][a-z ]+\.\*\*", text)[1:]]

    assert sorted(places) == places
    assert -1 not in places
    assert all(len(answer) > 2 for answer in answers)
    assert re.search(r"```\w*\n\S.*\n```", text, re.DOTALL)


def test_critical_alerts_may_wake_and_others_mostly_not() -> None:
    """A section of a critical alert says when to wake somebody; it is not a bare no."""
    critical = [name for name, rule in ALERTS.items() if rule["labels"]["severity"] == "critical"]
    bare = [name for name in critical if SECTIONS[name].partition("**Wake somebody.**")[2].strip().startswith("No.\n")]

    assert critical
    assert [] == bare


@pytest.mark.parametrize("line", sorted(set(typed())))
def test_what_is_typed_exists(line: str) -> None:
    """The command and its options are solvent's."""
    options, known = options_of(line.split()[1:])

    assert [] == [option for option in options if option not in known], line


def test_events_and_verbs_exist() -> None:
    """What is looked for in the log is logged, and what is sent is understood."""
    events = set(re.findall(r"(?:--event |\.event == .\")(\w+)", PAGE))
    verbs = set(re.findall(r"\bverb\s+([a-z-]+)", PAGE))

    assert events
    assert set() == events - {*EVENT_NAMES.values(), *OTHER_NAMES}
    assert verbs
    assert set() == verbs - VERBS.keys()
