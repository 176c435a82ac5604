"""A simulated daemon speaks into the void: a thousand lives would fill the screen."""

from __future__ import annotations

import pytest
import structlog


@pytest.fixture(autouse=True)
def silent_logs(logs_as_before: None) -> None:
    """Log lines are made and dropped."""
    structlog.configure(processors=[lambda *_: ""], logger_factory=structlog.ReturnLoggerFactory())
