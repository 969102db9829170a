"""From a source's bytes to published bytes, through one whole cycle: what a reader gets is what the source gave (numbers: properties of published feeds)."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pytest
from lxml import etree

from aggregator import check, cycle
from aggregator.config import Config, load
from aggregator.cycle import Wanted
from aggregator.store import open_writer
from aggregator.text import plain
from tests.helpers import config

DATA = Path(__file__).parent / "data"
ATOM = "{http://www.w3.org/2005/Atom}"
SOURCES = "".join(f'[[sources]]\nid = "{form}"\npath = "{form}.{form}"\n' for form in ("rss", "atom", "json"))
NOW = int(time.time())  # files are dated by when they are read
LATER = 7200  # seconds: well beyond the pause before a local file is looked at again


@dataclass
class Desk:
    """A folder with copies of the three rich feeds, and cycles over it."""

    folder: Path
    body: str = ""

    def __post_init__(self) -> None:
        for form in ("rss", "atom", "json"):
            self.write(form, (DATA / f"rich.{form}").read_text(encoding="utf-8"))

    def write(self, form: str, text: str) -> None:
        (self.folder / f"{form}.{form}").write_text(text, encoding="utf-8")

    def edit(self, form: str, old: str, new: str) -> None:
        text = (self.folder / f"{form}.{form}").read_text(encoding="utf-8")
        assert old in text
        self.write(form, text.replace(old, new))

    def settings(self) -> Config:
        return config(self.folder, self.body + SOURCES)

    def cycle(self, at: int = NOW) -> dict[str, dict[str, Any]]:
        """One cycle; the items of all.json by id."""
        settings = self.settings()
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), at)
        return self.items()

    def items(self) -> dict[str, dict[str, Any]]:
        return {item["id"]: item for item in json.loads(self.read("all.json"))["items"]}

    def read(self, name: str) -> bytes:
        return (self.folder / "var" / "public" / name).read_bytes()

    def xml(self, name: str) -> Any:
        return etree.fromstring(self.read(name))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.cycle()
    return made


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The same for tests that only look."""
    made = Desk(tmp_path_factory.mktemp("rich"), '[publish]\nhub = "https://hub.example/"\n')
    made.cycle()
    return made


def one(desk: Desk, title: str) -> dict[str, Any]:
    (found,) = [item for item in desk.items().values() if title in item["title"]]
    return found


def test_F2_by_the_schemas_of_the_formats(rich: Desk) -> None:
    schema = etree.RelaxNG(etree.parse(str(DATA / "atom.rng")))  # RFC 4287, appendix B
    for name in ("all.atom", "sources.atom"):
        assert schema.validate(rich.xml(name)), schema.error_log
    jsonschema.validate(
        json.loads(rich.read("all.json")), json.loads((DATA / "jsonfeed.schema.json").read_text())
    )


def test_F1_our_own_checks_find_nothing(rich: Desk) -> None:
    assert list(check.folder(rich.folder / "var" / "public")) == []


def test_F9_every_id_once(rich: Desk) -> None:
    ids = [element.text for element in rich.xml("all.rss").iter("guid")]
    assert len(ids) == len(set(ids)) == 11 and all(ids)


def test_F10_ids_byte_equal_or_derived(rich: Desk) -> None:
    ids = set(rich.items())
    assert {
        "https://harbour.example/untitled",
        "tag:cais.example,2020:1",
        "http://cais.example/?p=2&utm_source=x",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "https://mole.example/1",
    } <= ids
    assert (
        sum(id.startswith("urn:uuid:") for id in ids) == 4
    )  # one is the source's own; "wreck-7", "odd link" and 2 are no URIs


def test_F11_a_guid_never_claims_to_be_a_link(rich: Desk) -> None:
    guids = list(rich.xml("all.rss").iter("guid"))
    assert len(guids) == 11 and {guid.get("isPermaLink") for guid in guids} == {"false"}


def test_F13_ids_survive_a_new_database_another_address_and_a_move(tmp_path: Path) -> None:
    """They depend on the source's name in the config and its guids alone: not on the file, the host, the order of things, or time."""
    desk = Desk(tmp_path)
    before = set(desk.cycle())
    shutil.rmtree(tmp_path / "var")
    assert set(desk.cycle(NOW + LATER)) == before, "rebuilt from nothing"
    (tmp_path / "moved").mkdir()
    for form in ("rss", "atom", "json"):
        shutil.move(tmp_path / f"{form}.{form}", tmp_path / "moved" / f"feed-{form}")
    settings = config(
        tmp_path,
        "".join(
            f'[[sources]]\nid = "{form}"\npath = "moved/feed-{form}"\n' for form in ("json", "rss", "atom")
        ),
    )
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(everything=True), NOW + 2 * LATER)
    assert set(desk.items()) == before


