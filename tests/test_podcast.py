"""Podcasts and planets, from a source's bytes to published bytes: what apps read of an episode, whose an entry
is (numbers: properties of published feeds).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator import check, cycle, render
from aggregator.cycle import Wanted
from aggregator.edition import View, compose
from aggregator.model import Enclosure, Entry, FetchResult, Limits, Origin
from aggregator.parse import body
from aggregator.parse import feeds as parser
from aggregator.render import podcast
from aggregator.store import open_writer
from tests.helpers import NOW, config
from tests.test_publishing import ATOM, ORIGINS, SITE, made, story

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
VALIDATOR = os.environ.get("FEEDVALIDATOR", "")  # the `src` folder of a checkout of the W3C feed validator
VALIDATOR_PYTHON = os.environ.get("FEEDVALIDATOR_PYTHON", sys.executable)

SHOW = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>The Lens</title><link>https://lens.example/</link><description>On glass</description><language>en</language>
<itunes:author>Glass People</itunes:author><itunes:owner><itunes:name>The Office</itunes:name><itunes:email>office@lens.example</itunes:email></itunes:owner>
<itunes:explicit>false</itunes:explicit><itunes:image href="https://lens.example/cover.jpg"/><itunes:category text="Arts"><itunes:category text="Design"/></itunes:category>
%s</channel></rss>"""
EPISODE = """<item><title>2. Grinding</title><guid isPermaLink="false">e2</guid><link>https://lens.example/2</link><pubDate>Mon, 07 Sep 2026 08:00:00 GMT</pubDate>
<description>How lenses are ground.</description><enclosure url="https://lens.example/2.mp3" type="audio/mpeg" length="5000"/>%s</item>"""
RICH = """<itunes:title>Grinding</itunes:title><itunes:duration>1:02:03</itunes:duration><itunes:explicit>yes</itunes:explicit><itunes:season>2</itunes:season>
<itunes:episode>12</itunes:episode><itunes:episodeType>bonus</itunes:episodeType><itunes:image href="https://lens.example/2.jpg"/>
<podcast:season name="Glass">3</podcast:season><podcast:episode display="Ch. 4">204</podcast:episode>
<podcast:person role="guest" href="https://ann.example/" img="javascript:alert(1)">Ann &lt;b&gt;Lee&lt;/b&gt;</podcast:person><podcast:person>{Bob}</podcast:person><podcast:person/>
<podcast:transcript url="2.srt" type="application/srt"/><podcast:transcript url="https://lens.example/2.vtt" type="text/vtt" language="en"/><podcast:transcript url="https://lens.example/2.txt"/>
<podcast:chapters url="https://lens.example/2.json" type="application/json+chapters"/>
<podcast:socialInteract uri="https://social.example/@lens/1" protocol="activitypub" accountId="@lens" priority="1"/>
<podcast:soundbite startTime="73.0" duration="60.5">Sand &amp; fire</podcast:soundbite><podcast:soundbite startTime="90" duration="5"/><podcast:soundbite duration="5"/>
<podcast:location geo="geo:45.43,12.35" osm="R44741">Murano</podcast:location><podcast:location geo="geo:1,2"/>
<podcast:license url="https://creativecommons.org/licenses/by/4.0/">cc-by-4.0</podcast:license>
<thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0" ref="urn:lens:1" href="https://lens.example/1" source="javascript:x"/>"""


def parsed(text: str) -> list[Entry]:
    fetched = FetchResult("https://lens.example/feed", NOW, 200, body=text.encode())
    found = parser.read("s", fetched, Limits(), body.of(fetched, Limits()))
    assert found.warnings == ()
    return list(found.entries)


def episode(more: str, prefix: str = "") -> dict[str, list[str]]:
    """The extras of an episode by name."""
    (entry,) = parsed(SHOW % (EPISODE % more))
    found: dict[str, list[str]] = {}
    for name, value in entry.extras:
        found.setdefault(name, []).append(value)
    return found


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("yes", "true"),
        ("true", "true"),
        ("Explicit", "true"),
        ("no", "false"),
        ("clean", "false"),
        (" False ", "false"),
        ("perhaps", "false"),
        ("", "false"),
    ],
)
def test_explicit_in_all_its_words_and_of_the_whole_show(said: str, wanted: str) -> None:
    assert episode(f"<itunes:explicit>{said}</itunes:explicit>")["itunes:explicit"] == [wanted], (
        "of the show where none of the item's"
    )


