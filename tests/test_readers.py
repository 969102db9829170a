"""Other people's programs against what we publish: readers, validators, a browser, a web server. Each is skipped, and says so, where it is not installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aggregator import cycle
from aggregator.cli.livepages import Holder, StorePages
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.meters import Meters
from aggregator.server import Running
from aggregator.store import open_writer
from aggregator.web import Application, Response
from tests.helpers import NOW, config
from tests.test_faithful import Desk
from tests.test_safe import SETTINGS, atom, escaped, jsonfeed, rss
from tests.test_web import Client

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"
DATA = ROOT / "tests" / "data"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VALIDATOR = os.environ.get("FEEDVALIDATOR", "")  # the `src` folder of a checkout of the W3C feed validator
VALIDATOR_PYTHON = os.environ.get(
    "FEEDVALIDATOR_PYTHON", sys.executable
)  # one that has what it needs (html5lib, lxml, rdflib)
NODE_FOLDER = os.environ.get(
    "FEED_PARSERS", ""
)  # where `npm install rss-parser feedparser feedsmith` was run
READER_PYTHON = os.environ.get("READER_PYTHON", sys.executable)  # one that has `reader`


class Logged(Application):
    """Remembers what it answered: (path, status)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.log: list[tuple[str, int]] = []

    def answer(self, environ: dict[str, Any]) -> Response:
        found = super().answer(environ)
        self.log.append((environ["PATH_INFO"], int(found[0][:3])))
        return found


class Served:
    """The seeds and the three rich feeds, published and served."""

    def __init__(self, folder: Path) -> None:
        sources = "".join(
            f'[[sources]]\nid = "{form}"\npath = "{DATA}/rich.{form}"\n' for form in ("rss", "atom", "json")
        )
        self.settings: Config = config(
            folder,
            f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n{sources}[[topics]]\nid = "asia"\nmatch = "taiwan OR korea*"\n[[topics]]\nid = "none"\nmatch = "nothingatall"\n',
        )
        self.cycle(NOW)
        self.application = Logged(
            self.settings.output,
            StorePages(Holder(self.settings), Meters(), lambda: NOW),
            self.settings.site.base_url,
        )
        self.running = Running(self.application, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self.running.port}"

    def cycle(self, at: int) -> None:
        with open_writer(self.settings.database) as store:
            cycle.run(self.settings, store, Wanted(), at)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.running.close()


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], check=True, timeout=120, capture_output=True, text=True, **more
    )


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_F63_newsboat_shows_every_item_once(served: Served, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"{served.base}/asia.atom\n{served.base}/all.rss\n")
    (tmp_path / "nb").write_text("")
    command = [
        "newsboat",
        "-C",
        str(tmp_path / "nb"),
        "-u",
        str(tmp_path / "urls"),
        "-c",
        str(tmp_path / "cache.db"),
    ]
    unread = []
    served.application.log.clear()
    for again in range(4):
        run(*command, "-x", "reload")
        unread.append(run(*command, "-x", "print-unread").stdout.split()[0])
        served.cycle(NOW + 3600 * (again + 1))
    assert unread == ["28"] * 4
    for wanted in ("/asia.atom", "/all.rss"):  # newsboat keeps validators from its second visit on
        assert [status for path, status in served.application.log if path == wanted] == [200, 200, 304, 304]