def test_F15_a_feed_keeps_its_id_wherever_it_is_served(tmp_path: Path) -> None:
    ids: list[str] = []
    for host in ("https://desk.example/", "https://moved.example/elsewhere/"):
        folder = tmp_path / str(len(ids))
        folder.mkdir()
        desk = Desk(folder)
        path = folder / "config.toml"
        settings = desk.settings()
        path.write_text(path.read_text().replace("https://desk.example/", host))
        with open_writer(settings.database) as store:
            cycle.run(load(path, {}), store, Wanted(), NOW)
        document = desk.xml("all.atom")
        assert document.find(f"{ATOM}link[@rel='self']").get("href") == f"{host}all.atom"
        ids.append(document.findtext(f"{ATOM}id"))
    assert ids[0] == ids[1] and ids[0].startswith("urn:uuid:")


def test_F26_a_burst_beyond_the_limit_is_all_in_the_feed_for_two_days(tmp_path: Path) -> None:
    """400 items within one hour, limit 20: who polls hourly sees every one."""
    desk = Desk(tmp_path, "[publish]\nlimit = 20\n[fold]\ntext = false\nevent = false\n")
    first = "".join(
        f"<item><title>Flood {n}</title><guid>urn:flood:{n}</guid><pubDate>{datetime.fromtimestamp(NOW - 3600 + n * 9, UTC):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n in range(400)
    )
    desk.write("rss", f'<rss version="2.0"><channel><title>Flood</title>{first}</channel></rss>')
    assert {f"urn:flood:{n}" for n in range(400)} <= set(desk.cycle())


def test_F14_one_article_of_two_feeds_comes_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.edit("atom", "https://cais.example/2", "https://harbour.example/undated?utm_medium=rss")
    desk.edit(
        "rss", "No date at all", "Farol aceso: no date at all"
    )  # a link alone, without a word, is no article
    items = desk.cycle()
    (item,) = [item for item in items.values() if "_also_in" in item]
    assert item["_also_in"]["entries"][0]["level"] == "item" and len(items) == 10


def test_F13_F17_F18_an_edit_keeps_id_and_date(desk: Desk) -> None:
    before = desk.items()
    desk.edit("atom", "O farol está aceso outra vez", "O farol está aceso outra vez, diz a capitania")
    desk.edit(
        "rss",
        "Nothing to click.",
        "Nothing to click. Nobody who was there on that long night wants to say, and the log is lost.",
    )
    after = desk.cycle(NOW + LATER)
    assert set(before) == set(after)
    changed = {id for id in before if before[id] != after[id]}
    assert changed == {"http://cais.example/?p=2&utm_source=x", one(desk, "A link that is none")["id"]}
    for id in before:
        assert before[id]["date_published"] == after[id]["date_published"] <= after[id]["date_modified"]
        assert (before[id]["date_modified"] < after[id]["date_modified"]) == (id in changed)


@pytest.mark.parametrize(
    ("name", "form", "old", "new", "title", "key", "expected"),
    [
        ("an author", "rss", "<dc:creator>Ada Quay</dc:creator>", "<dc:creator>Bea Pier</dc:creator>", "wreck", "authors", "Bea Pier"),
        ("a category", "atom", 'label="O Porto"', 'label="O Rio"', "Maré alta", "tags", "O Rio"),
        ("a picture", "json", '"tags": ["Hafen"]', '"image": "https://mole.example/i.png", "tags": ["Hafen"]', "Die Mole", "image", "https://mole.example/i.png"),
    ],
)  # fmt: skip
def test_F18_a_correction_beside_the_text_is_published_without_a_new_date(
    desk: Desk, name: str, form: str, old: str, new: str, title: str, key: str, expected: str
) -> None:
    before, date = desk.items(), desk.xml("all.atom").findtext(f"{ATOM}updated")
    desk.edit(form, old, new)
    after = desk.cycle(NOW + LATER)
    (changed,) = [id for id in before if before[id] != after[id]]
    assert title in after[changed]["title"] and expected in json.dumps(
        after[changed][key], ensure_ascii=False
    )
    assert expected in desk.read("all.atom").decode() and expected in desk.read("all.rss").decode()
    assert before[changed].get("date_modified") == after[changed].get("date_modified"), name
    assert desk.xml("all.atom").findtext(f"{ATOM}updated") == date
    made = {path: path.stat().st_mtime_ns for path in desk.folder.glob("var/public/*")}
    desk.write(form, (desk.folder / f"{form}.{form}").read_text(encoding="utf-8") + "\n")
    assert desk.cycle(NOW + 2 * LATER) == after
    assert made == {path: path.stat().st_mtime_ns for path in desk.folder.glob("var/public/*")}


