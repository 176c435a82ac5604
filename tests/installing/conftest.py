from __future__ import annotations

from pathlib import Path

import pytest

from tests.installing.fake_systemd import Target


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A machine with nothing installed."""
    return Target(tmp_path, monkeypatch)
