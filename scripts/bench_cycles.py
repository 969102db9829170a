"""What each kind of cycle costs, over real feeds on loopback: cold, one new item in each, all 304, the same bodies
without validators, nothing due, `--help`.

CPU seconds of all processes together (seconds by the clock behind them), the least of some rounds; contenders
take turns, for machines are never quiet. Beside us: `reader`, which neither folds nor publishes, and a bare
`requests` loop, installed into a throwaway environment (`build/bench`); and with --beside another checkout of
this project.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gzip
import hashlib
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import loopback  # noqa: E402  # of this checkout, as what follows
import plot  # noqa: E402  # of this checkout, as above

from aggregator.parse import mend  # noqa: E402  # of this checkout, wherever another one is installed

RIVALS = ROOT / "build" / "bench"
SUBREAPER = (
    36  # PR_SET_CHILD_SUBREAPER: what a command leaves running becomes our child, so that it is counted
)

READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1], feed_root="")
if sys.argv[3] == "add":
    for url in open(sys.argv[2]).read().split():
        reader.add_feed(url, exist_ok=True)
else:
    reader.update_feeds(scheduled=False, workers=8)
"""
REQUESTS = """
import json, pathlib, sys
import requests
state = pathlib.Path(sys.argv[1])
etags = json.loads(state.read_text()) if state.exists() else {}
with requests.Session() as session:
    for url in open(sys.argv[2]).read().split():
        answer = session.get(url, headers={"If-None-Match": etags[url]} if url in etags else {})
        answer.content
        if "ETag" in answer.headers:
            etags[url] = answer.headers["ETag"]
state.write_text(json.dumps(etags))
"""


@dataclass
class Page:
    """A document, whole and as it was before its first item came."""

    name: str
    host: str
    whole: bytes
    before: bytes
    packed: dict[bytes, bytes] = field(default_factory=dict)


class Handler(loopback.Handler):
    pages: ClassVar[dict[str, Page]] = {}
    validators: ClassVar[bool] = True
    older: ClassVar[bool] = False

    def do_GET(self) -> None:
        page = self.pages[self.path.strip("/")]
        body = page.before if self.older else page.whole
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        if self.validators and self.headers.get("If-None-Match") == etag:
            self.reply(304, b"", {"ETag": etag})
            return
        packed = page.packed.get(body) or page.packed.setdefault(body, gzip.compress(body, 5))
        headers = {"Content-Type": "application/xml", "Content-Encoding": "gzip"}
        self.reply(200, packed, {**headers, "ETag": etag} if self.validators else headers)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds: of the CPU, all processes together, and by the clock."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        digits = 1 if self.cpu >= 10 else 2
        return f"{self.cpu:.{digits}f} ({self.wall:.{digits}f})"


def spent(command: Sequence[str], folder: Path) -> Cost:
    """What a command takes, with all that it starts and leaves behind. Modules are compiled once, as where a
    program is installed.
    """
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=env,
        process_group=0,
    )
    _, trouble = done.communicate()
    wall = time.monotonic() - started
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-done.pid, 0)  # what it left behind is of its group
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{trouble[-3000:]}")
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


@dataclass(frozen=True, slots=True)
class Contender:
    """Who polls: us from some checkout, reader, or a loop of requests; each run in a folder of its own, which holds
    `urls` and `config.toml`. What somebody has no command for is not asked of them.
    """

    name: str
    poll: list[str]
    add: list[str] | None = None  # before the first poll
    idle: list[str] | None = None  # a cycle that finds nothing due
    help: list[str] | None = None
    nothing: list[str] | None = None  # the language alone


def ours(checkout: Path, name: str) -> Contender:
    """The command of a checkout, whichever one is installed: its path goes first."""
    start = f"import sys; sys.path.insert(0, {str(checkout)!r}); from aggregator.__main__ import main; main()"
    command = [sys.executable, "-c", start]
    run = [*command, "run", "--json"]
    return Contender(
        name, [*run, "--all"], idle=run, help=[*command, "--help"], nothing=[sys.executable, "-c", "pass"]
    )


