"""The page of settings says what the code says."""

from __future__ import annotations

import msgspec

from config.settings import Settings
from tests.documents.settings_page import PAGE, page


def test_the_page_of_settings_is_that_of_the_code() -> None:
    """Whoever changes a setting writes the page again: python -m tests.documents.settings_page."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_group_has_its_table() -> None:
    """A group of settings that is new stands on the page, and every key has a meaning."""
    written = page()

    assert [] == [
        each for each in Settings.__struct_fields__ if f"`[{each}" not in written and f"`{each}`" not in written
    ]
    assert "|  |" not in written
    assert len(written.splitlines()) > len(msgspec.structs.fields(Settings))