@pytest.mark.skipif(shutil.which("sfeed") is None, reason="sfeed is not installed")
def test_F67_sfeed_reads_title_link_and_id(served: Served) -> None:
    rows = {}
    for form in ("rss", "atom"):
        out = subprocess.run(
            ["sfeed"],
            input=(served.settings.output / f"all.{form}").read_bytes(),
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        rows[form] = sorted(
            (line.split("\t")[0], line.split("\t")[1], line.split("\t")[2], line.split("\t")[5])
            for line in out.splitlines()
        )
    assert rows["rss"] == rows["atom"] and len(rows["rss"]) == 28


@pytest.mark.skipif(shutil.which("r2e") is None, reason="rss2email is not installed")
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_F64_rss2email_sends_one_mail_per_item_and_none_again(
    served: Served, tmp_path: Path, form: str
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat > {box}/$$.$(date +%N)\n")
    sendmail.chmod(0o755)
    command = ["r2e", "-c", str(tmp_path / "r2e.cfg"), "-d", str(tmp_path / "r2e.json")]
    run(*command, "new", "me@desk.example")
    text = (tmp_path / "r2e.cfg").read_text()
    (tmp_path / "r2e.cfg").write_text(
        re.sub(
            r"(?m)^sendmail = .*$",
            f"sendmail = {sendmail}",
            re.sub(r"(?m)^email-protocol = .*$", "email-protocol = sendmail", text),
        )
    )
    run(*command, "add", "desk", f"{served.base}/all.{form}")
    counts = []
    for again in range(2):
        run(*command, "run")
        counts.append(len(list(box.iterdir())))
        served.cycle(NOW + 7200 * (again + 2))
    assert counts == [28, 28]


def seen_by_reader(address: str, database: Path) -> Any:
    """A second process: `reader` brings a feedparser of its own."""
    script = """
import sys, json
from reader import make_reader
reader = make_reader(sys.argv[2]); reader.add_feed(sys.argv[1], exist_ok=True)
done = [reader.update_feed(sys.argv[1]) for _ in range(2)]
print(json.dumps({"counts": [[one.new, one.modified] if one else [0, 0] for one in done],
                  "entries": [[e.id, e.title, e.link, int(e.published.timestamp()), e.author] for e in reader.get_entries()]}))
"""
    return json.loads(run(READER_PYTHON, "-c", script, address, database).stdout)


def has_reader() -> bool:
    return (
        subprocess.run(
            [READER_PYTHON, "-c", "import reader._vendor.feedparser"], capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.skipif(
    not has_reader(),
    reason="the package reader (with sgmllib3k) is not installed, nor does READER_PYTHON name a Python that has it",
)
def test_F65_reader_sees_each_item_once_and_an_edit_as_an_edit(tmp_path: Path) -> None:
    for form in ("rss", "atom", "json"):
        shutil.copy(DATA / f"rich.{form}", tmp_path)
    sources = "".join(
        f'[[sources]]\nid = "{form}"\npath = "rich.{form}"\n' for form in ("rss", "atom", "json")
    )
    settings = config(tmp_path, sources)
    now = int(time.time())
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), now - 30)
        running = Running(Application(settings.output, None, settings.site.base_url), "127.0.0.1", 0)
        try:
            for form in ("rss", "atom", "json"):
                assert seen_by_reader(f"http://127.0.0.1:{running.port}/all.{form}", tmp_path / f"{form}.db")[
                    "counts"
                ] == [[11, 0], [0, 0]]
            text = (tmp_path / "rich.json").read_text(encoding="utf-8")
            (tmp_path / "rich.json").write_text(
                text.replace("Bis <b>Mai</b>", "Bis Ende <b>Juni</b>, sagt das Amt"), encoding="utf-8"
            )
            cycle.run(settings, store, Wanted(everything=True), now)
            for form in ("rss", "atom", "json"):
                assert seen_by_reader(f"http://127.0.0.1:{running.port}/all.{form}", tmp_path / f"{form}.db")[
                    "counts"
                ] == [[0, 1], [0, 0]], form
        finally:
            running.close()


NODE = """
import fs from 'fs'; import {createRequire} from 'module';
const load = createRequire(process.argv[2] + '/x.js'), folder = process.argv[3], found = {};
const Parser = load('rss-parser'), FeedParser = load('feedparser'), {parseFeed} = load('feedsmith');
const row = (id, title, link, date, author) => [id, title, link, Math.round(new Date(date).getTime() / 1000), author];
for (const form of ['rss', 'atom']) {
  const text = fs.readFileSync(`${folder}/all.${form}`, 'utf8');
  found['rss-parser ' + form] = (await new Parser().parseString(text)).items.map(i => row(i.guid ?? i.id, i.title, i.link, i.isoDate, i.creator ?? i.author));
  found['node-feedparser ' + form] = await new Promise((done, failed) => { const parser = new FeedParser({addmeta: false}), rows = []; parser.on('error', failed);
    parser.on('readable', () => { let i; while ((i = parser.read())) rows.push(row(i.guid, i.title, i.link, i.pubdate, i.author)) }); parser.on('end', () => done(rows)); parser.end(text) });
}
for (const form of ['rss', 'atom', 'json']) {
  const {feed} = parseFeed(fs.readFileSync(`${folder}/all.${form}`, 'utf8')), name = list => list?.map(a => a.name ?? a).join(', ');
  found['feedsmith ' + form] = (feed.items ?? feed.entries).map(i => row(i.guid?.value ?? i.id, i.title?.value ?? i.title, i.link ?? i.url ?? i.links.find(l => l.rel === 'alternate').href,
    i.pubDate ?? i.published ?? i.date_published, name(i.dc?.creators) ?? i.dc?.creator ?? name(i.authors)));
}
console.log(JSON.stringify(found));
"""


@pytest.mark.skipif(
    not NODE_FOLDER or shutil.which("node") is None,
    reason="FEED_PARSERS names no folder where npm installed rss-parser, feedparser and feedsmith",
)
def test_F67_parsers_of_javascript_agree(served: Served, tmp_path: Path) -> None:
    (tmp_path / "parse.mjs").write_text(NODE)
    found = json.loads(run("node", tmp_path / "parse.mjs", NODE_FOLDER, served.settings.output).stdout)
    items = json.loads((served.settings.output / "all.json").read_text())["items"]
    wanted = [
        [
            i["id"],
            i["title"],
            i["url"],
            int(datetime.fromisoformat(i["date_published"]).timestamp()),
            ", ".join(a["name"] for a in i["authors"]),
        ]
        for i in items
    ]
    assert len(found) == 7 and len(wanted) == 28
    for name, rows in found.items():
        assert rows == wanted, name


@pytest.mark.skipif(not VALIDATOR, reason="FEEDVALIDATOR names no checkout of the W3C feed validator")
def test_F1_the_w3c_validator_finds_nothing(served: Served) -> None:
    script = """
import os, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import feedvalidator
from feedvalidator.logging import Error, Warning
for path in sys.argv[2:]:
    text = open(path, encoding="utf-8").read()
    for event in feedvalidator.validateString(text, firstOccurrenceOnly=1, base="https://desk.example/" + os.path.basename(path))["loggedEvents"]:
        if isinstance(event, (Error, Warning)) and type(event).__name__ != "DuplicateUpdated":
            print(os.path.basename(path), type(event).__name__, event.params)
"""
    files = [
        path for form in ("rss", "atom", "opml") for path in sorted(served.settings.output.rglob(f"*.{form}"))
    ]
    assert len(files) == 10 and run(VALIDATOR_PYTHON, "-c", script, VALIDATOR, *files).stdout == ""


@pytest.mark.skipif(not VALIDATOR, reason="FEEDVALIDATOR names no checkout of the W3C feed validator")
def test_F1_F60_it_finds_nothing_in_what_was_attacked_either(tmp_path: Path) -> None:
    """Payloads in every place, archives, a search: each document at its own address."""
    desk = Desk(tmp_path, SETTINGS.replace("1000", "20"))
    desk.write("rss", rss(escaped))
    desk.write("atom", atom(escaped))
    desk.write("json", jsonfeed())
    desk.cycle()
    settings = desk.settings()
    for form in ("rss", "atom"):
        (settings.output / f"found.{form}").write_bytes(
            StorePages(Holder(settings), Meters(), lambda: NOW).search('title:x OR "a b"', form, 50).body
        )
    script = """
import re, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import feedvalidator
from feedvalidator.logging import Error, Warning
for path in sys.argv[2:]:
    text = open(path, encoding="utf-8").read()
    base = re.search(r'rel="self"[^>]* href="([^"]*)"', text)
    for event in feedvalidator.validateString(text, firstOccurrenceOnly=1, base=base[1].replace("&amp;", "&") if base else "https://desk.example/x.opml")["loggedEvents"]:
        if isinstance(event, (Error, Warning)) and type(event).__name__ != "DuplicateUpdated":
            print(path, type(event).__name__, event.params)
"""
    files = [path for form in ("rss", "atom", "opml") for path in sorted(settings.output.rglob(f"*.{form}"))]
    assert len(files) == 10 and run(VALIDATOR_PYTHON, "-c", script, VALIDATOR, *files).stdout == ""


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_F46_F50_F57_nginx_serves_the_same_folder(served: Served, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as free:
        port = free.server_address[1]
    location = (
        (ROOT / "scripts" / "web" / "nginx.conf")
        .read_text(encoding="utf-8")
        .replace("/srv/aggregator", str(served.settings.output))
        .replace("127.0.0.1:8080", served.base.removeprefix("http://"))
    )
    (tmp_path / "logs").mkdir()
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
        f"server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
    )
    for path in [*tmp_path.parents][:3]:
        path.chmod(path.stat().st_mode | 0o755)
    run("nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    with subprocess.Popen(
        [
            "nginx",
            "-p",
            str(tmp_path),
            "-c",
            str(tmp_path / "nginx.conf"),
            "-g",
            "user root;" if os.geteuid() == 0 else "",
        ]
    ) as process:
        try:
            client = Client(port)
            answer = None
            for _ in range(100):
                try:
                    answer = client("/all.atom", Accept_Encoding="gzip")
                    break
                except ConnectionError:
                    threading.Event().wait(0.05)
            assert (
                answer is not None
                and answer[0] == 200
                and answer[1]["content-encoding"] == "gzip"
                and answer[1]["content-type"] == "application/atom+xml; charset=utf-8"
            )
            assert "Accept-Encoding" in answer[1]["vary"] and answer[1]["content-security-policy"].startswith(
                "default-src 'none'"
            )
            assert (
                answer[1]["x-content-type-options"] == "nosniff"
                and answer[1]["access-control-allow-origin"] == "*"
            )
            assert client("/all.atom", If_None_Match=answer[1]["etag"], Accept_Encoding="gzip")[0] == 304
            assert [
                client(f"/all.{form}")[1]["content-type"].split(";")[0] for form in ("rss", "json", "html")
            ] == ["application/rss+xml", "application/feed+json", "text/html"]
            assert client("/feeds.opml")[1]["content-type"].startswith("text/x-opml") and client("/")[1][
                "content-type"
            ].startswith("text/html")
            assert (
                client("/.aggregator-manifest.json")[0] in (403, 404)
                and client("/stories/")[0] in (403, 404)
                and client("/../config.toml")[0] in (400, 404)
            )
            assert b"seeds" in client("/status")[2]
        finally:
            process.terminate()


def browse(url: str, *more: str, profile: Path) -> subprocess.CompletedProcess[str]:
    return run(
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--enable-logging=stderr",
        "--v=0",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=4000",
        *more,
        url,
    )


PAGES = ("index.html", "all.html", "asia.html", "sources.html", "status", "search?q=taiwan")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_F58_pages_in_a_browser_ask_nobody_else_and_complain_about_nothing(
    served: Served, tmp_path: Path
) -> None:
    for number, name in enumerate(PAGES):
        log = tmp_path / f"net{number}.json"
        shown = browse(
            f"{served.base}/{name}", "--dump-dom", f"--log-net-log={log}", profile=tmp_path / "profile"
        )
        assert "CONSOLE" not in shown.stderr, shown.stderr
        assert "<h1" in shown.stdout
        # What the page asked for; what the browser asks its maker for has no origin.
        requests = [
            event["params"]
            for event in json.loads(log.read_text(errors="replace"))["events"]
            if "url" in event.get("params", {})
        ]
        assert any(one["url"] == f"{served.base}/{name}" for one in requests)
        asked = {
            one["url"] for one in requests if one.get("initiator") in (served.base, "null")
        }  # null: a page in a sandbox
        assert {url for url in asked if not url.startswith(served.base)} == set(), name
        for form, address in re.findall(
            r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)"', shown.stdout
        ):
            path = address.replace("&amp;", "&").replace("https://desk.example", "")
            assert Client(served.running.port)(path, Accept="*/*")[1]["content-type"].startswith(form), (
                address
            )


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_S8_S10_a_browser_runs_nothing_of_it(tmp_path: Path) -> None:
    """Everything published, shown by the most careless reader: contents and titles written into a page as they are."""
    desk = Desk(tmp_path, SETTINGS)
    desk.write("rss", rss(escaped))
    desk.cycle()
    items = [item for item in desk.items().values() if item["_source"]["id"] == "rss"]
    shown = "".join(
        f'<h2>{item["title"]}</h2><div title="{item["summary"].replace(chr(34), "")}">{item.get("content_html", "")}</div>'
        for item in items
    )
    trap = "<meta charset=utf-8><script>window.alert = () => document.documentElement.setAttribute('data-hit', 'yes')</script>"
    click = "<script>for (const a of document.links) if (!/^https?:|^mailto:/.test(a.href)) alert(1)</script>"
    hits = {}
    for name, body in (("published", shown), ("raw", "<img src=x onerror=alert(1)>")):
        (tmp_path / f"{name}.html").write_text(trap + body + click, encoding="utf-8", errors="replace")
        hits[name] = (
            "data-hit"
            in browse(
                (tmp_path / f"{name}.html").as_uri(),
                "--dump-dom",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                profile=tmp_path / "profile",
            ).stdout.split("<script>")[0]
        )
    assert hits == {"published": False, "raw": True} and len(items) > 100


MEASURE = """<!doctype html><title>waiting</title><iframe id=f src="%s" style="width:%dpx;height:800px;border:0"></iframe><script>
f.onload = () => { const d = f.contentDocument, e = d.documentElement, s = f.contentWindow.getComputedStyle(d.body);
  const small = [...d.querySelectorAll("a.button, .subscribe a, button, nav a")].filter(a => a.offsetHeight && a.offsetHeight < 24).map(a => a.outerHTML);
  document.title = JSON.stringify({over: e.scrollWidth - e.clientWidth, size: parseFloat(s.fontSize), h1: d.querySelectorAll("h1").length, small: small,
    dead: [...d.querySelectorAll("a[href]")].filter(a => !a.textContent.trim() && !a.getAttribute("aria-label")).length}) }</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_a_phone_and_a_desktop(served: Served, tmp_path: Path, width: int) -> None:
    """Nothing is wider than the screen, text is at least 15 px, one first heading, links have words and a height that fingers hit."""
    copy = tmp_path / "copy"
    shutil.copytree(served.settings.output, copy)
    for name in ("status", "search?q=taiwan"):
        (copy / f"{name.partition('?')[0]}.html").write_bytes(Client(served.running.port)(f"/{name}")[2])
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(copy))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in (
            "index.html",
            "all.html",
            "sources.html",
            "status.html",
            "search.html",
            f"stories/{next((copy / 'stories').glob('*.html')).name}",
        ):
            (copy / "measure.html").write_text(MEASURE % (name, width))
            shown = browse(
                f"http://127.0.0.1:{server.server_address[1]}/measure.html",
                "--dump-dom",
                "--window-size=1400,900",
                profile=tmp_path / "profile",
            ).stdout
            found = json.loads(re.findall(r"<title>(.*?)</title>", shown)[0].replace("&quot;", '"'))
            assert (
                found["over"] <= 0
                and found["size"] >= 15
                and found["h1"] == 1
                and found["small"] == []
                and found["dead"] == 0
            ), (name, found)
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Tests are silent."""
