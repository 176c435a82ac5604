"""Which sources are constructed, and what can never work."""

from __future__ import annotations

import re
import sys

import pytest

from adapters.sources.construction import SourceUnusableError
from config.extras import install_hint
from config.settings import (
    FolderSource,
    PostSource,
    ReceivingSettings,
    Settings,
    SourceSettings,
    SqlSource,
    StreamSource,
)
from daemon.assembly.sources import sources_of
from tests.sources.payments import MovedClock
from tests.sources.post.signing import SECRET

SQL = SqlSource(url="env:SHOP_URL", query="SELECT :cursor, :limit")
POST = PostSource(secret="env:TILL")
ENVIRON = {"TILL": SECRET, "SHOP_URL": "sqlite:////nowhere/shop.db"}


def settings(*, http: str = "127.0.0.1:8418", **sources: SourceSettings) -> Settings:
    """Settings with these sources."""
    return Settings(plan="autobroker", sources=sources, receiving=ReceivingSettings(http=http))


async def test_each_kind_is_what_it_is() -> None:
    """Who is asked, who posts, and the stream, which its intake reads; a database that is away is no refusal."""
    made = sources_of(
        settings(web=SQL, files=FolderSource(path="/nowhere"), till=POST, redis=StreamSource()), MovedClock(), ENVIRON
    )

    assert (["web", "files"], ["till"]) == ([each.name for each in made.asked], [each.name for each in made.posted])
    await made.close()


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (settings(till=POST, http=""), "the source till takes posts, and there is nowhere to post to: set receiving"),
        (settings(a=StreamSource(), b=StreamSource()), "the sources a and b are both of the kind stream"),
        (settings(web=SqlSource(url="env:NONE", query="SELECT")), "the source web: query: :cursor is missing"),
        (settings(till=PostSource(secret="env:NONE")), "the source till: the variable NONE is not set"),
    ],
)
def test_what_can_never_work_is_refused(chosen: Settings, sentence: str) -> None:
    """With a sentence that names the source."""
    with pytest.raises(SourceUnusableError, match=sentence):
        sources_of(chosen, MovedClock(), ENVIRON)


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever did not install the extra is told which."""
    for name in [each for each in sys.modules if each.startswith("adapters.sources.sql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    with pytest.raises(SourceUnusableError, match=re.escape(f"needs the package sqlalchemy: {install_hint('sql')}")):
        sources_of(settings(web=SQL), MovedClock(), ENVIRON)
