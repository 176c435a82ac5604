"""A simulated daemon speaks into the void: a thousand lives would fill the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def silent_logs() -> Iterator[None]:
    """Log lines are made and dropped."""
    before = structlog.get_config()
    structlog.configure(processors=[lambda *_: ""], logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.configure(**before)
