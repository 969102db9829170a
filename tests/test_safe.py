"""A hundred payloads in every place of every kind of feed: nothing that could act comes out, in any format, on any page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from aggregator import check
from aggregator.text import characters, markup
from tests.payloads import PAYLOADS
from tests.test_faithful import NOW, Desk

ATOM = "{http://www.w3.org/2005/Atom}"
ACTIVE = "//script|//iframe|//object|//embed|//svg|//math|//form|//style|//base|//meta|//link|//template|//frame|//frameset|//applet|//textarea|//select|//input|//button|//dialog|//noscript"
EXPECTED_PAGE = "//script|//iframe|//object|//embed|//math|//base|//template|//frame|//frameset|//applet|//img|//video|//audio|//source|//textarea|//select|//dialog|//noscript"
NAMED = re.compile(r"<[/!?]?[A-Za-z]")
SETTINGS = "[fold]\ntext = false\nevent = false\n[publish]\nlimit = 1000\n"


def escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("\x00", "")
        .replace("\x01", "")
        .replace("\x0c", "")
    )


def cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def twice(text: str) -> str:
    return escaped(escaped(text))


def attribute(text: str) -> str:
    return quoteattr(text.replace("\x00", "").replace("\x01", "").replace("\x0c", ""))


def rss(write: Any) -> str:
    items = "".join(
        f"<item><title>{write(p)} {n}</title><link>{write(p)}</link><guid>{write(p)}{n}</guid><description>{write(p)} d{n}</description><content:encoded>{write(p)} c{n}</content:encoded>"
        f"<category domain={attribute(p)}>{write(p)}</category><author>{write(p)}</author><dc:creator>{write(p)}</dc:creator><dc:rights>{write(p)}</dc:rights><dc:publisher>{write(p)}</dc:publisher>"
        f"<pubDate>{(datetime(2024, 1, 1) + timedelta(hours=n)):%a, %d %b %Y %H:%M:%S} GMT</pubDate><comments>{write(p)}</comments><enclosure url={attribute(p)} type={attribute(p)} length={attribute(p)}/><media:thumbnail url={attribute(p)}/><media:content url={attribute(p)}/>"
        f"<source url={attribute(p)}>{write(p)}</source><creativeCommons:license>{write(p)}</creativeCommons:license><podcast:transcript url={attribute(p)} type={attribute(p)}/></item>"
        for n, p in enumerate(PAYLOADS)
    )
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"'
    return (
        f'<rss version="2.0" {names}><channel><title>{write(PAYLOADS[0])} t</title><link>javascript:alert(1)</link><description>{write(PAYLOADS[0])}</description><language>{write(PAYLOADS[0])}</language>'
        f"<copyright>{write(PAYLOADS[0])}</copyright><image><url>javascript:alert(1)</url><title>{write(PAYLOADS[0])}</title><link>javascript:alert(1)</link></image>{items}</channel></rss>"
    )


def atom(write: Any) -> str:
    entries = "".join(
        f'<entry xml:base={attribute(p)} xml:lang={attribute(p)}><id>{write(p)}{n}</id><title type="html">{write(p)} {n}</title><link href={attribute(p)}/><link rel="related" href={attribute(p)}/><link rel="enclosure" href={attribute(p)} type={attribute(p)}/>'
        f'<author><name>{write(p)}</name><uri>{write(p)}</uri><email>{write(p)}</email></author><category term={attribute(p)} scheme={attribute(p)} label={attribute(p)}/><summary type="html">{write(p)}</summary><content type="html">{write(p)} {n}</content></entry>'
        for n, p in enumerate(PAYLOADS)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><id>javascript:alert(1)</id><title type="html">{write(PAYLOADS[0])} t</title><link href="javascript:alert(1)"/><icon>javascript:alert(1)</icon><rights>{write(PAYLOADS[0])}</rights>{entries}</feed>'


def jsonfeed() -> str:
    items = [
        {
            "id": f"{p}{n}",
            "url": p,
            "external_url": p,
            "title": f"{p} {n}",
            "content_html": f"{p} {n}",
            "summary": p,
            "image": p,
            "banner_image": p,
            "tags": [p],
            "language": p,
            "authors": [{"name": p, "url": p, "avatar": p}],
            "attachments": [{"url": p, "mime_type": p, "title": p}],
        }
        for n, p in enumerate(PAYLOADS)
    ]
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": PAYLOADS[0],
            "home_page_url": "javascript:alert(1)",
            "feed_url": "javascript:alert(1)",
            "icon": "javascript:alert(1)",
            "items": items,
        }
    )


@pytest.fixture(scope="module", params=["escaped", "cdata", "twice"])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("attacked"), SETTINGS)
    write = {"escaped": escaped, "cdata": cdata, "twice": twice}[request.param]
    desk.write("rss", rss(write))
    desk.write("atom", atom(escaped if write is cdata else write))
    desk.write("json", jsonfeed())
    desk.cycle(NOW)
    return desk


def test_S8_S9_S13_F29_content_is_inert_and_stable(attacked: Desk) -> None:
    items = attacked.items()
    assert len(items) > 2.5 * len(PAYLOADS), "none is lost for what it holds"
    for item in items.values():
        content = item.get("content_html", "")
        document: Any = etree.HTML(f"<div>{content}</div>")
        assert not document.xpath(ACTIVE), content
        for found in document.xpath("//@*"):
            assert not found.attrname.startswith("on") and found.attrname not in (
                "style",
                "cite",
                "ping",
                "background",
                "formaction",
                "action",
                "xlink:href",
            ), content
            if found.attrname in ("href", "src", "poster"):
                assert found.startswith(("http://", "https://", "mailto:")), content
        assert markup.safe(content) == content, "S13"
        assert markup.safe(content, item["url"]) == content, "S13, whatever the base"


def plain_texts(attacked: Desk) -> Iterator[str]:
    """Titles, names, categories, rights … of all formats, as their parsers give them."""
    for item in attacked.items().values():
        yield from [
            item["title"],
            *item.get("tags", ()),
            *(a["name"] for a in item["authors"]),
            item["_source"]["title"],
            item.get("_rights", {}).get("text", ""),
        ]
    for item in attacked.xml("all.rss").iter("item"):
        for tag in (
            "title",
            "category",
            "source",
            "{http://purl.org/dc/elements/1.1/}creator",
            "{http://purl.org/dc/elements/1.1/}rights",
            "{http://purl.org/dc/elements/1.1/}publisher",
        ):
            yield from (element.text or "" for element in item.iter(tag))
    for entry in attacked.xml("all.atom").iter(f"{ATOM}entry"):
        for tag in ("title", "name", "rights"):
            yield from (element.text or "" for element in entry.iter(f"{ATOM}{tag}"))
        yield from (element.get("term") for element in entry.iter(f"{ATOM}category"))
        yield from (element.get("title", "") for element in entry.iter(f"{ATOM}link"))


def test_S10_titles_authors_categories_are_text_that_shows_as_it_is(attacked: Desk) -> None:
    texts = list(plain_texts(attacked))
    assert len(texts) > 10 * len(PAYLOADS) and not [text for text in texts if NAMED.search(text)]


def addresses(attacked: Desk) -> Iterator[str]:
    for name in ("all.rss", "all.atom", "sources.rss", "sources.atom"):
        for element in attacked.xml(name).iter():
            yield from (
                value
                for key, value in element.attrib.items()
                if key in ("href", "url", "src", "domain", "scheme")
            )
            if (
                isinstance(element.tag, str)
                and etree.QName(element).localname
                in ("link", "comments", "uri", "icon", "logo", "url", "docs", "license")
                and element.text
            ):
                yield element.text
    for item in attacked.items().values():
        yield from [
            item["url"],
            item.get("image", "https://x.example/"),
            item["_source"]["url"],
            item["_source"].get("home_page_url", "https://x.example/"),
        ]
        yield from (one["url"] for one in item.get("attachments", ()))
        yield from (one["url"] for one in item["authors"] if "url" in one)


def test_S11_every_address_is_one_that_nothing_acts_on(attacked: Desk) -> None:
    found = set(addresses(attacked))
    assert found and not [one for one in found if not one.startswith(("http://", "https://", "mailto:"))]
    ids = [entry.findtext(f"{ATOM}id") for entry in attacked.xml("all.atom").iter(f"{ATOM}entry")]
    assert not [
        one for one in ids if re.match(r"\s*(javascript|vbscript|data|file|blob):", one, re.I) or "<" in one
    ]


def test_S12_F30_relative_links_are_absolute_and_a_bad_base_is_ignored(attacked: Desk) -> None:
    for item in attacked.items().values():
        assert not re.search(
            r'(?:href|src|poster|srcset)="(?!https?://|mailto:)', item.get("content_html", "")
        )


def test_S14_strict_xml_and_json_everywhere(attacked: Desk) -> None:
    public = attacked.folder / "var" / "public"
    assert list(check.folder(public)) == []
    for path in public.rglob("*"):
        if path.suffix in (".rss", ".atom", ".json", ".opml", ".html") and not path.name.startswith("."):
            text = path.read_text(encoding="utf-8")
            assert (
                characters.clean(text) == text
                and "<!DOCTYPE" not in text[:200]
                and (path.suffix in (".html", ".json") or text.count("<?") == 1)
            )


def test_S8_pages_of_ours_hold_nothing_active_either(attacked: Desk) -> None:
    for path in sorted((attacked.folder / "var" / "public").rglob("*.html")):
        document: Any = etree.HTML(path.read_text(encoding="utf-8"))
        assert not document.xpath(EXPECTED_PAGE), path
        assert not [a for a in document.xpath("//@*") if a.attrname.startswith("on") or a.attrname == "style"]
        assert not [
            a
            for a in document.xpath("//@href|//@src|//@action")
            if not a.startswith(("https://", "http://", "mailto:", "#", "data:image/svg+xml,%3Csvg"))
        ]
