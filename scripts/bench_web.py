"""A web of real feeds on loopback, and `aggregator run` against it: cold, then again warm.

The corpus is a folder with `manifest.tsv` and the documents that it names (default: ../shared/corpus beside
the project). One host a
publisher (127.x.y.z), validators, gzip and redirects decided by the document's id, content types as in the
wild. Then what is lost on the way, field by field: see `bench_losses`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any, ClassVar

import bench_losses
import feedparser
import loopback
from rich.console import Console
from rich.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 20  # losses that are printed
TYPES = (
    "application/rss+xml; charset={}",
    "text/xml; charset={}",
    "application/xml",
    "application/rss+xml",
    "text/html; charset={}",
    "application/atom+xml",
)


class Page:
    """A document and how it is served."""

    def __init__(self, row: dict[str, str], corpus: Path) -> None:
        self.id, self.entries = row["id"], int(row["entries"])
        self.body = (corpus / row["path"]).read_bytes()
        self.number = int(hashlib.sha256(self.id.encode()).hexdigest()[:8], 16)
        digest = hashlib.sha256((row["publisher"] or row["id"]).encode()).digest()
        self.host = f"127.{digest[0] % 250 + 1}.{digest[1]}.{digest[2] % 250 + 1}"
        kind = self.number % 100
        self.etag = f'"{hashlib.md5(self.body).hexdigest()}"' if kind < 65 else None
        self.modified = (
            formatdate(1_700_000_000 + self.number % 10_000_000, usegmt=True)
            if kind < 45 or 65 <= kind < 80
            else None
        )
        self.gzip = self.number // 100 % 10 < 6
        self.redirect = {3: 301, 7: 302, 11: 308}.get(self.number // 1000 % 25)
        charset = (
            "iso-8859-5"
            if self.number // 7 % 50 == 0 and row["declared_encoding"] != ""
            else row["encoding"] or "utf-8"
        )
        self.type = TYPES[self.number // 13 % len(TYPES)].format(charset)


class Handler(loopback.Handler):
    """Serves pages by path; counts."""

    pages: ClassVar[dict[str, Page]] = {}
    log: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        name = self.path.strip("/").removesuffix(".xml")
        page = self.pages.get(name.removeprefix("moved-"))
        if page is None:
            return self.reply(404, b"", {})
        if page.redirect and not name.startswith("moved-"):
            self.log[str(page.redirect)] += 1
            return self.reply(page.redirect, b"", {"Location": f"/moved-{page.id}.xml"})
        known = (
            self.headers.get("If-None-Match") == page.etag
            if page.etag
            else self.headers.get("If-Modified-Since") == page.modified
        )
        headers = {
            name: value for name, value in (("ETag", page.etag), ("Last-Modified", page.modified)) if value
        }
        if known and headers:
            self.log["304"] += 1
            return self.reply(304, b"", headers)
        body = page.body
        if page.gzip and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, 5), "gzip"
        self.log["200"] += 1
        return self.reply(200, body, {**headers, "Content-Type": page.type})


def cycle(config: Path, *options: str) -> tuple[dict[str, Any], float, float]:
    """(report, seconds, CPU seconds)"""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "--config", str(config), "run", "--json", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"run ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return (
        json.loads(done.stdout),
        time.monotonic() - started,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench web", description=__doc__.splitlines()[0] if __doc__ else None
    )
    default = os.environ.get("AGGREGATOR_CORPUS") or ROOT.parent / "shared" / "corpus"
    parser.add_argument("corpus", nargs="?", type=Path, default=Path(default), help="default: %(default)s")
    parser.add_argument("--feeds", type=int, default=1, metavar="N", help="every N-th feed only")
    parser.add_argument("--losses", type=Path, metavar="FILE", help="write every unexplained loss there")
    wanted = parser.parse_args()
    if not (wanted.corpus / "manifest.tsv").exists():
        parser.error(f"{wanted.corpus}: no manifest.tsv there; give the folder of a corpus")
    if wanted.feeds < 1:
        parser.error(f"--feeds {wanted.feeds}: 1 takes all, 2 every second one …")
    with (wanted.corpus / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:: wanted.feeds]
    pages = [Page(row, wanted.corpus) for row in rows]
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        measure(pages, wanted.losses, bar)


def measure(pages: list[Page], losses: Path | None, bar: Progress) -> None:
    polling = bar.add_task("two cycles", total=2)
    Handler.pages = {page.id: page for page in pages}
    server = loopback.Server(("0.0.0.0", 0), Handler)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        hosts = sorted({page.host for page in pages})
        allowed = json.dumps([f"{host}:{port}" for host in hosts])
        lines = [
            '[service]\ntitle = "Bench"\nbase_url = "http://127.0.0.1:8080/"\n[poll]\nhost_gap = "0s"\n',
            f"allow_hosts = {allowed}\n",
        ]
        lines += [
            f'[[sources]]\nid = "{page.id}"\nurl = "http://{page.host}:{port}/{page.id}.xml"\n'
            for page in pages
        ]
        lines += [
            '[[topics]]\nid = "world"\nmatch = "world OR government OR election*"\n[[topics]]\nid = "tech"\nmatch = "software OR app* OR google"\n'
        ]
        config.write_text("".join(lines))
        report, seconds, cpu = cycle(config)
        bar.advance(polling)
        expected = sum(page.entries for page in pages)
        print(f"cold    {len(pages)} feeds on {len(hosts)} hosts: {seconds:.1f} s, {cpu:.1f} s CPU; {report['sources']}; "
              f"{report['entries']['new']} entries of {expected} counted; "
              f"{report['stories']['new']} stories; {len(report['files']['written'])} files")  # fmt: skip
        differing(config, pages)
        for failure in report["failures"]:
            print("        failed:", failure)
        before = {path: path.stat().st_mtime_ns for path in (Path(folder) / "var" / "public").rglob("*")}
        Handler.log.clear()
        report, seconds, cpu = cycle(config, "--all")
        bar.advance(polling)
        touched = [
            path
            for path in (Path(folder) / "var" / "public").rglob("*")
            if before.get(path) != path.stat().st_mtime_ns
        ]
        print(
            f"warm    {seconds:.1f} s, {cpu:.1f} s CPU; {report['sources']}; entries {report['entries']}; "
            f"written {report['files']['written']}, touched {len(touched)}; "
            f"server: {dict(Handler.log)}"
        )
        lost(config, pages, losses, bar)


def lost(config: Path, pages: list[Page], path: Path | None, bar: Progress) -> None:
    """The table of what is lost; what no rule explains, the first of it here and all of it in a file."""
    comparing = bar.add_task("comparing", total=len(pages))
    found = bench_losses.compare(
        [(page.id, page.body) for page in pages],
        dumped(config),
        config.parent / "var" / "public",
        lambda: bar.advance(comparing),
    )
    unexplained = [loss for loss in found if not loss.why]
    lines = [f"{one.feed}\t{one.number}\t{one.guid}\t{one.field}\t{one.value!r:.300}" for one in unexplained]
    for line in lines[:SHOWN]:
        print("        not explained:", line.replace("\t", "  "))
    if path:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def dumped(config: Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", "aggregator", "--config", str(config), "dump"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout


def differing(config: Path, pages: list[Page]) -> None:
    """Feeds whose entries are not as many as the manifest counts."""
    got = Counter(json.loads(line)["source"] for line in dumped(config).splitlines())
    for page in pages:
        if got[page.id] != page.entries:
            different = distinct(page)
            why = (
                f"{page.entries - different} of them repeat the guid, the link or the words of another one"
                if different == got[page.id]
                else "NOT EXPLAINED"
            )
            print(f"        {page.id}: {got[page.id]} entries, the manifest counts {page.entries}: {why}")


def distinct(page: Page) -> int:
    """How many things the document holds, by a plain count: a guid, else a link, else title and text, is one."""
    items = feedparser.parse(io.BytesIO(page.body)).entries
    return len(
        {item.get("id") or item.get("link") or (item.get("title"), item.get("summary")) for item in items}
    )


if __name__ == "__main__":
    main()
