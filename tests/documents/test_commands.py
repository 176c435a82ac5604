"""Every command that a page shows works as it stands, or the page says why nobody tried it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.documents.blocks import ELSEWHERE, LANGUAGES, ROOT, SHELL, Block, blocks, blocks_of, pages
from tests.documents.stage import Stage

BLOCKS = [block for block in blocks() if block.page not in ELSEWHERE]
EXECUTED = [block for block in BLOCKS if block.language == SHELL and not block.not_run]
PROGRAMS = ("curl", "jq", "redis-cli", "sqlite3")
"""What blocks use beside solvent and what every machine has."""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_block_says_what_it_is(block: Block) -> None:
    """A block for the shell is `sh`, output is `text`: a reader can tell, and so can this test."""
    assert block.language in LANGUAGES, f"{block.name}: name the block's language, one of {sorted(LANGUAGES)}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_begin_and_end(page: Path) -> None:
    """What ends a block has no language, else it ends nothing; what is said of a block stands right above one."""
    text = page.read_text(encoding="utf-8")
    fences = [line.strip() for line in text.splitlines() if line.lstrip().startswith("```")]

    assert ["```"] * (len(fences) // 2) == fences[1::2]
    assert len(fences) == 2 * len(list(blocks_of(page)))
    assert text.count("\n<!-- not run") == len([block for block in blocks_of(page) if block.not_run])


@pytest.mark.parametrize("page", sorted(ELSEWHERE))
def test_a_page_that_is_proven_elsewhere_has_commands(page: str) -> None:
    """The list of such pages holds nothing that is gone."""
    assert [block for block in blocks() if block.page == page]


@pytest.mark.parametrize("block", EXECUTED, ids=lambda block: block.name)
def test_the_commands_of_a_block_work(block: Block, stage: Stage) -> None:
    """Executed by a bash in a folder with a running daemon, each line ends as the page says."""
    missing = [name for name in PROGRAMS if f"{name} " in block.text and shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    ended = stage.run(block.text)

    assert 0 == ended.returncode, f"{block.name} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
