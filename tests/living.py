"""Feeds on loopback that change and answer 304, and what has to hold of a folder that polls them, whatever happened."""

from __future__ import annotations

import gzip
import http.server
import json
import random
import sys
import threading
import zlib
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self

from lxml import etree

from aggregator.store import Reader, open_reader
from tests.helpers import NOW

WORDS = tuple(f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u") for c in "bdfgklmnprst")
HOST = "127.0.0.2"  # not that of the hostile server: a host that says 429 pauses all of its feeds


class _Server(http.server.ThreadingHTTPServer):
    """Says nothing of clients that were killed while they were answered."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Living:
    """A context manager. Feed `n` is at `url(n)` and shows its newest `window` items; each `turn` gives some of
    them one more. `served`: feed → the number of the newest item that it gave anybody.
    """

    def __init__(self, feeds: int, seed: int = 7, window: int = 40, first: int = 5) -> None:
        self.window = window
        self.newest = [first] * feeds
        self.served: dict[int, int] = {}
        self.asked: Counter[int] = Counter()  # by status
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        living = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                living._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server((HOST, 0), Handler)
        self._server.daemon_threads = True
        self.host = f"{HOST}:{self._server.server_address[1]}"  # with its port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def turn(self, share: float = 0.5) -> None:
        """Some feeds tell something new."""
        with self._lock:
            for number in range(len(self.newest)):
                self.newest[number] += self._chance.random() < share

    def sources(self) -> str:
        """For a config.toml."""
        return "".join(
            f'[[sources]]\nid = "f{n}"\nurl = "http://{self.host}/{n}"\n' for n in range(len(self.newest))
        )

    def _answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        feed = int(handler.path.strip("/"))
        with self._lock:
            newest = self.newest[feed]
        tag = f'"{newest}"'
        is_known = handler.headers.get("If-None-Match") == tag
        body = b"" if is_known else document(feed, newest, self.window)
        with self._lock:
            self.asked[304 if is_known else 200] += 1
            self.served[feed] = max(newest, self.served.get(feed, 0))
        handler.send_response(304 if is_known else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Type", "application/rss+xml")
        if feed % 3:  # every third one says nothing to ask with
            handler.send_header("ETag", tag)
        handler.end_headers()
        handler.wfile.write(body)


def document(feed: int, newest: int, window: int) -> bytes:
    items = "".join(_item(feed, number) for number in range(newest, max(-1, newest - window), -1))
    return f'<rss version="2.0"><channel><title>Feed {feed}</title>{items}</channel></rss>'.encode()


def _item(feed: int, number: int) -> str:
    """Every tenth is told by all feeds, under the same link."""
    teller = "all" if number % 10 == 0 else f"f{feed}"
    title = " ".join(random.Random(f"{teller}-{number}").choices(WORDS, k=8))
    return (
        f'<item><guid isPermaLink="false">{feed}-{number}</guid><link>https://{teller}.example/{number}</link>'
        f"<title>{title}</title><description>{title}, said feed {feed}.</description>"
        f"<pubDate>{formatdate(NOW - 80_000_000 + 60 * number + feed)}</pubDate></item>"
    )


# ---------------------------------------------------------------- what has to hold


def judged(folder: Path, living: Living, complete: bool) -> list[str]:
    """What is wrong, in words. `complete`: after a cycle that nobody ended, which leaves nothing to be done."""
    found = [*_published(folder / "var" / "public")]
    with open_reader(folder / "var" / "aggregator.db") as store:
        found += _stored(store)
        if complete and not found:
            found += _complete(folder, store, living)
    return found


def _stored(store: Reader) -> list[str]:
    found = []
    if (words := store.value("PRAGMA integrity_check")) != "ok":
        found.append(f"integrity: {words}")
    if rows := store.rows("PRAGMA foreign_key_check"):
        found.append(f"foreign keys: {rows[:3]}")
    for words, query in (
        ("neither folded nor waiting", "SELECT id FROM entry WHERE kept AND id NOT IN (SELECT entry FROM member) "
         "AND id NOT IN (SELECT entry FROM pending_entry)"),
        ("stories without an entry", "SELECT id FROM story WHERE id NOT IN (SELECT story FROM member)"),
        ("events without a story", "SELECT id FROM event WHERE id NOT IN (SELECT event FROM story)"),
        ("items twice", "SELECT guid FROM entry GROUP BY source, guid HAVING count(*) > 1"),
    ):  # fmt: skip
        if rows := store.rows(query):
            found.append(f"{words}: {len(rows)}, such as {rows[0]}")
    held: dict[str, set[int]] = {}
    for source, guid in store.rows("SELECT source, guid FROM entry"):
        held.setdefault(source, set()).add(int(guid.split("-")[1]))
    for source, tag in store.rows("SELECT id, etag FROM source WHERE etag IS NOT NULL"):
        if int(tag.strip('"')) not in held.get(source, ()):
            found.append(f"{source} would ask for what is newer than {tag}, which is not stored")
    return found


def _complete(folder: Path, store: Reader, living: Living) -> list[str]:
    """Nothing that a feed ever showed is missing, in the store or in what is published; nothing is left over."""
    found = []
    stored = {guid for (guid,) in store.rows("SELECT guid FROM entry")}
    shown = {f"{feed}-{number}" for feed, newest in living.served.items() for number in range(1, newest + 1)}
    if lost := shown - stored:
        found.append(f"{len(lost)} items are lost, such as {sorted(lost)[:3]}")
    if waiting := store.value("SELECT count(*) FROM pending_entry"):
        found.append(f"{waiting} entries wait to be folded")
    public = folder / "var" / "public"
    ids = Counter(
        one
        for path in [public / "all.atom", *(public / "archive").glob("all-*.atom")]
        for one in _texts(
            etree.parse(path).getroot(), "//*[local-name()='entry']/*[local-name()='id']/text()"
        )
    )
    if missing := store.value("SELECT count(*) FROM story") - len(ids):
        found.append(f"{missing} stories more are stored than published")
    if twice := [one for one, times in ids.items() if times > 1]:
        found.append(f"published twice: {twice[:3]}")
    if left := [path.name for path in folder.rglob("*.tmp")]:
        found.append(f"left over: {left[:3]}")
    return found


def _published(public: Path) -> list[str]:
    """Files are whole, packed ones are of the same text, no id is in one twice."""
    found = []
    for path in sorted(public.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        try:
            if twice := [one for one, times in Counter(_ids(path)).items() if times > 1]:
                found.append(f"{path.name}: {twice[0]} is there twice")
        except (ValueError, OSError, EOFError, etree.XMLSyntaxError, zlib.error) as error:
            found.append(f"{path.name}: {error}")
    return found


def _ids(path: Path) -> list[str]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        plain = path.with_suffix("")
        whole = gzip.decompress(data)
        if int(plain.stat().st_mtime) == int(path.stat().st_mtime) and whole != plain.read_bytes():
            raise ValueError("is not what it packs")
        return []
    if path.suffix == ".html" and not data.rstrip().endswith(b"</html>"):
        raise ValueError("is cut short")
    if path.suffix == ".json":
        return [one["id"] for one in json.loads(data)["items"]]
    if path.suffix not in (".atom", ".rss"):
        return []
    return _texts(
        etree.fromstring(data), "//*[local-name()='entry']/*[local-name()='id']/text() | //item/guid/text()"
    )


def _texts(root: Any, path: str) -> list[str]:
    return [str(one) for one in root.xpath(path)]