def test_F18_F66_a_cosmetic_change_marks_nothing_as_changed(desk: Desk) -> None:
    before = desk.items()
    desk.edit("json", "<p>Bis <b>Mai</b>.</p>", "<p class='x'>Bis  <b>Mai</b>.</p>\\n")
    after = desk.cycle(NOW + LATER)
    assert {id: item["date_modified"] for id, item in before.items()} == {
        id: item["date_modified"] for id, item in after.items()
    }


def test_F19_never_in_the_future_never_before_1970(rich: Desk, tmp_path: Path) -> None:
    dates = [item[name] for item in rich.items().values() for name in ("date_published", "date_modified")]
    now = datetime.fromtimestamp(time.time()).astimezone()
    assert all(datetime(1970, 1, 1).astimezone() <= datetime.fromisoformat(date) <= now for date in dates)
    old = Desk(tmp_path)
    old.edit("rss", "Sun, 06 Sep 2026 08:00:00 GMT", "Mon, 06 Sep 1926 08:00:00 GMT")
    assert min(item["date_published"] for item in old.cycle().values()) >= "1970-01-01T00:00:00Z"


def test_F17_what_has_no_date_was_published_when_it_was_first_seen(desk: Desk) -> None:
    first = {
        one(desk, title)["date_published"]
        for title in ("No date at all", "A date that is none", "From tomorrow")
    }
    desk.edit("rss", "the day before yesterday", "two days before yesterday")
    desk.cycle(NOW + LATER)
    assert {
        one(desk, title)["date_published"]
        for title in ("No date at all", "A date that is none", "From tomorrow")
    } == first
    assert all(NOW - 60 <= datetime.fromisoformat(date).timestamp() <= time.time() for date in first)


def test_F20_of_the_feed_itself_and_never_backwards(desk: Desk) -> None:
    updated = desk.xml("all.atom").findtext(f"{ATOM}updated")
    assert updated == max(
        entry.findtext(f"{ATOM}updated") for entry in desk.xml("all.atom").iter(f"{ATOM}entry")
    )
    desk.body = '[publish]\nlimit = 20\n[retention]\nentries = "1d"\n'
    desk.cycle(NOW + 30 * 86400)
    assert (desk.xml("all.atom").findtext(f"{ATOM}updated") or "") >= (updated or "x")


