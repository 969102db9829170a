"""The server, over loopback."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import cycle
from aggregator.cli.serve import Holder, StoreDesk
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.publish import Folder
from aggregator.store import open_writer
from aggregator.web import Application, Running
from tests.helpers import NOW, config

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
    settings = config(tmp_path_factory.mktemp("web"), f'[publish]\nhub = "https://hub.example/"\n[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n[[topics]]\nid = "asia"\nmatch = "taiwan OR korea*"\n[[topics]]\nid = "old"\nmatch = "x"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    Folder(settings.output).write({}, ["old.rss"], NOW + 1)
    return settings


@pytest.fixture(scope="module")
def client(desk: Config) -> Iterator[Client]:
    running = Running(Application(desk.output, StoreDesk(Holder(desk), lambda: NOW + 60), desk.site.base_url, 1800, desk.site.hub), "127.0.0.1", 0)
    yield Client(running.port)
    running.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/asia.rss", "application/rss+xml"), ("/asia.atom", "application/atom+xml"), ("/asia.json", "application/feed+json"), ("/feeds.opml", "text/x-opml"), ("/index.html", "text/html"), ("/", "text/html")],
)
def test_F45_F46_F57_types_and_safety(client: Client, path: str, kind: str) -> None:
    status, headers, body = client(path, Accept="*/*")
    assert status == 200 and headers["content-type"] == f"{kind}; charset=utf-8" and body
    assert headers["x-content-type-options"] == "nosniff" and "default-src 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers and headers["etag"].startswith('"') and headers["last-modified"].endswith("GMT")
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
    assert client("/asia.atom", If_None_Match='"other"', If_Modified_Since=modified)[0] == 200, "If-None-Match wins"
    assert client("/asia.atom", If_Modified_Since="rubbish")[0] == 200


def test_F50_codings(client: Client) -> None:
    plain = client("/all.rss")
    packed = client("/all.rss", Accept_Encoding="gzip")
    assert packed[1]["content-encoding"] == "gzip" and gzip.decompress(packed[2]) == plain[2]
    assert packed[1]["etag"] != plain[1]["etag"] and "Accept-Encoding" in packed[1]["vary"]
    assert client("/all.rss", Accept_Encoding="br, gzip")[1]["content-encoding"] == "br"
    assert "content-encoding" not in client("/all.rss", Accept_Encoding="gzip;q=0, identity")[1]


def test_F52_F53_head_and_unknown_things_are_harmless(client: Client) -> None:
    full, head = client("/asia.rss?utm_source=x"), client("/asia.rss", method="HEAD")
    assert full[0] == head[0] == 200 and head[2] == b"" and head[1]["content-length"] == str(len(full[2]))
    assert client("/asia.rss", Accept="image/png")[0] == 200
    assert client("/asia.rss", A_IM="feed")[0] == 200
    assert client("/asia.rss", method="POST")[0] == 405 and client("/asia.rss", method="DELETE")[0] == 405


def test_F56_browsers_get_pages_and_readers_feeds(client: Client) -> None:
    page = client("/asia.atom", Accept=BROWSER)
    assert page[1]["content-type"].startswith("text/html") and "Accept" in page[1]["vary"]
    assert client("/asia.atom", Accept="application/atom+xml, text/html;q=0.5")[1]["content-type"].startswith("application/atom+xml")
    assert client("/asia", Accept=BROWSER)[1]["content-type"].startswith("text/html")
    assert client("/asia", Accept="*/*")[1]["content-type"].startswith("application/atom+xml")


@pytest.mark.parametrize("path", ["/../config.toml", "/%2e%2e/config.toml", "/.aggregator-manifest.json", "/stories/", "/stories", "/archive", "/nope.rss", "//etc/passwd", "/asia.rss%00.html", "/asia.rss.gz", "/%ff"])
def test_S20_never_outside_never_a_listing(client: Client, path: str) -> None:
    status, _, body = client(path)
    assert status == 404 and b"[service]" not in body and b"sha256" not in body


def test_F54_gone_and_not_yet(client: Client, tmp_path: Path) -> None:
    assert client("/old.rss")[0] == 410
    running = Running(Application(tmp_path, None, "https://d.example/"), "127.0.0.1", 0)
    status, headers, _ = Client(running.port)("/all.rss")
    running.close()
    assert status == 503 and headers["retry-after"] == "120"


def test_status_search_health_metrics(client: Client) -> None:
    assert b"seeds" in client("/status")[2]
    page = client("/search?q=taiwan")[2].decode()
    assert page.count("<h3>") == 3 and "format=atom" in page.replace("&amp;", "&")
    feed = client("/search?q=taiwan&format=json")
    assert feed[1]["content-type"].startswith("application/feed+json") and len(json.loads(feed[2])["items"]) == 3
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
