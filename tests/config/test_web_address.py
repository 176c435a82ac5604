"""URLs are read strictly: where two readers could see two places, there is none."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.errors import ReadingError
from config.web_address import WebAddress, is_inside, web_address

REFUSED = [
    "https://hooks.example.org:8443:x/", "http://[::1", "http://[::1]x/", "http://①②⑦.⓪.⓪.①:1/", "http://:80/",
    "https://example.org:99999/", "https://example.org:0/", "http://xn--a/", "http://a..b/", "http://-a/", "http:///x",
    "http://127.1/", "http://0x7f.1/", "http://1.2.3.4.5/", "http://010.0.0.1/", "http://[fe80::1%25eth0]/",
    "https://user@example.org/", "https://example.org/a b", "https://example.org/ü", "ftp://example.org/", "example",
    "http://example.org\\@inside/", "",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """With one sentence."""
    with pytest.raises(ReadingError, match="expected a URL such as"):
        web_address(url)


def test_a_refusal_shows_no_token() -> None:
    """It may stand in the path or the query."""
    for url in ("https://a:b/t0ken", "https://a:b?t0ken"):
        with pytest.raises(ReadingError) as refused:
            web_address(url)
        assert "t0ken" not in str(refused.value)


def test_a_url_is_scheme_host_and_port() -> None:
    """The port of the scheme where none is written."""
    assert WebAddress("https", "exa_mple.org", 443, "https://exa_mple.org") == web_address("https://exa_mple.org/x?y=1")
    assert WebAddress("http", "::1", 8080, "http://[::1]:8080") == web_address("http://[::1]:8080?x")
    assert "xn--mnchen-3ya.de" == web_address("https://xn--mnchen-3ya.de").host


@example("http://a%2")
@example("https://a:1/%zz[?#")
@given(st.from_regex(r"https?://[a-z0-9.:\[\]%①xn-]{1,12}([/?][!-~]{0,8})?", fullmatch=True))
def test_what_is_taken_the_client_takes_as_well(url: str) -> None:
    """And it sees the same host and port there."""
    try:
        address = web_address(url)
    except ReadingError:
        return
    read = httpx.URL(url)

    assert address.host.lower() == read.raw_host.decode()
    assert address.port == (read.port or {"http": 80, "https": 443}[read.scheme])


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("[::1]", True),
        ("[::ffff:10.0.0.1]", True),
        ("LOCALHOST", True),
        ("a.localhost.", True),
        ("93.184.215.14", False),
        ("notlocalhost", False),
        ("localhost.example.org", False),
    ],
)
def test_a_url_itself_may_say_that_it_leads_inside(host: str, inside: bool) -> None:
    """A name that only resolves there is found out when it is used."""
    assert inside is is_inside(web_address(f"http://{host}/"))