def readings(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """(id, title, link, author, published) of each item, as generic parsers read each format."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for form in ("rss", "atom"):
        parsed = feedparser.parse(desk.read(f"all.{form}"))
        found[form] = [
            (e.id, plain.title(e.title), e.link, e.author, tuple(e.published_parsed[:6]))
            for e in parsed.entries
        ]
    found["json"] = [
        (
            item["id"],
            item["title"],
            item["url"],
            item["authors"][0]["name"],
            datetime.fromisoformat(item["date_published"]).timetuple()[:6],
        )
        for item in json.loads(desk.read("all.json"))["items"]
    ]
    return found


def test_F12_F21_F62_F67_all_formats_and_parsers_agree(rich: Desk) -> None:
    found = readings(rich)
    authors = {form: [re.sub(r" \(.*\)$", "", row[3]) for row in rows] for form, rows in found.items()}
    assert authors["rss"] == authors["atom"] == authors["json"]
    bare = {form: [(*row[:3], row[4]) for row in rows] for form, rows in found.items()}
    assert bare["rss"] == bare["atom"] == bare["json"] and len(bare["rss"]) == 11


def test_F24_a_late_one_is_in_the_window_or_in_the_archive(tmp_path: Path) -> None:
    """Items are ordered by their own date: an old one that comes late stands at its place in the feed, or, beyond the window, in the archive; never lost."""
    desk = Desk(tmp_path, "[publish]\nlimit = 4\n")
    desk.cycle()
    desk.edit(
        "rss",
        "</channel>",
        "<item><title>Found in a drawer</title><guid>urn:late:1</guid><link>https://harbour.example/drawer</link><pubDate>Mon, 02 Jan 2023 08:00:00 GMT</pubDate></item></channel>",
    )
    assert "urn:late:1" not in desk.cycle(NOW + LATER)
    archived = b"".join(
        path.read_bytes() for path in sorted((tmp_path / "var" / "public" / "archive").glob("all-*.atom"))
    )
    assert archived.count(b"<id>urn:late:1</id>") == 1


def test_F25_size_is_bounded(tmp_path: Path) -> None:
    """500 kB by default, not below 30 items; what leaves is whole in the archive, and no document ever exceeds 5 MB."""
    desk = Desk(tmp_path)

    def ships(count: int, words: int, prefix: str) -> str:
        return "".join(
            f"<item><title>{prefix} {n}</title><guid>urn:{prefix}:{n}</guid><link>https://harbour.example/{prefix}/{n}</link><pubDate>{datetime(2024, 1, 1) + timedelta(days=n):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
            f"<description>{' '.join(f'{prefix}{n}x{k}' for k in range(words))}</description></item>"
            for n in range(count)
        )

    desk.edit("rss", "</channel>", f"{ships(45, 2000, 'mid')}</channel>")
    desk.cycle()
    assert 30 <= len(desk.items()) < 50 and all(
        len(desk.read(f"all.{form}")) < 1_000_000 for form in ("rss", "atom", "json")
    )
    large = Desk(tmp_path, "[publish]\nlimit = 1000\n")
    shutil.rmtree(tmp_path / "var")
    large.edit("rss", "</channel>", f"{ships(45, 2000, 'mid')}{ships(26, 26_000, 'huge')}</channel>")
    large.cycle()
    files = [
        path
        for path in (tmp_path / "var" / "public").rglob("*")
        if path.suffix in (".rss", ".atom", ".json") and not path.name.startswith(".")
    ]
    assert (
        max(path.stat().st_size for path in files) < 5_000_000
        and (tmp_path / "var/public/archive/all-2.atom").exists()
    )
    everything = b"".join(
        path.read_bytes() for path in files if path.suffix == ".atom" and "sources" not in path.name
    )
    for prefix, count in (("mid", 45), ("huge", 26)):
        assert [everything.count(f"<id>urn:{prefix}:{n}</id>".encode()) for n in range(count)] == [1] * count
    assert everything.count(b"huge7x25999") == 1, "whole"


def test_F27_F28_titles(rich: Desk) -> None:
    wreck = one(rich, "wreck")
    assert wreck["title"] == "Crane & crew lift the last wreck \U0001f6a2"
    untitled = rich.items()["https://harbour.example/untitled"]["title"]
    assert untitled.startswith("A ferry without a headline ran late") and len(untitled) <= 120
    assert one(rich, "Maré")["title"] == "Maré alta <3 no porto"


def test_F29_F30_content_is_complete_safe_and_absolute(rich: Desk) -> None:
    content = one(rich, "wreck")["content_html"]
    assert not re.search(r"script|onclick|iframe|alert", content)
    assert (
        'href="https://harbour.example/log"' in content
        or 'href="https://harbour.example/2026/../log"' in content
    )
    assert (
        'src="https://harbour.example/i/crane.jpg"' in content
        and 'srcset="https://harbour.example/i/crane.jpg 1x, https://harbour.example/i/crane2.jpg 2x"'
        in content
    )
    assert "came up at dawn" in content and "<strong>três</strong>" in one(rich, "Maré")["content_html"]
    assert not re.search(r'(?:href|src|poster)="(?!https?://|mailto:)', content)


@pytest.mark.parametrize("cut", ["full", "summary"])
def test_F32_well_nested_also_when_cut(tmp_path: Path, cut: str) -> None:
    desk = Desk(tmp_path, f'[publish]\ncontent = "{cut}"\n')
    items = desk.cycle().values()
    assert items
    for item in items:
        closed = re.sub(r"<(img|br|hr)([^>]*)>", r"<\1\2/>", item["content_html"]).replace("&nbsp;", " ")
        etree.fromstring(f"<div>{closed}</div>")


def test_F31_a_plain_summary_before_the_content(rich: Desk) -> None:
    (item,) = [item for item in rich.xml("all.rss").iter("item") if "wreck" in item.findtext("title")]
    assert item.findtext("description") == "The Marigold is up."
    tags = [child.tag.rpartition("}")[2] for child in item]
    assert tags.index("description") < tags.index("encoded")


def test_F33_F34_letters_and_languages(rich: Desk) -> None:
    arabic = rich.items()["urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"]
    assert arabic["title"] == "سفينة جديدة في الميناء 漢字 é" and arabic["language"] == "ar"
    assert (
        one(rich, "Maré")["language"] == "pt-BR"
        and one(rich, "Mole wird")["language"] == "de"
        and one(rich, "wreck")["language"] == "en-GB"
    )


def test_F38_F39_authors(rich: Desk) -> None:
    assert [a["name"] for a in one(rich, "wreck")["authors"]] == ["Ada Quay"]
    assert [a["name"] for a in one(rich, "farol")["authors"]] == ["Redação do Cais"] and [
        a["name"] for a in one(rich, "No date")["authors"]
    ] == ["The Harbour Courier"]
    assert b"Test desk</name>" not in re.sub(rb"(?s)^.*?<entry>", b"<entry>", rich.read("all.atom"))


def test_F40_F41_F42_source_media_categories(rich: Desk) -> None:
    wreck = one(rich, "wreck")
    assert (
        wreck["attachments"]
        == [
            {
                "url": "https://harbour.example/audio/wreck.mp3",
                "mime_type": "audio/mpeg",
                "size_in_bytes": 12345,
            }
        ]
        or len(wreck["attachments"]) == 2
    )
    assert (
        wreck["tags"] == ["Harbour", "Ships & boats"] and wreck["_source"]["title"] == "The Harbour Courier"
    )
    item = next(item for item in rich.xml("all.rss").iter("item") if "Maré" in item.findtext("title"))
    assert len(item.findall("enclosure")) == 1 and item.find("enclosure").get("length") == "77"
    assert (
        item.findtext("{http://purl.org/dc/elements/1.1/}rights") is None
        or item.findtext("source") == "O Cais"
    )
    podcast = next(item for item in rich.xml("all.rss").iter("item") if "wreck" in item.findtext("title"))
    assert podcast.findtext("{https://podcastindex.org/namespace/1.0}episode") == "4"


def test_F44_generator_and_no_tracking(rich: Desk) -> None:
    assert rich.xml("all.atom").findtext(f"{ATOM}generator") == "aggregator" and (
        rich.xml("all.rss").findtext("channel/generator") or ""
    ).startswith("aggregator")
    assert one(rich, "wreck")["url"] == "https://harbour.example/2026/wreck?id=7#top"
    links = [item["url"] for item in rich.items().values()]
    assert not any("utm_" in link for link in links)


def test_F35_what_has_no_link_gets_a_page_of_ours(rich: Desk) -> None:
    item = one(rich, "A link that is none")
    assert item["url"].startswith("https://desk.example/stories/") and rich.read(
        item["url"].removeprefix("https://desk.example/")
    )


def test_F23_F65_F66_the_same_again_is_the_same_bytes(desk: Desk) -> None:
    public = desk.folder / "var" / "public"
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in public.rglob("*") if path.is_file()
    }
    desk.cycle(NOW + LATER)
    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in public.rglob("*") if path.is_file()
    }
    for path in public.rglob("*.*"):
        path.unlink()
    desk.cycle(NOW + 2 * LATER)  # printed anew from the store: as after an upgrade
    assert {path: data for path, (data, _) in before.items()}.keys() == {
        path for path in public.rglob("*") if path.is_file()
    }
    assert all(
        path.read_bytes() == data for path, (data, _) in before.items() if not path.name.startswith(".")
    )


def test_F65_an_edit_is_one_changed_entry_and_no_new_one(desk: Desk) -> None:
    def seen() -> dict[str, tuple[str, str]]:
        return {
            e.id: (e.updated, e.content[0].value if e.get("content") else "")
            for e in feedparser.parse(desk.read("all.atom")).entries
        }

    before = seen()
    desk.edit("json", "Bis <b>Mai</b>", "Bis Ende <b>Juni</b>, sagt das Amt für Hafenbau")
    desk.cycle(NOW + LATER)
    after = seen()
    assert set(before) == set(after) and [id for id in before if before[id] != after[id]] == [
        "https://mole.example/1"
    ]


def test_F60_the_chain_of_archives_holds_everything_once_and_full_ones_stay(tmp_path: Path) -> None:
    """RFC 5005, section 4: from the feed by prev-archive to the first; full documents are never touched again."""
    desk = Desk(tmp_path, "[publish]\nlimit = 5\n")
    stamps: dict[str, int] = {}
    for round_ in range(1, 6):
        items = "".join(
            f"<item><title>Ship number {n} enters harbour {n * 7}</title><guid>urn:ship:{n}</guid><link>https://harbour.example/{n}</link><pubDate>{(datetime(2024, 1, 1) + timedelta(hours=n)):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for n in range(round_ * 55)
        )
        desk.write("rss", f'<rss version="2.0"><channel><title>Ships</title>{items}</channel></rss>')
        desk.cycle(NOW + round_ * LATER)
        name, chain, ids = "all.atom", list[str](), list[str]()
        while name:
            document = desk.xml(name)
            chain.append(name)
            ids += [element.text for element in document.iterfind(f"{ATOM}entry/{ATOM}id")]
            links = {
                link.get("rel"): link.get("href").removeprefix("https://desk.example/")
                for link in document.findall(f"{ATOM}link")
            }
            assert links["current" if name != "all.atom" else "self"] == "all.atom" and links["self"] == name
            assert "next-archive" not in links or desk.read(links["next-archive"])
            name = links.get("prev-archive", "")
        assert len(ids) == len(set(ids)) == round_ * 55 + 5, (
            "the ships and the entries of the two other feeds"
        )
        full = {one: (tmp_path / "var" / "public" / one).stat().st_mtime_ns for one in chain[2:]}
        assert all(full[one] == stamp for one, stamp in stamps.items() if one in full)
        stamps.update(full)
    assert len(chain) == 4


def told(desk: Desk, name: str) -> list[str]:
    """The ids of a feed and of its whole chain of archives."""
    ids: list[str] = []
    while name:
        document = desk.xml(name)
        ids += [element.text for element in document.iterfind(f"{ATOM}entry/{ATOM}id")]
        name = next(
            (
                link.get("href").removeprefix("https://desk.example/")
                for link in document.findall(f"{ATOM}link[@rel='prev-archive']")
            ),
            "",
        )
    return ids


def harbour(count: int, name: str = "ship", copies: int = 0) -> str:
    """So many ships; the first `copies` of them with the link of a ship of the same number."""
    return (
        '<rss version="2.0"><channel><title>Ships</title>'
        + "".join(
            f"<item><title>{name} {n} enters harbour {n * 7}</title><guid>urn:{name}:{n}</guid><link>https://harbour.example/{'ship' if n < copies else name}/{n}</link>"
            f"<pubDate>{(datetime(2024, 1, 1) + timedelta(hours=n, minutes=len(name))):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for n in range(count)
        )
        + "</channel></rss>"
    )


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('one_per = "entry"\nlimit = 7', 240),
        ('one_per = "story"\nlimit = 7', 200),
        ('one_per = "event"\nlimit = 7', 200),
        ('one_per = "entry"\nlimit = 200', 240),
    ],
)
def test_F60_every_item_once_whatever_an_item_stands_for(tmp_path: Path, body: str, wanted: int) -> None:
    desk = Desk(tmp_path, f"[publish]\n{body}\n[fold]\ntext = false\nevent = false\n")
    desk.write("rss", harbour(120))
    desk.write("atom", harbour(120, "boat", copies=40))
    desk.write("json", '{"version": "https://jsonfeed.org/version/1.1", "title": "none", "items": []}')
    desk.cycle()
    ids = told(desk, "all.atom")
    assert len(ids) == len(set(ids)) == wanted


def test_F60_fair_mixing_and_a_flood_do_not_lose_anything_either(tmp_path: Path) -> None:
    """`per_source` mixes the feed; the archive holds what it left out. 2,500 items at once are all there after one cycle."""
    desk = Desk(
        tmp_path,
        '[[topics]]\nid = "fair"\nmatch = "enters"\nper_source = 2\nlimit = 10\n[fold]\ntext = false\nevent = false\n',
    )
    desk.write("rss", harbour(2500))
    desk.write("atom", harbour(6, "boat"))
    desk.cycle()
    assert len(list(desk.xml("fair.atom").iter(f"{ATOM}entry"))) == 4, "two of each"
    ids = told(desk, "all.atom")
    assert len(ids) == len(set(ids)) == 2508
    fair = told(desk, "fair.atom")
    assert len(fair) == len(set(fair)) == 2506


def test_F60_R4_a_crash_before_writing_loses_no_archived_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.publish import Folder

    desk = Desk(tmp_path, "[publish]\nlimit = 5\n")
    desk.write("rss", harbour(30))
    desk.cycle()
    desk.write("rss", harbour(260))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.cycle(NOW + LATER)
    desk.cycle(NOW + 2 * LATER)
    ids = told(desk, "all.atom")
    assert len(ids) == len(set(ids)) == 265