def rivals() -> Iterator[Contender]:
    """`reader` and `requests`, in an environment of their own that is made once; nobody where it can't be."""
    python = str(RIVALS / "bin" / "python")
    if not Path(python).exists():
        print("installing reader and requests into build/bench …", file=sys.stderr)
        venv.create(RIVALS, with_pip=True)
    try_, install = (
        [python, "-c", "import reader, requests, sgmllib"],
        [python, "-m", "pip", "install", "-q", "reader", "sgmllib3k", "requests"],
    )
    if subprocess.run(try_, capture_output=True, check=False).returncode:
        done = subprocess.run(install, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"reader and requests are left out: {done.stderr[-300:]}", file=sys.stderr)
            return
    read = [python, "-c", READER, "db", "urls"]
    yield Contender("reader", [*read, "update"], add=[*read, "add"])
    yield Contender("requests", [python, "-c", REQUESTS, "state", "urls"])


def config(urls: Sequence[str]) -> str:
    hosts = json.dumps(sorted({url.split("/")[2] for url in urls}))
    lines = [
        '[service]\ntitle = "Bench"\nbase_url = "http://127.0.0.1:8080/"\n[poll]\nhost_gap = "0s"\n',
        f"allow_hosts = {hosts}\n",
    ]
    lines += [
        f'[[sources]]\nid = "{url.rsplit("/", 1)[-1].lower()}"\nurl = "{url}"\n'
        for url in dict.fromkeys(urls)
    ]
    topics = {"world": "world OR government OR election*", "tech": "software OR app* OR google"}
    lines += [f'[[topics]]\nid = "{name}"\nmatch = "{words}"\n' for name, words in topics.items()]
    return "".join(lines)