def test_what_is_no_episode_is_not_explicit() -> None:
    (entry,) = parsed(SHOW % "<item><title>News of the show</title><guid>n</guid></item>")
    assert entry.extras == ()


def test_every_element_of_an_episode_is_kept_with_its_text_and_its_attributes() -> None:
    found = episode(RICH)
    assert {
        name: [json.loads(one) if one.startswith("{") else one for one in values]
        for name, values in found.items()
    } == {
        "itunes:duration": ["1:02:03"],
        "itunes:season": ["2"],
        "itunes:episode": ["12"],
        "itunes:episodeType": ["bonus"],
        "itunes:explicit": ["true"],
        "itunes:title": ["Grinding"],
        "podcast:season": [{"text": "3", "name": "Glass"}],
        "podcast:episode": [{"text": "204", "display": "Ch. 4"}],
        "podcast:person": [
            {"text": "Ann Lee", "role": "guest", "href": "https://ann.example/"},
            {"text": "{Bob}"},
        ],
        "podcast:transcript": [
            {"url": "https://lens.example/2.srt", "type": "application/srt"},
            {"url": "https://lens.example/2.vtt", "type": "text/vtt", "language": "en"},
        ],
        "podcast:chapters": [{"url": "https://lens.example/2.json", "type": "application/json+chapters"}],
        "podcast:socialInteract": [
            {
                "uri": "https://social.example/@lens/1",
                "protocol": "activitypub",
                "accountId": "@lens",
                "priority": "1",
            }
        ],
        "podcast:soundbite": [
            {"text": "Sand & fire", "startTime": "73.0", "duration": "60.5"},
            {"startTime": "90", "duration": "5"},
        ],
        "podcast:location": [{"text": "Murano", "geo": "geo:45.43,12.35", "osm": "R44741"}],
        "podcast:license": [
            {"text": "cc-by-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        ],
        "thr:in-reply-to": [{"ref": "urn:lens:1", "href": "https://lens.example/1"}],
    }


def test_another_prefix_is_the_same_namespace() -> None:
    text = SHOW % (EPISODE % "<p20:person>Ann</p20:person>")
    (entry,) = parsed(text.replace("xmlns:podcast=", "xmlns:p20="))
    assert ("podcast:person", "Ann") in entry.extras


@pytest.mark.parametrize(
    ("name", "channel", "wanted"),
    [
        (
            "the author, not the owner, whichever comes first",
            "<itunes:owner><itunes:name>Office</itunes:name></itunes:owner><itunes:author>Ann</itunes:author>",
            ["Ann"],
        ),
        (
            "… nor last",
            "<itunes:author>Ann</itunes:author><itunes:owner><itunes:name>Office</itunes:name><itunes:email>o@x.example</itunes:email></itunes:owner>",
            ["Ann"],
        ),
        (
            "the owner where there is no author",
            "<itunes:owner><itunes:name>Office</itunes:name></itunes:owner>",
            ["Office"],
        ),
        ("nobody", "", []),
    ],
)
def test_F38_who_made_a_show(name: str, channel: str, wanted: list[str]) -> None:
    head = SHOW.partition("<itunes:author>")[0]
    (entry,) = parsed(f"{head}{channel}{EPISODE % ''}</channel></rss>")
    assert [person.name for person in entry.authors] == wanted, name


# ---------------------------------------------------------------- what is published


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a desk with the show, a blog that announced its episode first, and a planet."""
    folder = tmp_path_factory.mktemp("podcast")
    other = (
        EPISODE.replace("2. Grinding", "1. Sand")
        .replace("e2", "e1")
        .replace("2.mp3", "1.mp3?from=feed")
        .replace("/2", "/1")
        .replace("08:00", "06:00")
    )
    (folder / "show.xml").write_text(
        SHOW % (EPISODE % RICH + other % "<itunes:duration>62:03.5</itunes:duration>"), encoding="utf-8"
    )
    (folder / "blog.xml").write_text(
        '<rss version="2.0"><channel><title>Blog</title><link>https://lens.example/blog</link><description>b</description><item><title>A new episode: grinding</title>'
        "<link>https://lens.example/2?utm_source=blog</link><guid>b2</guid><pubDate>Mon, 07 Sep 2026 07:00:00 GMT</pubDate></item></channel></rss>"
    )
    (folder / "planet.xml").write_text(PLANET, encoding="utf-8")
    sources = "".join(
        f'[[sources]]\nid = "{name}"\npath = "{name}.xml"\n' for name in ("show", "blog", "planet")
    )
    settings = config(folder, sources)
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    return Path(settings.output)


def rss_item(folder: Path, title: str) -> Any:
    (found,) = [
        item for item in etree.parse(str(folder / "all.rss")).iter("item") if title == item.findtext("title")
    ]
    return found


def atom_entry(folder: Path, title: str) -> Any:
    (found,) = [
        entry
        for entry in etree.parse(str(folder / "all.atom")).iter(f"{ATOM}entry")
        if title == entry.findtext(f"{ATOM}title")
    ]
    return found


def json_item(folder: Path, title: str) -> Any:
    (found,) = [
        item for item in json.loads((folder / "all.json").read_text())["items"] if item["title"] == title
    ]
    return found


def test_F1_our_own_checks_find_nothing(published: Path) -> None:
    assert list(check.folder(published)) == []


def test_rss_has_what_podcast_apps_read_of_an_episode(published: Path) -> None:
    item = rss_item(published, "A new episode: grinding")
    assert {
        name: item.findtext(f"{ITUNES}{name}")
        for name in ("title", "duration", "explicit", "season", "episode", "episodeType")
    } == {
        "title": "Grinding",
        "duration": "1:02:03",
        "explicit": "true",
        "season": "2",
        "episode": "12",
        "episodeType": "bonus",
    }
    assert item.find(f"{ITUNES}image").get("href") == "https://lens.example/2.jpg"
    assert item.find("enclosure").get("url") == "https://lens.example/2.mp3"


@pytest.mark.parametrize("read", [rss_item, atom_entry])
def test_rss_and_atom_have_the_podcast_namespace(published: Path, read: Any) -> None:
    item = read(published, "A new episode: grinding")
    found = [
        (one.tag.removeprefix(PODCAST), one.text, dict(one.attrib))
        for one in item
        if str(one.tag).startswith(PODCAST)
    ]
    assert found == [
        ("season", "3", {"name": "Glass"}),
        ("episode", "204", {"display": "Ch. 4"}),
        ("person", "Ann Lee", {"role": "guest", "href": "https://ann.example/"}),
        ("person", "{Bob}", {}),
        ("transcript", None, {"url": "https://lens.example/2.srt", "type": "application/srt"}),
        ("transcript", None, {"url": "https://lens.example/2.vtt", "type": "text/vtt", "language": "en"}),
        ("chapters", None, {"url": "https://lens.example/2.json", "type": "application/json+chapters"}),
        (
            "socialInteract",
            None,
            {
                "uri": "https://social.example/@lens/1",
                "protocol": "activitypub",
                "accountId": "@lens",
                "priority": "1",
            },
        ),
        ("soundbite", "Sand & fire", {"startTime": "73.0", "duration": "60.5"}),
        ("soundbite", None, {"startTime": "90", "duration": "5"}),
        ("location", "Murano", {"geo": "geo:45.43,12.35", "osm": "R44741"}),
        ("license", "cc-by-4.0", {"url": "https://creativecommons.org/licenses/by/4.0/"}),
    ]
    assert not [*item.iter(f"{THREAD}in-reply-to")], "the blog that leads answers nothing"


def test_json_attachments_have_duration_and_size(published: Path) -> None:
    (attachment,) = json_item(published, "A new episode: grinding")["attachments"]
    assert attachment == {
        "url": "https://lens.example/2.mp3",
        "mime_type": "audio/mpeg",
        "size_in_bytes": 5000,
        "duration_in_seconds": 3723,
    }
    assert json_item(published, "1. Sand")["attachments"][0]["duration_in_seconds"] == 3723
    elements = json_item(published, "A new episode: grinding")["_elements"]
    assert elements["podcast:person"][1] == {"text": "{Bob}"} and elements["podcast:episode"] == {
        "text": "204",
        "display": "Ch. 4",
    }


def test_the_channel_has_what_apple_asks_for_and_is_not_for_catalogues(published: Path) -> None:
    channel = etree.parse(str(published / "all.rss")).find("channel")
    assert channel is not None
    assert {name: channel.findtext(f"{ITUNES}{name}") for name in ("author", "explicit", "block")} == {
        "author": "Test desk", "explicit": "true", "block": "Yes",
    }  # fmt: skip
    assert channel.findtext(f"{ITUNES}owner/{ITUNES}email") == "nobody@aggregator.invalid"
    image, category = channel.find(f"{ITUNES}image"), channel.find(f"{ITUNES}category")
    assert image is not None and image.get("href") == "https://lens.example/cover.jpg"
    assert category is not None and category.get("text") == "Arts"


def channel_of(*stories: Any, contact: str | None = None, origins: dict[str, Origin] | None = None) -> Any:
    composed = compose(View("world", "World", "", SITE.base_url), stories, {}, origins or ORIGINS, {})
    data = render.feeds(composed, replace(SITE, contact=contact))["world.rss"]
    return etree.fromstring(data).find("channel")


THREAD = "{http://purl.org/syndication/thread/1.0}"


def test_what_an_item_answers_is_passed_on() -> None:
    said = (("thr:in-reply-to", '{"ref": "urn:lens:1", "href": "https://lens.example/1"}'),)
    composed = compose(
        View("world", "World", "", SITE.base_url), [story(1, made(1, extras=said))], {}, ORIGINS, {}
    )
    for name, data in render.feeds(composed, SITE).items():
        if name.endswith(".json"):
            assert json.loads(data)["items"][0]["_elements"] == {"thr:in-reply-to": [json.loads(said[0][1])]}
        else:
            (answered,) = etree.fromstring(data).iter(f"{THREAD}in-reply-to")
            assert {str(key): value for key, value in answered.attrib.items()} == {
                "ref": "urn:lens:1",
                "href": "https://lens.example/1",
            }, name


MP3 = Enclosure("https://c.example/1.mp3", "audio/mpeg")


@pytest.mark.parametrize(
    ("name", "media", "wanted"),
    [
        ("an episode", MP3, "90"),
        ("a film", replace(MP3, url="https://c.example/1.mp4", type="video/mp4"), "90"),
        (
            "an address that Apple does not take for one",
            replace(MP3, url="https://c.example/1.mp3?x=1"),
            None,
        ),
        ("a paper", Enclosure("https://c.example/1.pdf", "application/pdf"), None),
        ("a picture", Enclosure("https://c.example/1.jpg", "image/jpeg"), None),
    ],
)
def test_F1_itunes_in_rss_is_of_episodes_alone(name: str, media: Enclosure, wanted: str | None) -> None:
    channel = channel_of(story(1, made(1, enclosures=(media,), extras=(("itunes:duration", "90"),))))
    assert channel.findtext(f"item/{ITUNES}duration") == wanted, name
    assert (channel.find(f"{ITUNES}owner") is not None) == (wanted is not None), name


@pytest.mark.parametrize(
    ("contact", "wanted"),
    [
        ("mailto:desk@news.example", "desk@news.example"),
        ("desk@news.example", "desk@news.example"),
        (None, "nobody@aggregator.invalid"),
        ("https://news.example/about", "nobody@aggregator.invalid"),
        ("https://me@news.example/", "nobody@aggregator.invalid"),
    ],
)
def test_the_owner_s_address_is_the_contact_or_plainly_none(contact: str | None, wanted: str) -> None:
    channel = channel_of(story(1, made(1, enclosures=(replace(MP3, duration=5),))), contact=contact)
    assert channel.findtext(f"{ITUNES}owner/{ITUNES}email") == wanted


def test_the_channel_s_cover_and_category_are_those_of_most_episodes() -> None:
    def show(name: str, category: str) -> Origin:
        return replace(
            ORIGINS[name], icon=f"https://{name}.example/cover.jpg", extras=(("itunes:category", category),)
        )

    origins = {"a": show("a", "Science"), "b": show("b", "Arts"), "c": show("c", "Stamps")}
    played = replace(MP3, duration=5)
    stories = [
        story(n, made(n, source, f"T {n}", enclosures=(played,))) for n, source in enumerate("abbccc", 1)
    ]
    for count, cover, category in ((1, "a", "Science"), (2, "a", "Arts"), (3, "b", "Arts"), (6, "c", "Arts")):
        channel = channel_of(*stories[:count], origins=origins)
        assert channel.find(f"{ITUNES}image").get("href") == f"https://{cover}.example/cover.jpg"
        assert channel.find(f"{ITUNES}category").get("text") == category
        assert channel.findtext(f"{ITUNES}explicit") == "false"
    assert channel_of(story(1, made(1, enclosures=(played,)))).find(f"{ITUNES}category").get("text") == "News"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("3723", "3723"),
        ("62:03", "62:03"),
        ("1:02:03", "1:02:03"),
        ("1:2:3", "3723"),
        ("00:40:00.5", "2400"),
        ("1h", "3600"),
        ("one hour", None),
        ("", None),
        ("0", "0"),
        ("1:75", "135"),
    ],
)
def test_durations_are_written_as_apple_has_them(said: str, wanted: str | None) -> None:
    assert podcast.duration(said) == wanted


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        (
            "podcast:transcript",
            "https://x.example/a.srt application/srt",
            ("", {"url": "https://x.example/a.srt", "type": "application/srt"}),
        ),
        ("podcast:season", "3", ("3", {})),
        ("podcast:season", "three", None),
        ("podcast:person", "{not json", ("{not json", {})),
        ("podcast:person", '{"role": "host"}', None),
        ("podcast:chapters", '{"url": "javascript:alert(1)", "type": "a/b"}', None),
        ("podcast:person", "[1]", ("[1]", {})),
        ("podcast:soundbite", '{"startTime": "a", "duration": "5"}', None),
        (
            "podcast:soundbite",
            '{"startTime": "1", "duration": "5"}',
            ("", {"startTime": "1", "duration": "5"}),
        ),
        ("podcast:license", '{"url": "https://x.example/l"}', None),
        ("thr:in-reply-to", '{"ref": "no id"}', None),
        ("thr:in-reply-to", '{"ref": "tag:x,2026:1"}', ("", {"ref": "tag:x,2026:1"})),
    ],
)
def test_elements_of_older_stores_and_damaged_ones(
    name: str, said: str, wanted: tuple[str, dict[str, str]] | None
) -> None:
    assert podcast.element(name, said) == (None if wanted is None else (name, *wanted))


@pytest.mark.skipif(not VALIDATOR, reason="FEEDVALIDATOR names no checkout of the W3C feed validator")
def test_F1_the_w3c_validator_finds_nothing(published: Path) -> None:
    script = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import feedvalidator
from feedvalidator.logging import Error, Warning
for path in sys.argv[2:]:
    text = open(path, encoding="utf-8").read()
    for event in feedvalidator.validateString(text, firstOccurrenceOnly=1, base="https://desk.example/" + path.rsplit("/", 1)[1])["loggedEvents"]:
        if isinstance(event, (Error, Warning)) and type(event).__name__ != "DuplicateUpdated":
            print(path, type(event).__name__, event.params)
"""
    damaged = published / "damaged.rss"
    try:
        damaged.write_text(
            (published / "all.rss").read_text().replace("<itunes:explicit>", "<itunes:explicit>perhaps")
        )
        files = [published / "all.rss", published / "all.atom", damaged]
        command = [VALIDATOR_PYTHON, "-c", script, VALIDATOR, *map(str, files)]
        found = subprocess.run(
            command, check=True, timeout=120, capture_output=True, text=True
        ).stdout.splitlines()
    finally:
        damaged.unlink()
    assert found and all(line.startswith(str(damaged)) for line in found), "only what we damaged"


# ---------------------------------------------------------------- planets

PLANET = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Planet Quay</title><id>https://planet.example/</id><link rel="self" href="https://planet.example/atom.xml"/>
<author><name>Planet Quay</name></author><updated>2026-09-01T10:00:00Z</updated>
<entry><title>Canal walk</title><id>tag:jane.example,2026:1</id><link href="https://jane.example/1"/><updated>2026-09-01T10:00:00Z</updated>
<content type="html">A walk along the canal with my dog and a camera</content>
<source><title>Jane's blog</title><id>https://jane.example/</id><link rel="self" href="https://jane.example/atom.xml"/><link href="https://jane.example/"/>
<author><name>Jane Doe</name><uri>https://jane.example/me</uri></author><updated>2026-09-01T10:00:00Z</updated><icon>https://jane.example/i.png</icon><rights>CC0</rights></source></entry>
<entry><source><title>Bob's blog</title><id>not an iri</id><author><name>Bob</name></author><updated>2026-08-01T10:00:00Z</updated></source><title>Plain notes</title>
<id>tag:bob.example,2026:3</id><link href="https://bob.example/3"/><updated>2026-09-01T11:00:00Z</updated><author><name>Guest</name></author><content type="html">Why I moved my notes to a plain file</content></entry>
<entry><title>By the planet</title><id>tag:planet.example,2026:1</id><link href="https://planet.example/1"/><updated>2026-09-01T12:00:00Z</updated><content type="html">Our servers move on Sunday night</content></entry>
</feed>"""


@pytest.mark.parametrize(
    ("title", "author", "source", "url", "site"),
    [
        ("Canal walk", "Jane Doe", "Jane's blog", "https://jane.example/atom.xml", "https://jane.example/"),
        ("Plain notes", "Guest", "Bob's blog", "https://desk.example/sources.html", None),
        (
            "By the planet",
            "Planet Quay",
            "Planet Quay",
            "https://desk.example/sources.html",
            "https://planet.example/",
        ),
    ],
)
def test_F38_F40_an_entry_of_a_planet_is_its_blog_s(
    published: Path, title: str, author: str, source: str, url: str, site: str | None
) -> None:
    """RFC 4287, 4.1.2: the author of the source is the entry's, 4.2.11: its source is kept."""
    entry, item, record = (
        atom_entry(published, title),
        rss_item(published, title),
        json_item(published, title),
    )
    assert (
        entry.findtext(f"{ATOM}author/{ATOM}name") == author
        and entry.findtext(f"{ATOM}source/{ATOM}title") == source
    )
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == author
    assert (item.findtext("source"), item.find("source").get("url")) == (source, url)
    assert [person["name"] for person in record["authors"]] == [author]
    assert (record["_source"]["title"], record["_source"]["url"], record["_source"].get("home_page_url")) == (
        source,
        url,
        site,
    )
    page = (published / "all.html").read_text(encoding="utf-8").replace("&#39;", "'")
    assert f"<bdi>{source}</bdi>" in page


def test_F40_the_source_of_an_entry_is_that_of_the_blog_and_one_id_for_each(published: Path) -> None:
    source = atom_entry(published, "Canal walk").find(f"{ATOM}source")
    assert [source.findtext(f"{ATOM}{name}") for name in ("id", "rights", "icon")] == [
        "https://jane.example/",
        "CC0",
        "https://jane.example/i.png",
    ]
    ids = {
        atom_entry(published, title).findtext(f"{ATOM}source/{ATOM}id")
        for title in ("Canal walk", "Plain notes", "By the planet")
    }
    assert len(ids) == 3 and all(ids)


@pytest.mark.parametrize(("name", "source"), [
    ("without a title", "<source><id>tag:x.example,2026:1</id></source>"), ("empty", "<source/>"),
])  # fmt: skip
def test_F40_a_source_that_names_nobody_changes_nothing(name: str, source: str) -> None:
    entries = parsed(PLANET.replace("<entry><title>By the planet", f"<entry>{source}<title>By the planet"))
    (entry,) = [one for one in entries if one.title == "By the planet"]
    assert [name for name, _ in entry.extras if name.startswith("origin:")] == [] and entry.authors[
        0
    ].name == "Planet Quay"


def test_F39_a_source_without_a_title_is_shown_by_its_host(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(
        '<rss version="2.0"><channel><title></title><link>https://www.harbour.example/</link><description>d</description><item><title>A ship</title><guid>s</guid></item></channel></rss>'
    )
    settings = config(tmp_path, '[[sources]]\nid = "fdb6d0db94e"\npath = "feed.xml"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    item = json_item(Path(settings.output), "A ship")
    assert (
        item["authors"] == [{"name": "www.harbour.example"}]
        and item["_source"]["title"] == "www.harbour.example"
    )


def test_links_elsewhere_keep_their_titles() -> None:
    links = (
        '<link rel="related" href="https://a.example/" title="Sand &amp;amp; &lt;b&gt;fire&lt;/b&gt;"/>'
        '<link rel="via" href="https://b.example/"/><link rel="related" href="javascript:x" title="x"/>'
    )
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:t</id><updated>2026-09-07T05:00:00Z</updated>'
        f'<entry><title>Glass</title><id>urn:1</id><updated>2026-09-07T05:00:00Z</updated><link href="https://lens.example/1"/>{links}</entry></feed>'
    )
    (entry,) = parsed(text)
    assert entry.extras == (
        ("related", '{"url": "https://a.example/", "title": "Sand & fire"}'),
        ("via", "https://b.example/"),
    )
    composed = compose(
        View("world", "World", "", SITE.base_url), [story(1, made(1, extras=entry.extras))], {}, ORIGINS, {}
    )
    files = render.feeds(composed, SITE)
    found = [
        (one.get("rel"), one.get("href"), one.get("title"))
        for one in etree.fromstring(files["world.atom"]).iter("{http://www.w3.org/2005/Atom}link")
        if one.get("rel") in ("related", "via") and "rdf" not in str(one.attrib)
    ]
    assert found == [("related", "https://a.example/", "Sand & fire"), ("via", "https://b.example/", None)]
    assert json.loads(files["world.json"])["items"][0]["_elements"] == {
        "related": {"url": "https://a.example/", "title": "Sand & fire"}, "via": "https://b.example/",
    }  # fmt: skip
