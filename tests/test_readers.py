"""Other people's programs against what we publish: readers, validators, a browser, a web server. Each is skipped, and says so, where it is not installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aggregator import cycle
from aggregator.cli.serve import Holder, StoreDesk
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.store import open_writer
from aggregator.web import Application, Running
from tests.helpers import NOW, config
from tests.test_web import Client

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"
DATA = ROOT / "tests" / "data"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VALIDATOR = os.environ.get("FEEDVALIDATOR", "")  # the `src` folder of a checkout of the W3C feed validator
VALIDATOR_PYTHON = os.environ.get("FEEDVALIDATOR_PYTHON", sys.executable)  # one that has what it needs (html5lib, lxml, rdflib)


class Served:
    """The seeds and the three rich feeds, published and served."""

    def __init__(self, folder: Path) -> None:
        sources = "".join(f'[[sources]]\nid = "{form}"\npath = "{DATA}/rich.{form}"\n' for form in ("rss", "atom", "json"))
        self.settings: Config = config(folder, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n{sources}[[topics]]\nid = "asia"\nmatch = "taiwan OR korea*"\n[[topics]]\nid = "none"\nmatch = "nothingatall"\n')
        self.cycle(NOW)
        self.running = Running(Application(self.settings.output, StoreDesk(Holder(self.settings), lambda: NOW), self.settings.site.base_url), "127.0.0.1", 0)
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
    return subprocess.run([str(part) for part in command], check=True, timeout=120, capture_output=True, text=True, **more)


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_F63_newsboat_shows_every_item_once(served: Served, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"{served.base}/asia.atom\n{served.base}/all.rss\n")
    (tmp_path / "nb").write_text("")
    command = ["newsboat", "-C", str(tmp_path / "nb"), "-u", str(tmp_path / "urls"), "-c", str(tmp_path / "cache.db")]
    unread = []
    for again in range(2):
        run(*command, "-x", "reload")
        unread.append(run(*command, "-x", "print-unread").stdout.split()[0])
        served.cycle(NOW + 3600 * (again + 1))
    assert unread == ["28", "28"]


@pytest.mark.skipif(shutil.which("sfeed") is None, reason="sfeed is not installed")
def test_F67_sfeed_reads_title_link_and_id(served: Served) -> None:
    rows = {}
    for form in ("rss", "atom"):
        out = subprocess.run(["sfeed"], input=(served.settings.output / f"all.{form}").read_bytes(), capture_output=True, check=True, timeout=60).stdout.decode()
        rows[form] = sorted((line.split("\t")[0], line.split("\t")[1], line.split("\t")[2], line.split("\t")[5]) for line in out.splitlines())
    assert rows["rss"] == rows["atom"] and len(rows["rss"]) == 28


@pytest.mark.skipif(shutil.which("r2e") is None, reason="rss2email is not installed")
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_F64_rss2email_sends_one_mail_per_item_and_none_again(served: Served, tmp_path: Path, form: str) -> None:
    box = tmp_path / "box"
    box.mkdir()
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat > {box}/$$.$(date +%N)\n")
    sendmail.chmod(0o755)
    command = ["r2e", "-c", str(tmp_path / "r2e.cfg"), "-d", str(tmp_path / "r2e.json")]
    run(*command, "new", "me@desk.example")
    text = (tmp_path / "r2e.cfg").read_text()
    (tmp_path / "r2e.cfg").write_text(re.sub(r"(?m)^sendmail = .*$", f"sendmail = {sendmail}", re.sub(r"(?m)^email-protocol = .*$", "email-protocol = sendmail", text)))
    run(*command, "add", "desk", f"{served.base}/all.{form}")
    counts = []
    for again in range(2):
        run(*command, "run")
        counts.append(len(list(box.iterdir())))
        served.cycle(NOW + 7200 * (again + 2))
    assert counts == [28, 28]


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
    files = [path for form in ("rss", "atom", "opml") for path in sorted(served.settings.output.glob(f"*.{form}"))]
    assert len(files) == 10 and run(VALIDATOR_PYTHON, "-c", script, VALIDATOR, *files).stdout == ""


def snippet(after: str) -> str:
    """The indented block of the README that follows this heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(after, 1)[1]
    lines = [line for line in text.split("\n")[1:]]
    start = next(i for i, line in enumerate(lines) if line.startswith("    "))
    end = next(i for i in range(start, len(lines)) if lines[i] and not lines[i].startswith("    "))
    return "\n".join(lines[start:end])


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_F46_F50_F57_the_readme_s_nginx_serves_the_same_folder(served: Served, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as free:
        port = free.server_address[1]
    location = snippet("### Behind nginx").replace("/srv/aggregator/var/public", str(served.settings.output)).replace("127.0.0.1:8080", served.base.removeprefix("http://"))
    (tmp_path / "logs").mkdir()
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
        f"server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
    )
    for path in [*tmp_path.parents][:3]:
        path.chmod(path.stat().st_mode | 0o755)
    run("nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    with subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "user root;" if os.geteuid() == 0 else ""]) as process:
        try:
            client = Client(port)
            answer = None
            for _ in range(100):
                try:
                    answer = client("/all.atom", Accept_Encoding="gzip")
                    break
                except ConnectionError:
                    threading.Event().wait(0.05)
            assert answer is not None and answer[0] == 200 and answer[1]["content-encoding"] == "gzip" and answer[1]["content-type"] == "application/atom+xml; charset=utf-8"
            assert "Accept-Encoding" in answer[1]["vary"] and answer[1]["content-security-policy"].startswith("default-src 'none'")
            assert answer[1]["x-content-type-options"] == "nosniff" and answer[1]["access-control-allow-origin"] == "*"
            assert client("/all.atom", If_None_Match=answer[1]["etag"], Accept_Encoding="gzip")[0] == 304
            assert [client(f"/all.{form}")[1]["content-type"].split(";")[0] for form in ("rss", "json", "html")] == ["application/rss+xml", "application/feed+json", "text/html"]
            assert client("/feeds.opml")[1]["content-type"].startswith("text/x-opml") and client("/")[1]["content-type"].startswith("text/html")
            assert client("/.aggregator-manifest.json")[0] in (403, 404) and client("/stories/")[0] in (403, 404) and client("/../config.toml")[0] in (400, 404)
            assert b"seeds" in client("/status")[2]
        finally:
            process.terminate()


def browse(url: str, *more: str, profile: Path) -> subprocess.CompletedProcess[str]:
    return run(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--enable-logging=stderr", "--v=0",
               f"--user-data-dir={profile}", "--virtual-time-budget=4000", *more, url)  # fmt: skip


PAGES = ("index.html", "all.html", "asia.html", "sources.html", "status", "search?q=taiwan")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_F58_pages_in_a_browser_ask_nobody_else_and_complain_about_nothing(served: Served, tmp_path: Path) -> None:
    for number, name in enumerate(PAGES):
        log = tmp_path / f"net{number}.json"
        shown = browse(f"{served.base}/{name}", "--dump-dom", f"--log-net-log={log}", profile=tmp_path / "profile")
        assert "CONSOLE" not in shown.stderr, shown.stderr
        assert "<h1" in shown.stdout
        # What the page asked for; what the browser asks its maker for has no origin.
        requests = [event["params"] for event in json.loads(log.read_text(errors="replace"))["events"] if "url" in event.get("params", {})]
        assert any(one["url"] == f"{served.base}/{name}" for one in requests)
        asked = {one["url"] for one in requests if one.get("initiator") in (served.base, "null")}  # null: a page in a sandbox
        assert {url for url in asked if not url.startswith(served.base)} == set(), name
        for form, address in re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)"', shown.stdout):
            path = address.replace("&amp;", "&").replace("https://desk.example", "")
            assert Client(served.running.port)(path, Accept="*/*")[1]["content-type"].startswith(form), address


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
        for name in ("index.html", "all.html", "sources.html", "status.html", "search.html", f"stories/{next((copy / 'stories').glob('*.html')).name}"):
            (copy / "measure.html").write_text(MEASURE % (name, width))
            shown = browse(f"http://127.0.0.1:{server.server_address[1]}/measure.html", "--dump-dom", "--window-size=1400,900", profile=tmp_path / "profile").stdout
            found = json.loads(re.findall(r"<title>(.*?)</title>", shown)[0].replace("&quot;", '"'))
            assert found["over"] <= 0 and found["size"] >= 15 and found["h1"] == 1 and found["small"] == [] and found["dead"] == 0, (name, found)
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Tests are silent."""
