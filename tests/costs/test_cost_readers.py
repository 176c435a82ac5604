"""Which readers the settings switch on."""

from __future__ import annotations

import pytest

from adapters.clocks import SystemClock
from adapters.costs import cost_readers
from config.errors import ProblemsError
from config.settings import CostsSettings
from config.settings_loading import load_settings


async def named(settings: CostsSettings) -> list[str]:
    """The names of what these settings construct."""
    readers = cost_readers(settings, {}, SystemClock())
    for reader in readers:
        await reader.close()
    return [reader.name for reader in readers]


async def test_none_is_read_unless_it_was_asked_for() -> None:
    """A read costs money and needs rights."""
    assert [] == await named(CostsSettings())


async def test_each_is_switched_on_by_its_setting() -> None:
    """Both may run side by side; nothing connects before the first read."""
    assert ["cost_explorer"] == await named(CostsSettings(cost_explorer=True))
    both = CostsSettings(cost_explorer=True, open_cost_url="https://opencost.example/model")
    assert ["cost_explorer", "open_cost"] == await named(both)


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("OPEN_COST_URL", "ftp://opencost", "a URL such as http://opencost.opencost:9003, without a user"),
        ("OPEN_COST_URL", "http://me:secret@opencost", "a URL such as"),
        ("OPEN_COST_CURRENCY", "usd", "a currency such as USD"),
        ("COST_EXPLORER_REGION", "US", "a region such as us-east-1"),
    ],
)
def test_a_wrong_setting_says_what_was_expected(variable: str, text: str, expected: str) -> None:
    """In words."""
    with pytest.raises(ProblemsError, match=expected):
        load_settings(None, {f"SOLVENT_COSTS__{variable}": text}, {"plan": "autobroker"})
