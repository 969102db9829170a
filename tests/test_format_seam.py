"""A new format is one value in one table: plain text, added here, is taken by the config, published, served, linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator import answers, check, cycle
from aggregator.cli.livepages import Holder, StorePages
from aggregator.config import Config
from aggregator.config.model import File
from aggregator.cycle import Wanted
from aggregator.errors import ConfigError
from aggregator.meters import Meters
from aggregator.model import Edition, Site
from aggregator.publish import Folder
from aggregator.render import formats
from aggregator.render.formats import FORMATS, Format
from aggregator.render.prepare import Prepared, heading
from aggregator.store import open_reader, open_writer
from aggregator.web import Application
from tests.helpers import NOW, config

SEEDS = Path(__file__).parent.parent / "aggregator" / "seeds" / "*.txt"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BODY = '[publish]\nformats = {}\n[[sources]]\nid = "seeds"\npath = "{}"\n[[topics]]\nid = "asia"\nmatch = "taiwan"\n'


def write(edition: Edition, site: Site, items: tuple[Prepared, ...], address: str) -> bytes:
    """All there is to it."""
    stories = [f"{one.title}\n{one.link}\n" for one in items]
    return "\n".join([f"{heading(edition, site)}\n{address}\n", *stories]).encode()


PLAIN = Format("plain", ".txt", "text/plain", "Plain text", write=write, shown=True)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "plain", PLAIN)


@pytest.fixture(scope="module")
def desk_with_both(tmp_path_factory: pytest.TempPathFactory) -> Config:
    with pytest.MonkeyPatch.context() as context:
        context.setitem(FORMATS, "plain", PLAIN)
        return published(tmp_path_factory.mktemp("plain"), '["atom", "plain"]')


def published(folder: Path, names: str, now: int = NOW) -> Config:
    settings = config(folder, BODY.format(names, SEEDS))
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), now)
    return settings


def test_a_format_that_nobody_knows_is_an_error_and_a_new_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = BODY.format('["plain"]', SEEDS)
    shipped = [form.name for form in formats.feeds()]
    *most, last = map(repr, shipped)
    expected = f'publish.formats.*: "plain": expected {", ".join(most)} or {last}'
    with pytest.raises(ConfigError, match=expected):
        config(tmp_path, body)
    monkeypatch.setitem(FORMATS, "plain", PLAIN)
    assert config(tmp_path, body).site.formats == ("plain",)
    section = File.model_json_schema()["$defs"]["Publish"]["properties"]["formats"]
    assert section["items"]["enum"] == [*shipped, "plain"]
    assert "plain" not in config(tmp_path, "").site.formats, "nobody asked for it"


def test_it_is_published_linked_and_checked(tmp_path: Path, plain: None) -> None:
    settings = published(tmp_path, '["atom", "plain"]')
    text = (settings.output / "asia.txt").read_text(encoding="utf-8")
    assert text.startswith("Asia – Test desk\nhttps://desk.example/asia.txt\n") and "Taiwan" in text
    assert {"all.txt", "asia.txt", "all.atom"} <= set(Folder(settings.output).names())
    assert (settings.output / "all.txt.gz").exists() and formats.is_subscribed("all.txt")
    link = '<link rel="alternate" type="text/plain" title="Asia – Test desk (Plain text)" href="https://desk.example/asia.txt">'
    assert link in (settings.output / "asia.html").read_text(encoding="utf-8")
    assert "asia.atom" in (settings.output / "feeds.opml").read_text(encoding="utf-8"), "the best of the two"
    assert list(check.folder(settings.output)) == []


def test_it_leaves_with_the_config(tmp_path: Path, plain: None) -> None:
    published(tmp_path, '["rss", "plain"]')
    settings = published(tmp_path, '["rss"]', NOW + 60)
    assert not list(settings.output.glob("*.txt*")) and (settings.output / "all.rss").exists()


def test_what_nobody_can_write_any_more_leaves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setitem(FORMATS, "plain", PLAIN)
        published(tmp_path, '["rss", "plain"]')
    settings = published(tmp_path, '["rss"]', NOW + 60)
    assert not list(settings.output.glob("*.txt*"))


@pytest.mark.parametrize(
    ("name", "path", "accept", "given"),
    [
        ("by its name", "/all.txt", "*/*", "text/plain"),
        ("to a browser that can show it", "/all.txt", BROWSER, "text/plain"),
        ("to a browser that can't show the other", "/all.atom", BROWSER, "text/html"),
        ("to who likes it", "/all", "text/plain", "text/plain"),
        ("to who likes nothing in particular", "/all", "*/*", "application/atom+xml"),
        ("made when asked for", "/search?q=taiwan&format=plain", "*/*", "text/plain"),
    ],
)
def test_it_is_served(
    name: str, path: str, accept: str, given: str, desk_with_both: Config, plain: None
) -> None:
    pages = StorePages(Holder(desk_with_both), Meters(), lambda: NOW)
    application = Application(desk_with_both.output, pages, "https://desk.example/")
    where, _, query = path.partition("?")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": where, "QUERY_STRING": query, "HTTP_ACCEPT": accept}
    status, headers, body = application.answer(environ)
    assert (status, dict(headers)["Content-Type"]) == ("200 OK", f"{given}; charset=utf-8") and body


def test_a_search_in_it(tmp_path: Path, plain: None) -> None:
    settings = published(tmp_path, '["atom"]')
    with open_reader(settings.database) as store:
        found = answers.stories_of(store, "taiwan", 10, NOW)
        text = cycle.search_feed(settings, store, found, "taiwan", PLAIN, 10).decode()
    assert text.startswith("Search: taiwan – Test desk\nhttps://desk.example/search?q=taiwan&format=plain\n")


def test_the_shipped_formats() -> None:
    """In the order in which they are published by default; Atom has the archives, and so comes first."""
    assert formats.by_default() == ("rss", "atom", "json")
    assert [one.name for one in formats.best_first(["json", "rss", "atom"])] == ["atom", "json", "rss"]
    assert [one.name for one in formats.feeds() if one.of_sources] == ["rss", "atom"]
    of = {name: formats.of_file(name) for name in ("asia.rss", "index.html", "feeds.opml", "all.xml", "all")}
    assert list(of.values()) == [formats.RSS, formats.HTML, formats.OPML, None, None]
    subscribed = ("all.rss", "archive/all-1.atom", "index.html", "feeds.opml")
    assert [name for name in subscribed if formats.is_subscribed(name)] == ["all.rss"]