def pages_of(corpus: Path) -> list[Page]:
    names, *rows = (corpus / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    columns = names.split("\t")
    return [_page(dict(zip(columns, row.split("\t"), strict=False)), corpus) for row in rows]


def _page(row: dict[str, str], corpus: Path) -> Page:
    body = (corpus / row["path"]).read_bytes()
    spans = mend._items(body, 2)
    older = body[: spans[0][0]] + body[spans[0][1] :] if len(spans) > 1 else body
    digest = hashlib.sha256((row["publisher"] or row["id"]).encode()).digest()
    host = f"127.{digest[0] % 250 + 1}.{digest[1]}.{digest[2] % 250 + 1}"
    return Page(row["id"], host, body, older)


class Bench:
    """The table, row by row."""

    def __init__(self, contenders: Sequence[Contender], rounds: int, folder: Path) -> None:
        self.contenders, self.rounds, self.folder = contenders, rounds, folder
        self.server = loopback.Server(("0.0.0.0", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.number = 0
        self.seconds: dict[str, float] = {}  # of the CPU, row and contender by name
        self._line(
            "CPU seconds (by the clock), and how many times ours", [one.name for one in contenders], []
        )

    def cold_and_new(self, pages: Sequence[Page]) -> None:
        """From nothing; then every feed with one item more."""
        cold: dict[str, list[Cost]] = {}
        new: dict[str, list[Cost]] = {}
        Handler.validators = False
        for _, contender in itertools.product(range(self.rounds), self.contenders):
            folder = self._prepared(contender, pages)
            Handler.older = True
            cold.setdefault(contender.name, []).append(spent(contender.poll, folder))
            Handler.older = False
            new.setdefault(contender.name, []).append(spent(contender.poll, folder))
        self._row(f"cold, {len(pages)} feeds", cold)
        self._row("one new item in each, no validators", new)

    def warm(self, pages: Sequence[Page]) -> None:
        """After a first cycle: again with validators, again without, and with nothing due."""
        Handler.older, Handler.validators = False, True
        folders = {one.name: self._prepared(one, pages) for one in self.contenders}
        for contender in self.contenders:
            spent(contender.poll, folders[contender.name])
        self._turns(f"all 304, {len(pages)} feeds", folders, lambda one: one.poll)
        Handler.validators = False
        self._turns("the same bodies, no validators", folders, lambda one: one.poll)
        self._turns("nothing due", folders, lambda one: one.idle)
        self._turns("--help", folders, lambda one: one.help)
        self._turns("python -c pass", folders, lambda one: one.nothing)

    def _prepared(self, contender: Contender, pages: Sequence[Page]) -> Path:
        urls = [f"http://{page.host}:{self.server.server_address[1]}/{page.name}" for page in pages]
        self.number += 1
        folder = self.folder / str(self.number)
        folder.mkdir()
        (folder / "urls").write_text("\n".join(urls))
        (folder / "config.toml").write_text(config(urls))
        if contender.add:
            spent(contender.add, folder)
        return folder

    def _turns(
        self, name: str, folders: Mapping[str, Path], command: Callable[[Contender], list[str] | None]
    ) -> None:
        costs: dict[str, list[Cost]] = {}
        for _, contender in itertools.product(range(self.rounds), self.contenders):
            if found := command(contender):
                costs.setdefault(contender.name, []).append(spent(found, folders[contender.name]))
        self._row(name, costs)

    def _row(self, name: str, costs: Mapping[str, Sequence[Cost]]) -> None:
        least = {
            who: Cost(min(one.cpu for one in each), min(one.wall for one in each))
            for who, each in costs.items()
        }
        self.seconds |= {f"{name}: {who}": cost.cpu for who, cost in least.items()}
        first = next(iter(least.values()))
        cells = [str(least.get(one.name, "")) for one in self.contenders]
        others = [least.get(one.name) for one in self.contenders[1:]]
        self._line(name, cells, [f"{one.cpu / first.cpu:.2f}" if one else "" for one in others])

    def _line(self, name: str, cells: Sequence[str], ratios: Sequence[str]) -> None:
        print(
            f"{name:52}", *(f"{cell:>14}" for cell in cells), *(f"{ratio:>7}" for ratio in ratios), flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench cycles", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("AGGREGATOR_CORPUS") or ROOT.parent / "shared" / "corpus"
    parser.add_argument("corpus", nargs="?", type=Path, default=Path(default), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--feeds", type=int, default=9, metavar="N", help="cold: every N-th feed (default: 9)"
    )
    parser.add_argument(
        "--warm", type=int, default=1, metavar="N", help="warm: every N-th feed (default: all)"
    )
    parser.add_argument("--only", choices=["cold", "warm"], help="one half of the table")
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT", help="another checkout of this project")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the CPU seconds")
    parser.add_argument("--alone", action="store_true", help="without reader and requests")
    wanted = parser.parse_args()
    if not (wanted.corpus / "manifest.tsv").exists():
        parser.error(f"{wanted.corpus}: no manifest.tsv there; give the folder of a corpus")
    if min(wanted.rounds, wanted.feeds, wanted.warm) < 1:
        parser.error("--rounds, --feeds and --warm take whole numbers from 1")
    run(wanted)


def run(wanted: argparse.Namespace) -> None:
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    pages = pages_of(wanted.corpus)
    Handler.pages = {page.name: page for page in pages}
    contenders = [ours(ROOT, "ours")]
    if wanted.beside:
        contenders.append(ours(wanted.beside.resolve(), wanted.beside.name))
    if not wanted.alone:
        contenders += rivals()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(contenders, wanted.rounds, Path(folder))
        if wanted.only != "warm":
            bench.cold_and_new(pages[:: wanted.feeds])
        if wanted.only != "cold":
            bench.warm(pages[:: wanted.warm])
        if wanted.plot:
            plot.bars(wanted.plot, "CPU seconds", bench.seconds, "s")


if __name__ == "__main__":
    main()
