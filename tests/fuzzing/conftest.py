"""What a fuzzed piece of solvent says to the log concerns no other test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The log is put back as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
