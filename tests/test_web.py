"""The server, over loopback."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from aggregator import cycle
from aggregator.cli import service
from aggregator.cli.livepages import Holder, StorePages
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.meters import Meters
from aggregator.publish import Folder
from aggregator.server import QUIET, Running, leaves
from aggregator.store import open_writer
from aggregator.web import Application, Published
from tests.helpers import NOW, config

SECOND_THOUGHTS = 7 * 86_400
SLOT = 300
LONGEST = 30 * 86_400

SEEDS = Path(__file__).parent.parent / "aggregator" / "seeds" / "*.txt"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


class Client:
    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        conn.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = conn.getresponse()
        body = answer.read()
        conn.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Config:
    settings = config(
        tmp_path_factory.mktemp("web"),
        f'[publish]\nhub = "https://hub.example/"\n[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n[[topics]]\nid = "asia"\nmatch = "taiwan OR korea*"\n[[topics]]\nid = "old"\nmatch = "x"\n',
    )
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    Folder(settings.output).write({}, ["old.rss"], NOW + 1)
    return settings


@pytest.fixture(scope="module")
def client(desk: Config) -> Iterator[Client]:
    running = Running(
        Application(
            desk.output,
            StorePages(Holder(desk), Meters(), lambda: NOW + 60),
            desk.site.base_url,
            1800,
            desk.site.hub,
            clock=lambda: NOW + 1 + SECOND_THOUGHTS,
        ),
        "127.0.0.1",
        0,
    )
    yield Client(running.port)
    running.close()


def test_S18_what_is_no_plain_file_is_not_there_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    published = Published(tmp_path)
    (tmp_path / "all.rss").write_text("one")
    (tmp_path / "link.rss").symlink_to(tmp_path / "all.rss")
    os.mkfifo(tmp_path / "pipe.rss")
    (tmp_path / "folder.rss").mkdir()
    assert [published.get(f"{name}.rss") for name in ("link", "pipe", "folder", "none")] == [None] * 4
    found = published.get("all.rss")
    assert found is not None and found.body == b"one" and published.get("all.rss") is found
    (tmp_path / "all.rss").unlink()
    (tmp_path / "all.rss").symlink_to(tmp_path / "other")
    assert published.get("all.rss") is None
    (tmp_path / "all.rss").unlink()
    (tmp_path / "all.rss").write_text("two")
    assert (again := published.get("all.rss")) is not None and again.body == b"two"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/asia.rss", "application/rss+xml"),
        ("/asia.atom", "application/atom+xml"),
        ("/asia.json", "application/feed+json"),
        ("/feeds.opml", "text/x-opml"),
        ("/index.html", "text/html"),
        ("/", "text/html"),
    ],
)
def test_F45_F46_F57_types_and_safety(client: Client, path: str, kind: str) -> None:
    status, headers, body = client(path, Accept="*/*")
    assert status == 200 and headers["content-type"] == f"{kind}; charset=utf-8" and body
    assert (
        headers["x-content-type-options"] == "nosniff"
        and "default-src 'none'" in headers["content-security-policy"]
    )
    assert (
        "set-cookie" not in headers
        and headers["etag"].startswith('"')
        and headers["last-modified"].endswith("GMT")
    )
    if path.endswith((".rss", ".atom", ".json")):
        assert headers["access-control-allow-origin"] == "*" and 'rel="hub"' in headers["link"]
        assert 300 <= int(headers["cache-control"].split("max-age=")[1]) <= 3600, "F51"


def test_F47_not_modified_in_all_forms(client: Client) -> None:
    _, headers, _ = client("/asia.atom")
    etag, modified = headers["etag"], headers["last-modified"]
    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        status, given, body = client("/asia.atom", If_None_Match=value)
        assert status == 304 and body == b"" and given["etag"] == etag, value
    assert client("/asia.atom", If_Modified_Since=modified)[0] == 304
    assert client("/asia.atom", If_None_Match='"other"', If_Modified_Since=modified)[0] == 200, (
        "If-None-Match wins"
    )
    assert client("/asia.atom", If_Modified_Since="rubbish")[0] == 200


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("X-GZIP", "gzip"),
        ("br;q=0.2, gzip;q=0.9", "gzip"),
        ("br;q=0.9, gzip;q=0.2", "gzip"),
        ("br", None),
        ("*", "gzip"),
        ("*;q=0, gzip;q=0.001", "gzip"),
        ("gzip;q=0, *", None),
        ("gzip;q=x", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, br;q=0.1", None),
        ("deflate, zstd", None),
    ],
)
def test_F50_the_coding_that_is_liked_best(client: Client, accepted: str, wanted: str | None) -> None:
    assert client("/all.rss", Accept_Encoding=accepted)[1].get("content-encoding") == wanted


def test_F50_codings(client: Client) -> None:
    plain = client("/all.rss")
    packed = client("/all.rss", Accept_Encoding="gzip")
    assert packed[1]["content-encoding"] == "gzip" and gzip.decompress(packed[2]) == plain[2]
    assert packed[1]["etag"] != plain[1]["etag"] and "Accept-Encoding" in packed[1]["vary"]
    assert "content-encoding" not in client("/all.rss", Accept_Encoding="gzip;q=0, identity")[1]


def test_F52_F53_head_and_unknown_things_are_harmless(client: Client) -> None:
    full, head = client("/asia.rss?utm_source=x"), client("/asia.rss", method="HEAD")
    assert full[0] == head[0] == 200 and head[2] == b"" and head[1]["content-length"] == str(len(full[2]))
    assert client("/asia.rss", Accept="image/png")[0] == 200
    assert client("/asia.rss", A_IM="feed")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/asia.rss", "/search?q=x", "/status"])
def test_S20_only_get_and_head(client: Client, method: str, path: str) -> None:
    status, headers, _ = client(path, method=method)
    assert status == 405 and headers["allow"] == "GET, HEAD"


def test_F51_cache_control_fits_the_rhythm_and_ttl_says_the_same(desk: Config, client: Client) -> None:
    seconds = int(client("/asia.rss")[1]["cache-control"].split("max-age=")[1])
    ttl = etree.fromstring(client("/asia.rss")[2]).findtext("channel/ttl")
    assert seconds == desk.site.ttl == int(ttl or 0) * 60 and 300 <= seconds <= 3600
    for interval, wanted in (("60s", 300), ("12h", 3600)):
        folder = desk.output.parent / interval
        folder.mkdir()
        assert config(folder, f'[poll]\ninterval = "{interval}"\nmin_interval = "60s"\n').site.ttl == wanted


def test_F48_F49_last_modified_advances_with_each_change_and_outlives_restarts(tmp_path: Path) -> None:
    def head() -> tuple[str, float]:
        running = Running(
            Application(tmp_path, None, "https://d.example/"), "127.0.0.1", 0
        )  # each time a new server
        _, headers, _ = Client(running.port)("/all.rss")
        running.close()
        return headers["etag"], parsedate_to_datetime(headers["last-modified"]).timestamp()

    seen = []
    for body in (b"<rss/>", b"<rss/>", b"<rss>2</rss>", b"<rss>3</rss>"):
        Folder(tmp_path).write({"all.rss": body}, (), NOW)  # all in one second
        seen.append(head())
    assert seen[0] == seen[1]
    assert seen[1][0] != seen[2][0] != seen[3][0] and [at - NOW for _, at in seen] == [0, 0, 1, 2]


def test_F50_what_is_made_when_asked_for_is_compressed_too(client: Client) -> None:
    plain, packed = client("/status"), client("/status", Accept_Encoding="gzip")
    assert packed[1]["content-encoding"] == "gzip" and gzip.decompress(packed[2]) == plain[2]
    assert packed[1]["etag"] != plain[1]["etag"] and "Accept-Encoding" in packed[1]["vary"]
    assert client("/status", Accept_Encoding="gzip", If_None_Match=packed[1]["etag"])[0] == 304


def test_S20_policies(client: Client) -> None:
    """Nothing is fetched, nothing runs; feeds are not even shown."""
    for path in ("/all.rss", "/all.atom", "/all.json", "/feeds.opml", "/search?q=taiwan&format=rss", "/nope"):
        assert client(path)[1]["content-security-policy"] == "default-src 'none'; sandbox", path
    for path in ("/index.html", "/status", "/search?q=x"):
        policy = client(path)[1]["content-security-policy"]
        assert (
            policy.startswith("default-src 'none'; style-src 'sha256-")
            and "sandbox" in policy
            and "allow-scripts" not in policy
            and "img-src data:;" in policy
        )


def test_F54_a_database_that_cannot_be_read_is_503_and_feeds_go_on(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    settings.database.write_bytes(b"no database at all" * 1000)
    running = Running(
        Application(
            settings.output, StorePages(Holder(settings), Meters(), lambda: NOW), settings.site.base_url
        ),
        "127.0.0.1",
        0,
    )
    try:
        for path in ("/status", "/search?q=taiwan", "/search?q=taiwan&format=atom", "/healthz"):
            status, headers, body = Client(running.port)(path)
            assert status == 503 and headers["retry-after"] == "120", path
            assert b"aggregator.db" in body and bytes(tmp_path) not in body, "where it is concerns nobody"
        assert Client(running.port)("/all.atom")[0] == 200
    finally:
        running.close()


def test_F59_a_search_names_no_hub_that_would_never_tell(client: Client) -> None:
    for form in ("rss", "atom", "json"):
        assert b"hub.example" not in client(f"/search?q=taiwan&format={form}")[2]


def test_F56_browsers_get_pages_and_readers_feeds(client: Client) -> None:
    page = client("/asia.atom", Accept=BROWSER)
    assert page[1]["content-type"].startswith("text/html") and "Accept" in page[1]["vary"]
    assert client("/asia.atom", Accept="application/atom+xml, text/html;q=0.5")[1]["content-type"].startswith(
        "application/atom+xml"
    )
    assert client("/asia", Accept=BROWSER)[1]["content-type"].startswith("text/html")
    for accept, kind in (
        ("*/*", "atom+xml"),
        ("application/rss+xml", "rss+xml"),
        ("application/feed+json, application/rss+xml;q=0.5", "feed+json"),
        ("application/rss+xml, text/html", "rss+xml"),
    ):
        assert client("/asia", Accept=accept)[1]["content-type"].startswith(f"application/{kind}")
    assert client("/nothing", Accept="*/*")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../config.toml",
        "/%2e%2e/config.toml",
        "/.aggregator-manifest.json",
        "/stories/",
        "/stories",
        "/archive",
        "/nope.rss",
        "//etc/passwd",
        "/asia.rss%00.html",
        "/%2561sia.rss",
        "/asia.rss.gz",
        "/%ff",
    ],
)
def test_S20_never_outside_never_a_listing(client: Client, path: str) -> None:
    status, _, body = client(path)
    assert status == 404 and b"[service]" not in body and b"sha256" not in body


def test_F54_gone_and_not_yet(client: Client, tmp_path: Path) -> None:
    assert client("/old.rss")[0] == 410
    running = Running(Application(tmp_path, None, "https://d.example/"), "127.0.0.1", 0)
    status, headers, _ = Client(running.port)("/all.rss")
    running.close()
    assert status == 503 and headers["retry-after"] == "120"


def test_F54_what_left_the_config_is_missed_for_a_week_then_gone_and_may_come_back(tmp_path: Path) -> None:
    """A topic that is missing may be half a config: readers are told to unsubscribe when a week has passed,
    whatever was published in between, and in another folder too.
    """

    def publish(topics: str, output: str = "public", at: int = NOW) -> Config:
        settings = config(
            tmp_path,
            f'[publish]\nlimit = 3\n[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n{topics}',
            f'output = "{output}"',
        )
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), at)
        return settings

    def statuses(accept: str = "*/*") -> set[int]:
        return {client(name, Accept=accept)[0] for name in names}

    asia, korea = (f'[[topics]]\nid = "{name}"\nmatch = "taiwan OR korea*"\n' for name in ("asia", "korea"))
    names = [f"/asia.{form}" for form in ("rss", "atom", "json", "html")]
    present = [NOW]
    settings = publish(asia)
    running = Running(
        Application(settings.output, None, settings.site.base_url, clock=lambda: present[0]), "127.0.0.1", 0
    )
    other = Running(
        Application(tmp_path / "other", None, settings.site.base_url, clock=lambda: present[0]),
        "127.0.0.1",
        0,
    )
    client = Client(running.port)
    try:
        assert statuses() == {200}
        publish("")
        publish(korea, at=NOW + 86_400)  # a later change is no new beginning
        for seconds, wanted in (
            (-86_400, 404),  # the clock went back
            (0, 404),
            (7 * 86_400 - 1, 404),
            (7 * 86_400, 410),
            (400 * 86_400, 410),
        ):
            present[0] = NOW + seconds
            assert statuses() == statuses(BROWSER) == {wanted}, seconds
        assert client("/nothing.atom")[0] == 404
        publish(korea, "other", NOW + 2 * 86_400)
        client = Client(other.port)
        assert statuses() == {410} and client("/korea.atom")[0] == 200
        publish(asia, "other", NOW + 3 * 86_400)
        assert statuses() == {200}
        present[0] = NOW + 3 * 86_400 + 1
        publish(korea, "other", present[0])
        assert statuses() == {404}, "it left anew"
    finally:
        running.close()
        other.close()


def test_status_search_health_metrics(client: Client) -> None:
    assert b"seeds" in client("/status")[2]
    page = client("/search?q=taiwan")[2].decode()
    assert page.count("<h3>") == 3 and "format=atom" in page.replace("&amp;", "&")
    feed = client("/search?q=taiwan&format=json")
    assert (
        feed[1]["content-type"].startswith("application/feed+json") and len(json.loads(feed[2])["items"]) == 3
    )
    assert json.loads(feed[2])["feed_url"] == "https://desk.example/search?q=taiwan&format=json"
    assert client("/search?q=%22")[0] == 400 and client("/search?q=%3Cscript%3E")[2].count(b"<script") == 0
    assert json.loads(client("/healthz")[2])["ok"] is True
    assert b'aggregator_sources{state="ok"} 1' in client("/metrics")[2]


def test_S20_a_client_that_dawdles_is_let_go(client: Client) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", client.port)) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000)
        wire.settimeout(5)
        assert b"431" in wire.recv(200) or b"400" in wire.recv(200)


def test_S20_a_client_that_trickles_is_let_go(desk: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(Running, "patience", 1.0)
    running = Running(Application(desk.output, None, desk.site.base_url), "127.0.0.1", 0)
    try:
        with socket.create_connection(("127.0.0.1", running.port)) as wire:
            wire.settimeout(0.3)
            ended = False
            for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 40:
                try:
                    wire.sendall(bytes([byte]))
                    ended = wire.recv(100) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
                if ended:
                    break
            assert ended
        assert Client(running.port)("/all.atom")[0] == 200
    finally:
        running.close()


@pytest.mark.parametrize("hosts", [[], ["a.example", "b.example"]])
def test_S20_one_host_is_asked_for(client: Client, hosts: list[str]) -> None:
    asked = "".join(f"Host: {host}\r\n" for host in hosts)
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as wire:
        wire.sendall(f"GET /all.rss HTTP/1.1\r\n{asked}Connection: close\r\n\r\n".encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("name", "ages", "room", "wanted"),
    [
        ("there is room", {"a": 9.0, "b": 8.0}, 2, []),
        ("the quietest goes", {"a": 8.0, "b": 9.0, "c": 7.0}, 2, ["b"]),
        ("as many as are too many", {"a": 8.0, "b": 9.0, "c": 7.0}, 1, ["b", "a"]),
        ("nobody who is busy", {"a": QUIET, "b": 0.0, "c": QUIET + 0.01}, 0, ["c"]),
    ],
)
def test_S20_who_makes_way(name: str, ages: dict[str, float], room: int, wanted: list[str]) -> None:
    assert leaves(ages, room) == wanted, name


def test_S20_idle_clients_make_way_for_others(desk: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(Running, "connections", 24)
    monkeypatch.setattr("aggregator.server.QUIET", 0.0)
    running = Running(Application(desk.output, None, desk.site.base_url), "127.0.0.1", 0)
    idle: list[socket.socket] = []
    try:
        idle.extend(socket.create_connection(("127.0.0.1", running.port)) for _ in range(30))
        assert Client(running.port)("/all.atom")[0] == 200
    finally:
        for wire in idle:
            wire.close()
        running.close()


def test_S20_clients_that_never_read_hold_up_nobody_and_share_what_they_wait_for(tmp_path: Path) -> None:
    import socket
    import tracemalloc

    (tmp_path / "all.json").write_bytes(b"x" * 1_000_000)
    (tmp_path / "b.json").write_bytes(b"y")
    running = Running(Application(tmp_path, None, "https://desk.example/"), "127.0.0.1", 0)
    deaf = []
    tracemalloc.start()
    try:
        for _ in range(10):  # more than there are threads, and each wants 24 MB
            wire = socket.create_connection(("127.0.0.1", running.port))
            wire.sendall(b"GET /all.json HTTP/1.1\r\nHost: a\r\n\r\n" * 24)
            deaf.append(wire)
        assert Client(running.port)("/b.json")[2] == b"y"
        assert tracemalloc.get_traced_memory()[1] < 40_000_000, "not 240 MB"
    finally:
        tracemalloc.stop()
        for wire in deaf:
            wire.close()
        running.close()


def _page(body: bytes) -> Any:
    return html.document_fromstring(body.decode())


def test_search_counts_pages_orders_and_marks(client: Client) -> None:
    whole = _page(client("/search?q=taiwan+OR+trump+OR+korea*")[2])
    total = len(whole.xpath("//ol[@class='items']/li"))
    assert whole.xpath("string(//p[@class='lead'])").startswith(f"{total} stories, newest first")
    marks = {one.text.lower() for one in whole.xpath("//ol//mark")}
    assert marks and all(one.startswith(("taiwan", "trump", "korea")) for one in marks)
    first = _page(client("/search?q=taiwan+OR+trump+OR+korea*&limit=2")[2])
    pages = -(-total // 2)
    assert f"{total} stories, page 1 of {pages}" in first.xpath("string(//p[@class='lead'])")
    last = _page(client("/search?q=taiwan+OR+trump+OR+korea*&limit=2&page=99")[2])
    assert f"page {pages} of {pages}" in last.xpath("string(//p[@class='lead'])")
    best = _page(client("/search?q=taiwan+OR+korea*&sort=relevance")[2])
    said = [len(one.xpath(".//h3//mark")) for one in best.xpath("//ol[@class='items']/li")]
    assert said == sorted(said, reverse=True) and said[0] > 0
    nothing = _page(client("/search?q=xyzzy")[2])
    assert nothing.xpath("string(//p[@class='lead'])") == "0 stories.", "there is nothing to put in order"
    for path in (
        "/search?q=%22&page=x",
        "/search?q=taiwan+OR+trump+OR+korea*&page=-1",
        "/search?q=taiwan+OR+trump+OR+korea*&page=999999999",
    ):
        assert client(path)[0] in (200, 400), path
    hostile = client("/search?q=taiwan+OR+trump+OR+korea*+%3Cscript%3E")[2]
    assert b"<script" not in hostile


def test_status_is_filtered_by_state(client: Client) -> None:
    page = _page(client("/status")[2])
    state = page.xpath("//tbody//span[contains(@class, 'state')]/text()")[0]
    assert page.xpath("//a[@class='tile']/@href")[0].endswith(f"/status?state={state}")
    assert len(_page(client(f"/status?state={state}")[2]).xpath("//tbody/tr")) == 1
    assert len(_page(client("/status?state=nonsense")[2]).xpath("//tbody/tr")) == 1


@pytest.mark.parametrize("path", ["/nope", "/nope.html", "/a/b/c", "/stories/nope.html"])
def test_people_get_a_page_where_there_is_nothing_and_programs_a_line(client: Client, path: str) -> None:
    status, headers, body = client(path, Accept=BROWSER)
    assert status == 404 and headers["content-type"] == "text/html; charset=utf-8"
    page = _page(body)
    assert page.xpath("//nav/a") and page.xpath("//main//a[contains(@href, 'index.html')]")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert client(path)[2] == b"there is no such page here\n"


def test_F47_F48_served_pages_say_how_long_ago_and_change_with_it(tmp_path: Path) -> None:
    """For some minutes they are the same; the file has the date alone."""
    page = b'<p><time datetime="2026-09-21T10:00:00Z">21 Sep 2026</time></p>'
    at = 1_790_000_100 // SLOT * SLOT  # 2026-09-21, after ten
    Folder(tmp_path).write({"all.html": page}, (), at - 9000)
    moment = [at]
    application = Application(tmp_path, None, "https://d.example/", clock=lambda: moment[0])

    def get(**headers: str) -> tuple[str, dict[str, str], bytes]:
        asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/all.html", **headers}
        status, given, body = application.answer(asked)
        return status[:3], dict(given), body

    first = get()
    assert first[2].startswith(page[:-4]) and b" ago)</p>" in first[2]
    etag = first[1]["ETag"]
    moment[0] += SLOT - 1
    assert get(HTTP_IF_NONE_MATCH=etag)[0] == "304"
    assert get(HTTP_IF_MODIFIED_SINCE=first[1]["Last-Modified"])[0] == "304"
    moment[0] += 1
    later = get(HTTP_IF_NONE_MATCH=etag, HTTP_IF_MODIFIED_SINCE=first[1]["Last-Modified"])
    assert (
        later[0] == "200"
        and later[1]["ETag"] != etag
        and later[1]["Last-Modified"] != first[1]["Last-Modified"]
    )
    packed = get(HTTP_ACCEPT_ENCODING="gzip, br")
    assert gzip.decompress(packed[2]) == later[2] and packed[1]["ETag"] != later[1]["ETag"], "F50"
    moment[0] += LONGEST
    assert get()[2] == page, "what is long ago is served as it stands"


def test_each_source_has_a_page_with_its_items_and_its_health(client: Client) -> None:
    status, headers, body = client("/source-seeds.html")
    page = _page(body)
    assert status == 200 and headers["content-type"].startswith("text/html")
    assert len(page.xpath("//ol[@class='items']/li")) == 17
    assert page.xpath("//*[contains(@class, 'state')]")[0].text == "ok"
    assert "Next poll" in page.text_content() and "Asia" not in page.text_content().split("Gives to")[0][-1:]
    assert [one.get("href") for one in page.xpath("//p[contains(., 'Gives to')]/a")] == [
        "https://desk.example/asia.html"
    ]
    assert client("/source-nobody.html")[0] == 404 and client("/source-../seeds.html")[0] == 404
    assert "https://desk.example/source-seeds.html" in client("/status")[2].decode()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("localhost", "http://localhost:8080/"),
        ("::1", "http://[::1]:8080/"),
    ],
)
def test_the_address_that_serve_prints_can_be_opened(host: str, expected: str) -> None:
    assert service.address(host, 8080) == expected
