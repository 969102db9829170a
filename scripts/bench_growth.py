"""What a store costs as it grows: a cycle with 100 new entries in a small and in a large store, beside the same
10,000 sources and 50 topics; what one new entry renders; `search`, `why` and `status`; memory; bytes; how long
thousands of sources take to load.

    scripts/bench growth [--entries N …] [--sources N] [--folder DIR] [--plot FILE.svg]

Entries are made up (seeded), words by Zipf's law, one in twenty a copy of an earlier one, 50,000 a week; they go in
through the store's own writer and are folded, labelled and published by a cycle. That takes half an hour for a million:
with --folder the stores stay there, and are used again as long as they fit.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import loopback
import plot

from aggregator import config as configs
from aggregator.config import Config
from aggregator.model import Entry, PollResult, Source, SourceState
from aggregator.parse import normal
from aggregator.store import Store, entries, lookup, open_reader, open_writer, sources

ROOT = Path(__file__).resolve().parent.parent
WEEK, WEEKLY = 7 * 86_400, 50_000
HOSTS = 100
TOPICS, NEW = 50, 100  # of a config; entries that a measured cycle brings
ROUND = 100  # entries that a source gets at a time
AT_ONCE = 100_000  # entries that a cycle folds and publishes while a store is built
COPIES = 0.05  # share of entries that repeat an earlier one
MEASURES: list[tuple[str, str]] = [
    ("nothing", "a cycle with nothing due"),
    ("new", f"a cycle with {NEW} new entries"),
    ("one", "a cycle with one new entry of one topic"),
]


class Words:
    """Texts, by chance."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        fixed = random.Random(1)  # the words are the same, whatever is made of them
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.all = ["".join(fixed.choices(letters, k=fixed.randint(4, 10))) for _ in range(40_000)]
        self.weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(self.all))))
        self.recent: list[tuple[str, str]] = []

    def drawn(self, count: int) -> str:
        return " ".join(self.rng.choices(self.all, cum_weights=self.weights, k=count))

    def item(self) -> tuple[str, str]:
        """(title, text)"""
        if self.recent and self.rng.random() < COPIES:
            title, text = self.rng.choice(self.recent)
            return title, f"{text} continue reading"
        found = self.drawn(9).capitalize(), self.drawn(60)
        self.recent.append(found)
        del self.recent[:-4000]
        return found

    def topic(self, number: int) -> str:
        """A word that one item in fifty has, more or less."""
        return self.all[300 + number]


@dataclass(frozen=True, slots=True)
class Site:
    """A config with its database, in a folder of its own."""

    folder: Path
    sources: int

    @property
    def file(self) -> Path:
        return self.folder / "config.toml"

    @property
    def config(self) -> Config:
        return configs.load(self.file, {})

    @property
    def is_built(self) -> bool:
        return (self.folder / "built").exists()

    @property
    def port(self) -> int:
        """At which its sources are served; 0: any."""
        found = re.search(r"127\.0\.1\.1:(\d+)", self.file.read_text()) if self.is_built else None
        return int(found[1]) if found else 0

    def configure(self, port: int) -> None:
        words = Words()
        allowed = json.dumps([f"{host(number)}:{port}" for number in range(HOSTS)])
        lines = [
            '[service]\ntitle = "Bench"\nbase_url = "http://127.0.0.1:8080/"\n',
            f'[poll]\nhost_gap = "0s"\nallow_hosts = {allowed}\n[retention]\nentries = "3650d"\n',
        ]
        lines += [
            f'[[sources]]\nid = "s{number}"\nurl = "http://{host(number)}:{port}/{number}"\n'
            for number in range(self.sources)
        ]
        lines += [
            f'[[topics]]\nid = "t{number}"\nmatch = "{words.topic(number)}"\n' for number in range(TOPICS)
        ]
        self.file.write_text("".join(lines))

    def run(self, *arguments: str) -> Spent:
        return spent(self.folder, "run", "--json", *arguments)


