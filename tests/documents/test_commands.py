"""Every command that a page shows works as it stands, or the page says why nobody tried it."""

from __future__ import annotations

import shutil

import pytest

from tests.documents.blocks import ELSEWHERE, LANGUAGES, SHELL, Block, blocks
from tests.documents.stage import Stage

BLOCKS = [block for block in blocks() if block.page not in ELSEWHERE]
EXECUTED = [block for block in BLOCKS if block.language == SHELL and not block.not_run]
needs_console = pytest.mark.skipif(shutil.which("redis-cli") is None, reason="redis-cli is not installed")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_block_says_what_it_is(block: Block) -> None:
    """A block for the shell is `sh`, output is `text`: a reader can tell, and so can this test."""
    assert block.language in LANGUAGES, f"{block.name}: name the block's language, one of {sorted(LANGUAGES)}"


@pytest.mark.parametrize("page", sorted(ELSEWHERE))
def test_a_page_that_is_proven_elsewhere_has_commands(page: str) -> None:
    """The list of such pages holds nothing that is gone."""
    assert [block for block in blocks() if block.page == page]


@needs_console
@pytest.mark.parametrize("block", EXECUTED, ids=lambda block: block.name)
def test_the_commands_of_a_block_work(block: Block, stage: Stage) -> None:
    """Executed by a bash in a folder with a running daemon, each line ends as the page says."""
    ended = stage.run(block.text)

    assert 0 == ended.returncode, f"{block.name} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
