"""When are two links one link?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import urls


@pytest.mark.parametrize(
    ("href", "base", "wanted"),
    [
        ("https://A.example:443/x y?b=2&utm_source=q&a=1#part", None, "https://a.example/x%20y?b=2&a=1#part"),
        ("/p", "https://a.example/x/", "https://a.example/p"),
        ("//b.example/p", "https://a.example/", "https://b.example/p"),
        ("HTTP://a.example", None, "http://a.example/"),
        ("https://user:secret@a.example:8/p", None, "https://a.example:8/p"),
        ("//user@a.example/p", "https://b.example/", "https://a.example/p"),
        ("https://a.example/%zz", None, "https://a.example/%25zz"),
        (
            "https://a.example/%d8%b9/%7ejo?q=%c3%a4%2f#%41",
            None,
            "https://a.example/%D8%B9/~jo?q=%C3%A4%2F#A",
        ),
        ("https://a.example/a/%2e%2e/b%2541", None, "https://a.example/a/%2E%2E/b%2541"),
        ("https://bücher.example/ä", None, "https://xn--bcher-kva.example/%C3%A4"),
        ("https://a.example/?fbclid=1", None, "https://a.example/"),
        (" \n https://a.example/\tx\n", None, "https://a.example/x"),
        ("https://a.example/x/../y/./z/..", None, "https://a.example/y/"),
        ("https://a.example/.well-known/..x", None, "https://a.example/.well-known/..x"),
        ("https://a.example/?a=1&amp;b=2&#038;c=3", None, "https://a.example/?a=1&b=2&c=3"),
        ("https://a.example/?a=1&amp;amp;#38;b=2", None, "https://a.example/?a=1&b=2"),
        ("https://a.example/?a[]=1|2", None, "https://a.example/?a%5B%5D=1%7C2"),
        ("javascript:alert(1)", "https://a.example/", None),
        ("java\nscript:alert(1)", None, None),
        ("data:text/html,x", None, None),
        ("mailto:a@b.example", None, None),
        ("p", None, None),
        ("N/A", "https://a.example/", None),
        (" undefined\n", "https://a.example/", None),
        ("-", "https://a.example/", None),
        ("none/such", "https://a.example/", "https://a.example/none/such"),
        ("https://a.example/null", None, "https://a.example/null"),
        ("http://", None, None),
        ("www.b.example/p?x=1", "https://a.example/f/", "https://www.b.example/p?x=1"),
        ("www.b.example", "http://a.example/f/", "http://www.b.example/"),
        ("WWW.B.example:8080/p", None, "http://www.b.example:8080/p"),
        ("www.html", "https://a.example/f/", "https://a.example/f/www.html"),
        ("www.about.html", "https://a.example/f/", "https://a.example/f/www.about.html"),
        ("www.b.example.png", None, "http://www.b.example.png/"),
        ("www./x", "https://a.example/f/", "https://a.example/f/www./x"),
        ("a.example/2026/p", "https://a.example/f/", "https://a.example/2026/p"),
        ("a.examples/p", "https://a.example/f/", "https://a.example/f/a.examples/p"),
        ("b.example/p", "https://a.example/f/", "https://a.example/f/b.example/p"),
        ("localhost/p", "http://localhost/f/", "http://localhost/f/localhost/p"),
        ("http:/b.example/p", "http://a.example/", "http://b.example/p"),
        ("https:///b.example/p", None, "https://b.example/p"),
        ("http:/p/q", "http://a.example/x/", "http://a.example/p/q"),
        ("http://[bad", None, None),
        ("http://a.example:99999/", None, None),
        ("https://a.example/" + "x" * 5000, None, None),
    ],
)
def test_follow(href: str, base: str | None, wanted: str | None) -> None:
    assert urls.clean_link(href, base) == wanted


@pytest.mark.parametrize(
    "port",
    [
        "80",
        "443",
        "0",
        "080",
        "999",
        "1000",
        "08080",
        "9999",
        "10000",
        "59999",
        "64999",
        "65535",
        "65536",
        "",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_is_known_at_a_glance_is_what_it_is_anyway(scheme: str, port: str) -> None:
    """That of a usual port, as of none."""
    href = f"{scheme}://a.example:{port}/x/1.rss"
    assert urls.clean_link(href) == urls._cleaned(href, None)
    if urls._AS_IT_IS.fullmatch(href):
        anyway = f"{href}#"
        assert (urls.redact(href), urls.host(href)) == (urls.redact(anyway), urls.host(anyway))
        assert urls._is_canonical_uri(scheme, href[len(scheme) + 1 :])
    assert urls.is_web(href) == urls.is_web(f"{scheme}://A.example:{port}/x")  # in capitals at no glance


_PIECES = (
    "/", "/a", "/..", "b=1", "?", "&", "&amp;", "&&", "#", "#!/c", "utm_source=x", "ref=rss", "ref=7", "fbclid=", "%20", "é", "=", "!", "//",
)  # fmt: skip


@given(
    st.text("ab1.-/_~:@,;&=%?#", max_size=20)
    | st.lists(st.sampled_from(_PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces))
)
def test_most_links_stay_as_they_are_without_being_taken_apart(rest: str) -> None:
    href = f"https://a.example{rest}"
    assert urls.clean_link(href, "http://b.example/") == urls._cleaned(href, "http://b.example/")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("http://www.a.example/x/", "https://a.example/x"),
        ("https://m.a.example/x?utm_medium=rss&b=1&a=2", "https://a.example/x?a=2&b=1"),
        ("https://a.example/x/amp", "https://a.example/x"),
        ("https://a.example/x?outputType=amp", "https://a.example/x#top"),
        ("https://A.example:443//x", "https://a.example/x"),
        ("https://a.example/%7Ejo", "https://a.example/~jo"),
        ("https://a.example/%c3%a9t%c3%a9", "https://a.example/été"),
        ("https://a.example/e\u0301te\u0301", "https://a.example/été"),
        ("https://a.example./x", "https://a.example/x"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://a.example/x?q=a+b", "https://a.example/x?q=a%20b"),
        ("https://a.example/x/index.html", "https://a.example/x/"),
        ("https://a.example/x.amp.html", "https://a.example/x.html"),
        ("https://amp.a.example/x", "https://mobile.a.example/x"),
        ("https://www.google.com/amp/s/www.a.example/x", "https://a.example/x"),
        ("https://a-example.cdn.ampproject.org/c/s/a.example/x?amp=1", "https://a.example/x"),
        ("https://a.example/p/7?source=rss----3f4---4", "https://a.example/p/7"),
        ("https://a.example/x#xtor=RSS-3208", "https://a.example/x"),
        ("https://youtu.be/abc-DEF_123?si=x", "https://www.youtube.com/watch?v=abc-DEF_123"),
        ("https://www.youtube.com/shorts/abc-DEF_123", "https://youtube.com/watch?v=abc-DEF_123&feature=y"),
        ("https://m.youtube.com/watch?app=m&v=abc-DEF_123#t", "https://youtu.be/abc-DEF_123/"),
        ("https://mobile.twitter.com/jane/status/1", "https://x.com/jane/status/1"),
        ("https://old.reddit.com/r/a/comments/1/b/", "https://www.reddit.com/r/a/comments/1/b"),
        ("https://de.m.wikipedia.org/wiki/A", "https://de.wikipedia.org/wiki/A"),
        ("https://a.example/x?ref=rss", "https://a.example/x"),
        ("https://a.example/x?partner=rss&ito=1&b=2", "https://a.example/x?b=2&ito=1&partner=rss"),
        ("https://m.youtube.com/watch?v=X1&utm_source=a", "https://www.youtube.com/watch?v=X1"),
    ],
)
def test_one_link(a: str, b: str) -> None:
    assert urls.key(a) == urls.key(b) is not None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("https://youtu.be/abc-DEF_123", "https://youtu.be/abc-DEF_124"),
        ("https://www.youtube.com/watch?list=abc-DEF_123", "https://youtu.be/abc-DEF_123"),
        ("https://youtu.example/abc-DEF_123", "https://www.youtube.com/watch?v=abc-DEF_123"),
        ("https://nottwitter.com/jane", "https://x.com/jane"),
        ("https://en.m.wikipedia.org/wiki/A", "https://de.wikipedia.org/wiki/A"),
        ("https://a.example/x?id=1", "https://a.example/x?id=2"),
        ("https://a.example/X", "https://a.example/x"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/#!/x", "https://a.example/#!/y"),
        ("https://news.a.example/x", "https://a.example/x"),
        ("https://a.example/?p=1", "https://a.example/?p=2"),
        ("https://a.example/index.php?id=1", "https://a.example/index.php?id=2"),
        ("https://a.example/app#/posts/1", "https://a.example/app#/posts/2"),
        ("https://a.example/app#!/posts/1", "https://a.example/app"),
        ("https://www.youtube.com/watch?v=X1", "https://www.youtube.com/watch?v=x1"),
        ("https://a.example/x?source=7", "https://a.example/x?source=8"),
        ("https://a.example/x?ref=7", "https://a.example/x"),
        ("https://a.example/%F1%F2", "https://a.example/%F0%F2"),
        ("https://a.example/?s=%F1", "https://a.example/?s=%F0"),
        ("https://a.example/x?a=1%262", "https://a.example/x?a=1&2"),
        ("https://a.example/x%3Fa=1", "https://a.example/x?a=1"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("https://a.example/x.html", "https://a.example/x"),
        ("https://a.example/2024/amplifier", "https://a.example/2024"),
        ("https://a.example/x?a[]=1", "https://a.example/x?a[]=2"),
        ("https://a.example/a+b", "https://a.example/a%20b"),
        ("https://www.example/x", "https://example/x"),
        ("https://m.example/x", "https://www.example/x"),
    ],
)
def test_two_links(a: str, b: str) -> None:
    assert urls.key(a) != urls.key(b)


_MAY_SAY_WHICH = [
    "campaign_id=881",
    "partner=12",
    "cmp=12",
    "ito=5",
    "taid=5",
    "ns_id=7",
    "at_id=7",
    "pk_id=7",
    "ga_id=4",
    "ref_url=x",
    "source=feed",
    "source=rss",
    "from=rss",
    "cvid=3",
    "spm=1.2",
    "smid=9",
    "mtm_id=4",
    "feed=atom",
    "via=feed",
    "cmpid=4",
    "ocid=4",
    "icid=4",
    "mbid=4",
    "hsa_id=3",
    "sc_cid=4",
]


@pytest.mark.parametrize("pair", _MAY_SAY_WHICH)
def test_what_may_say_which_page_is_meant_stays_and_parts_links(pair: str) -> None:
    link = f"https://a.example/view?a=1&{pair}&b=2"
    key = urls.key(link)
    assert urls.clean_link(link) == link
    assert key is not None and key != urls.key("https://a.example/view?a=1&b=2")
    assert urls.page_key(key) == urls.key("https://a.example/view?a=1&b=2")
    assert urls.key(f"https://a.example/?{pair}") is not None, "it may be no home page"


_NEVER_SAYS_WHICH = [
    "utm_source=x",
    "utm_anything=x",
    "fbclid=x",
    "gclid=x",
    "msclkid=x",
    "mc_cid=x",
    "mc_eid=x",
    "wt_mc=x",
    "xtor=RSS-1",
    "igshid=x",
    "_hsenc=x",
    "mkt_tok=x",
    "srsltid=x",
    "at_medium=RSS",
    "at_campaign=KARANGA",
    "at_bbc_team=x",
    "at_custom3=x",
    "ns_mchannel=rss",
    "pk_campaign=x",
    "mtm_source=x",
    "ga_source=x",
    "hsa_cam=x",
    "source=rss----9f3---4",
    "ref=rss",
    "UTM_SOURCE=x",
    "utm%5Fsource=x",
]


@pytest.mark.parametrize("pair", _NEVER_SAYS_WHICH)
def test_what_never_says_which_page_is_meant_goes(pair: str) -> None:
    assert urls.clean_link(f"https://a.example/view?a=1&{pair}&b=2") == "https://a.example/view?a=1&b=2"
    assert urls.clean_link(f"https://a.example/view?{pair}") == "https://a.example/view"


@given(
    st.from_regex(
        r"https?://(www\.|m\.)?[a-z0-9-]{1,9}(\.[a-z]{1,3})?(/[a-z~!'*:@.-]{0,5}|/amp|/index.html)+",
        fullmatch=True,
    )
)
def test_a_plain_link_has_the_key_that_it_has_with_a_place_in_its_page(link: str) -> None:
    assert urls.key(link) == urls.key(f"{link}#b")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://www.google.com/amp/s/a.example/x", "a.example/x"),
        ("https://www.google.com/amp/s/a.example:8080/x", "a.example:8080/x"),
        ("https://www.google.com/amp/s/a.example:x/y", "google.com/s/a.example%3Ax/y"),
        ("https://a-example.cdn.ampproject.org/c/s/a.example:99999/", "a-example.cdn.ampproject.org/c/s/a.example%3A99999"),
    ],
)  # fmt: skip
def test_a_copy_of_a_page_is_the_page_where_that_has_an_address(link: str, expected: str) -> None:
    assert urls.key(link) == expected


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("https://www.google.com/url?rct=j&sa=t&url=https://o.example/a&ct=ga&usg=x", "https://o.example/a"),
        ("https://www.google.co.uk/url?q=https%3A%2F%2Fo.example%2F%3Fb%3D1%26c%3D2", "https://o.example/?b=1&c=2"),
        ("http://news.google.com/news/url?sa=t&url=http://o.example/a", "http://o.example/a"),
        ("http://www.bing.com/news/apiclick.aspx?tid=1&url=https%3a%2f%2fo.example%2fa&c=1", "https://o.example/a"),
        ("https://r.search.yahoo.com/_ylt=A/RO=10/RU=https%3a%2f%2fo.example%2fa/RK=2/RS=b", "https://o.example/a"),
        ("http://us.rd.yahoo.com/dailynews/rss/*http://o.example/a?b=1", "http://o.example/a?b=1"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fo.example%2Fa%3Futm_source%3Dx&h=1", "https://o.example/a"),
        ("https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fo.example%2Fa", "https://o.example/a"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fo.example%2F&data=x", "https://o.example/"),
        # no doors, or none that lead anywhere
        ("https://www.google.com/url?url=/search", None),
        ("https://www.google.com/url?q=javascript:alert(1)", None),
        ("https://www.google.com/url?url=https%3A%2F%2Fwww.google.com%2Fmaps", None),
        ("https://www.google.com/url?usg=https://o.example/a", None),
        ("https://www.google.com/url#url=https://o.example/a", None),
        ("https://google.evil.example/url?url=https://o.example/a", None),
        ("https://a.example/share?url=https://o.example/a", None),
        ("https://a.example/?x=https://www.google.com/url?url=https://o.example/a", None),
    ],
)  # fmt: skip
def test_a_link_leads_where_it_says_that_it_leads(link: str, wanted: str | None) -> None:
    assert urls.destination(link) == (wanted or link)
    assert urls.destination(None) is None


def test_a_home_page_identifies_nothing() -> None:
    assert urls.key("https://a.example/") is None and urls.key("https://a.example/index.html") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://a.example/1", True),
        ("tag:a.example,2024:x", True),
        ("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", True),
        ("http://a.example/?utm_source=x&a=%2F#f", True),
        ("http://a.example:8080/A/%C3%A4", True),
        ("https://a.example/", True),
        ("123", False),
        ("a b:c", False),
        ("https://a.example/a b", False),
        ("javascript:alert(1)", False),
        ("/relative", False),
        ("", False),
        ("https://a.example/" + "x" * 2030, True),
        ("https://a.example/" + "x" * 2031, False),
        ("yt:video:1", False),
        ("https://a.example/%zz", False),
        ("http://", False),
        ("tag:nodate:x", False),
        ("x" * 3000, False),
        ("http://a.example/ä", False),
        ("http://A.example/", False),
        ("HTTP://a.example/", False),
        ("http://a.example", False),
        ("http://a.example:80/", False),
        ("http://a.example/./x", False),
        ("http://a.example/%7ex", False),
        ("http://a.example/%c3%a4", False),
        ("http://a.example/%E4", False),
        ("tag:A.example,2024:x", False),
        ("urn:uuid:1", False),
        ("news:a@b", True),
    ],
)
def test_F10_ids(text: str, wanted: bool) -> None:
    assert urls.is_id(text) == wanted
    minted = urls.public_id("s", "k", text)
    assert (minted == text) == wanted and urls.is_id(minted)


def test_F13_minted_ids_depend_on_source_and_key_alone() -> None:
    assert urls.public_id("s", "k", None) == urls.public_id("s", "k", "123") != urls.public_id("t", "k", None)


def test_S7_redact() -> None:
    assert urls.redact("https://user:pw@a.example/f?token=abc&page=2") == "https://a.example/f?token=…&page=2"
    assert "0a1b2c3d4e5f6a7b8c9d0e1f2a3b" not in urls.redact(
        "https://a.example/f?x=0a1b2c3d4e5f6a7b8c9d0e1f2a3b"
    )


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("http://a.example/x", "http://a.example/x"),
        ("http://10.0.0.1:8080/x", "http://10.0.0.1:8080/x"),
        ("http://a.example/[x]?y=[z]", "http://a.example/%5Bx%5D?y=%5Bz%5D"),
        ("http://[::1]/x", None),
        ("https://[2001:db8::1]:8443/x", None),
        ("http://u@[::ffff:1.2.3.4]/", None),
        ("mailto:a@b.example", None),
        (None, None),
    ],
)
def test_plain_links_are_those_that_every_reader_takes(link: str | None, wanted: str | None) -> None:
    assert urls.publishable(link) == wanted


@given(st.text(max_size=60), st.text(max_size=20))
def test_S11_nothing_else_than_web_addresses_comes_out(href: str, base: str) -> None:
    found = urls.clean_link(href, base)
    assert found is None or (
        found.startswith(("http://", "https://")) and not set(found) & set(' \t\r\n<>"`')
    )
    assert found is None or urls.clean_link(found) == found, "following again changes nothing"
    assert found is None or urls.key(found) == urls.key(href), (
        "the link to follow has the key of what was said"
    )
    urls.redact(href)


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("the same", "https://c.example/1.mp3", "https://c.example/1.mp3", True),
        ("another scheme", "http://c.example/1.mp3", "https://c.example/1.mp3", True),
        ("another host", "https://c.example/1.mp3", "https://d.example/1.mp3", False),
        ("another path", "https://c.example/1.mp3", "https://c.example/2.mp3", False),
        ("another number", "https://c.example/f?id=12345678", "https://c.example/f?id=12345679", False),
        ("a moment", "https://c.example/f?x=123456789", "https://c.example/f?x=123456780", True),
        ("a moment in milliseconds", "https://c.example/f?x=12345678901234", "https://c.example/f?x=12345678901235", True),
        ("more than a moment", "https://c.example/f?x=123456789012345", "https://c.example/f?x=123456789012346", False),
        ("what nobody would type", "https://c.example/f?x=abcdefghijklmnop", "https://c.example/f?x=abcdefghijklmnoq", True),
        ("what somebody might", "https://c.example/f?x=abcdefghijklmno", "https://c.example/f?x=abcdefghijklmnp", False),
        ("by its name", "https://c.example/f?Expires=1&id=2&sig=a", "https://c.example/f?id=2&sig=b&Expires=2", True),
        ("no longer signed", "https://c.example/f?sig=a", "https://c.example/f", False),
    ],
)  # fmt: skip
def test_what_makes_two_addresses_one_file(name: str, one: str, other: str, same: bool) -> None:
    assert (urls.media_key(one) == urls.media_key(other)) == same, name


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("magnet:?xt=urn:btih:abc&tr=udp%3A%2F%2Ft.example", True),
        ("MAGNET:?xt=urn:btih:abc", True),
        ("magnet:?x", True),
        ("magnet:?" + "x" * 4000, True),
        ("magnet:?" + "x" * 4001, False),
        ("magnet:?", False),
        ("magnet:x", False),
        ("magnet:?a b", False),
        ('magnet:?a"b', False),
        ("magnet:?a<b", False),
        ("magnet:?ü", False),
        ("https://a.example/magnet:?x", False),
        (None, False),
    ],
)
def test_addresses_of_torrents(said: object, is_one: bool) -> None:
    assert (urls.magnet(said) is not None) == is_one