def host(number: int) -> str:
    return f"127.0.{number % HOSTS + 1}.1"


@dataclass(frozen=True, slots=True)
class Spent:
    """Of a command: seconds of the CPU and by the clock, with all that it starts; MB of its largest process."""

    cpu: float
    wall: float
    memory: float
    said: str

    def __str__(self) -> str:
        return f"{self.cpu:.2f} s ({self.wall:.2f}), {self.memory:.0f} MB"


def spent(folder: Path, *arguments: str) -> Spent:
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from aggregator.__main__ import main; main()"
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        command = [sys.executable, "-c", start, *arguments]
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        out.seek(0)
        errors.seek(0)
        said, trouble = out.read().decode(), errors.read().decode()
    if process.returncode:
        sys.exit(f"aggregator {' '.join(arguments)} ended with {process.returncode}:\n{trouble[-3000:]}")
    return Spent(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said)


# ------------------------------------------------------------ what is stored


def fill(site: Site, count: int, now: int) -> Iterator[int]:
    """So many entries, the newest from an hour ago: `ROUND` at a time of each source. Yields how many there are by
    now, as often as a cycle is to fold and publish them.
    """
    words, config = Words(), site.config
    by_turns = itertools.cycle(config.sources)
    with open_writer(config.database) as store:
        sources.remember(store, [(source, rested(now)) for source in config.sources])
    for start in range(0, count, AT_ONCE):
        until = min(start + AT_ONCE, count)
        with open_writer(config.database) as store:
            for first in range(start, until, ROUND):
                source = next(by_turns)
                numbers = range(first, min(first + ROUND, until))
                dates = [now - 3600 - (count - number) * WEEK // WEEKLY for number in numbers]
                made = [
                    entry(source, str(number), *words.item(), at)
                    for number, at in zip(numbers, dates, strict=True)
                ]
                absorb(store, source, made, now)
        yield until


def rested(now: int) -> SourceState:
    """Of a source that is not due for a day."""
    return SourceState(polled=now, succeeded=now, next_poll=now + 86_000, state="ok", state_since=now - WEEK)


def entry(source: Source, name: str, title: str, text: str, at: int) -> Entry:
    link = f"{source.url}/{name}"
    said = json.dumps({"title": title, "link": link, "summary": text})
    made = Entry(source.id, "", guid=link, link=link, title=title, text=text, content=f"<p>{text}</p>",
                 published=at, raw=said)  # fmt: skip
    return normal.finish(made)


def absorb(store: Store, source: Source, made: Sequence[Entry], now: int) -> None:
    memory = rested(now)
    polled = PollResult(source.id, now, memory, entries=tuple(made))
    entries.absorb(store, source, polled, lambda new: memory, lambda entry: True, lambda memory: None)


def build(site: Site, count: int, port: int) -> None:
    """Fill a store, and let a cycle fold, label and publish it."""
    if site.is_built:
        return
    shutil.rmtree(site.folder, ignore_errors=True)
    site.folder.mkdir(parents=True)
    site.configure(port)
    begun = time.monotonic()
    for stored in fill(site, count, int(time.time())):
        cycle = site.run("--offline")
        print(
            f"{stored:,} entries after {time.monotonic() - begun:.0f} s; the last cycle {cycle}", flush=True
        )
    (site.folder / "built").touch()


# ------------------------------------------------------------ feeds that bring something new


class Handler(loopback.Handler):
    """Answers for every source: what `feeds` has for its number, else an empty feed."""

    feeds: dict[str, bytes] = {}  # noqa: RUF012  # one server, one table

    def do_GET(self) -> None:
        body = self.feeds.get(self.path.strip("/"), rss([]))
        self.reply(200, body, {"Content-Type": "application/rss+xml"})


@contextlib.contextmanager
def serving(port: int) -> Iterator[int]:
    with loopback.Server(("0.0.0.0", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def rss(items: Sequence[tuple[str, str, str]]) -> bytes:
    """(link, title, text) each, of just now."""
    when = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    told = "".join(
        f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid><pubDate>{when}</pubDate>"
        f"<description>{escape(text)}</description></item>"
        for link, title, text in items
    )
    return f'<rss version="2.0"><channel><title>Source</title>{told}</channel></rss>'.encode()


def bring(site: Site, texts: Sequence[tuple[str, str]]) -> None:
    """As many sources are due now, and have one new item each."""
    config, now = site.config, int(time.time())
    chosen = random.Random(time.monotonic_ns()).sample(config.sources, len(texts))
    Handler.feeds = {
        str(source.url).rpartition("/")[2]: rss([(f"{source.url}/new{time.monotonic_ns()}", *text)])
        for source, text in zip(chosen, texts, strict=True)
    }
    due = replace(rested(now - 7200), next_poll=now - 10)
    with open_writer(config.database) as store:
        sources.remember(store, [(source, due) for source in chosen])


# ------------------------------------------------------------ measures


def least(rounds: int, measure: Callable[[], Spent]) -> Spent:
    return min((measure() for _ in range(rounds)), key=lambda one: one.cpu)


def cycles(site: Site, rounds: int) -> dict[str, Spent]:
    words = Words(time.time_ns())

    def new() -> Spent:
        bring(site, [words.item() for _ in range(NEW)])
        return site.run()

    def one() -> Spent:
        rare = "".join(words.rng.choices("bcdfghjkl", k=12))
        bring(site, [(f"{rare.capitalize()} {words.topic(7)}", f"{rare} {rare}")])
        return site.run()

    site.run()  # what a first cycle of a day looks after
    return {
        "nothing": least(rounds, site.run),
        "new": least(rounds, new),
        "one": least(rounds, one),
    }


def rendered(said: str) -> list[str]:
    """Topics of which a cycle wrote the feed."""
    files = json.loads(said)["files"]["written"]
    return sorted(
        name.removesuffix(".atom") for name in files if name.startswith("t") and name.endswith(".atom")
    )


ASKED = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import pathlib
from aggregator import config as configs, answers
from aggregator.cycle import learning
from aggregator.store import lookup, open_reader
config, now, found = configs.load(pathlib.Path("config.toml"), {}), int(time.time()), {}
def status(store):
    answers.source_rows(config, store, now), answers.week(store, now), lookup.counts(store), learning.quality(store)
for name, ask in {
    **{f"search {kind}": lambda store, word=word: answers.search(store, word, 20, now)
       for kind, word in json.loads(sys.argv[2]).items()},
    **{f"why {kind}": lambda store, word=word: answers.why(store, word) for kind, word in json.loads(sys.argv[3]).items()},
    "status": status,
}.items():
    begun = time.process_time()
    with open_reader(config.database) as store:
        ask(store)
    found[name] = time.process_time() - begun
print(json.dumps(found))
"""


def asked(site: Site) -> Iterator[tuple[str, float, float]]:
    """(question, CPU seconds in a process that has config and modules, seconds of the whole command)"""
    words = Words()
    with open_reader(site.config.database) as store:
        some = store.row("SELECT public_id, guid, link, id FROM entry ORDER BY id DESC LIMIT 1 OFFSET 50")
    assert some is not None
    searches = {
        "of a common word": words.all[0], "of a rare word": words.all[39_000],
        "of two words": f"{words.all[20]} {words.all[400]}", "of a phrase": f'"{words.all[3]} {words.all[5]}"',
        "of a beginning": f"{words.all[900][:4]}*",
    }  # fmt: skip
    names = {"by id": some[0], "by link": some[2], "by number": str(some[3])}
    command = [sys.executable, "-c", ASKED, str(ROOT), json.dumps(searches), json.dumps(names)]
    answer = subprocess.run(command, cwd=site.folder, capture_output=True, text=True, check=True)
    inside: dict[str, float] = json.loads(answer.stdout)
    commands = {
        **{f"search {kind}": ("search", word) for kind, word in searches.items()},
        **{f"why {kind}": ("why", word) for kind, word in names.items()},
        "status": ("status",),
    }
    for name, command in commands.items():
        yield name, inside[name], least(2, lambda command=command: spent(site.folder, *command)).wall


TEXTS = "sum(length(CAST(title || summary || text || content AS BLOB)))"
SAMPLE = 1000  # entries, about, of which what their source said is read


def size(site: Site) -> tuple[float, float]:
    """(bytes of the database an entry, bytes of its texts: as we have them, and as the source said them)"""
    with open_reader(site.config.database) as store:
        store_bytes = store.value("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        count, texts = store.one(f"SELECT count(*), {TEXTS} FROM entry")
        every = max(1, count // SAMPLE)  # one in so many: the newest are those that the cycles brought
        some = store.column("SELECT entry FROM raw WHERE entry % ? = 0", (every,))
        said = sum(len(lookup.said(store, number).encode()) for number in some)
    return store_bytes / count, texts / count + said / len(some)


def loading(folder: Path, count: int) -> Iterator[tuple[str, float, float]]:
    """(what, CPU seconds beyond `--version`, seconds of the whole command)"""
    folder.mkdir()
    outlines = "".join(
        f'<outline type="rss" text="Source {number}" xmlUrl="https://s{number}.example/feed"/>'
        for number in range(count)
    )
    (folder / "list.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    (folder / "config.toml").write_text('[service]\ntitle = "Bench"\nbase_url = "https://desk.example/"\n')
    started = least(3, lambda: spent(folder, "--version"))
    for name, command in {
        f"import an OPML of {count:,}": ("sources", "import", "list.opml"),
        f"load a config of {count:,}": ("check",),
    }.items():
        found = spent(folder, *command)
        yield name, found.cpu - started.cpu, found.wall


def measure(folder: Path, sizes: Sequence[int], count: int, rounds: int, file: Path | None) -> None:
    found: dict[int, dict[str, Spent]] = {}
    for stored in sizes:
        site = Site(folder / f"{stored}-{count}", count)
        with serving(site.port) as port:
            build(site, stored, port)
            found[stored] = cycles(site, rounds)
        print(f"{stored:,} entries, {count:,} sources, {TOPICS} topics:")
        for name, words in MEASURES:
            print(f"  {words:45} {found[stored][name]}")
        print(f"  topics that the one new entry rendered: {' '.join(rendered(found[stored]['one'].said))}")
        for name, inside, whole in asked(site):
            print(f"  {name:45} {inside * 1000:.0f} ms of the CPU; the whole command {whole:.2f} s")
        every, texts = size(site)
        print(
            f"  bytes of the database an entry: {every:.0f}, {every - texts:.0f} beside its texts", flush=True
        )
    few, many = min(sizes), max(sizes)
    for name, words in MEASURES:
        ratio = found[many][name].cpu / found[few][name].cpu
        print(f"{words}, {many:,} against {few:,} entries: {ratio:.2f} times the CPU")
    for name, cpu, wall in loading(folder / "loading", count):
        print(f"{name}: {cpu:.2f} s of CPU beyond start-up, {wall:.2f} s in all")
    if file:
        bars = {
            f"{words}, {stored:,} stored": row[name].cpu
            for name, words in MEASURES
            for stored, row in found.items()
        }
        plot.bars(file, "CPU seconds", bars, "s")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 1_000_000], metavar="N",
                        help="stores of so many (default 10000 1000000)")  # fmt: skip
    parser.add_argument("--sources", type=int, default=10_000, metavar="N", help="default 10000")
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="the least of so many counts (default 3)"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep the stores here")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw what cycles cost")
    given = parser.parse_args()
    if given.sources < NEW:
        parser.error(f"--sources takes {NEW} at least: so many bring something new")
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder.resolve() if given.folder else Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "loading", ignore_errors=True)
        measure(folder, sorted(given.entries), given.sources, given.rounds, given.plot)


if __name__ == "__main__":
    main()
