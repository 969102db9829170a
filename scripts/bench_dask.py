"""A first cycle over real feeds on loopback, polled by each executor: threads, processes, and a Dask scheduler with two
workers of one process each on this machine. Seconds by the clock and of the CPU, the cluster's own counted with
them; and whether the same bytes are published.

    scripts/bench dask [CORPUS] [--feeds N] [--rounds N] [--plot FILE.svg]

Feeds that say when each of their items was published: others are dated by the clock, which is another one in each cycle.
A cycle before the others finds out which.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import loopback
import plot
from bench_cycles import ROOT, SUBREAPER, Cost, Handler, Page, config, ours, pages_of, spent

from aggregator.store import open_reader

WORKERS = 2
EXECUTORS = ("threads", "processes", "dask")
OF_TOPICS = ("all", "tech", "world")  # of `bench_cycles.config`, and what every site has


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler and its workers, running."""

    address: str
    processes: Sequence[int]

    def cpu(self) -> float:
        """Seconds that they had so far."""
        return sum(_cpu(process) for process in self.processes)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    own_and_children = sum(map(int, fields[11:15]))
    running = (int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split())
    return own_and_children / os.sysconf("SC_CLK_TCK") + sum(map(_cpu, running))


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    running: list[subprocess.Popen[str]] = []
    try:
        running.append(_started("scheduler", "--port", "0"))
        found = re.search(r"tcp://[\d.:]+", _until(running[0].stderr, "Scheduler at"))
        assert found is not None
        for _ in range(WORKERS):
            running.append(_started("worker", found[0], "--nthreads", "1", "--no-nanny"))
            _until(running[-1].stderr, "Registered to")
        yield Cluster(found[0], [one.pid for one in running])
    finally:
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()


def _started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True)


def _until(stream: IO[str] | None, words: str) -> str:
    assert stream is not None
    for line in stream:
        if words in line:
            threading.Thread(target=stream.read, daemon=True).start()  # it never waits for a reader
            return line
    sys.exit(f"dask ended without “{words}”")


def cycle(folder: Path, executor: str, urls: Sequence[str], helpers: Cluster | None) -> tuple[Cost, str]:
    """(cost of a first cycle, hash of what it published of topics)"""
    folder.mkdir()
    where = f'executor = "{executor}"\n' + (f'dask_scheduler = "{helpers.address}"\n' if helpers else "")
    (folder / "config.toml").write_text(config(urls).replace("[poll]\n", f"[poll]\n{where}", 1))
    before = helpers.cpu() if helpers else 0.0
    cost = spent(ours(ROOT, "ours").poll, folder)
    more = helpers.cpu() - before if helpers else 0.0
    return Cost(cost.cpu + more, cost.wall), published(folder / "var" / "public")


def published(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(file for name in OF_TOPICS for file in folder.glob(f"{name}.*")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def dated(folder: Path, pages: Sequence[Page], port: int) -> list[Page]:
    """Those of which nothing is dated by the clock."""
    now = int(time.time())
    cycle(folder, "threads", urls_of(pages, port), None)
    with open_reader(folder / "var" / "aggregator.db") as store:
        others = set(store.column("SELECT DISTINCT source FROM entry WHERE changed >= ?", (now,)))
    return [page for page in pages if page.name.lower() not in others]


def urls_of(pages: Sequence[Page], port: int) -> list[str]:
    return [f"http://{page.host}:{port}/{page.name}" for page in pages]


def measure(folder: Path, pages: Sequence[Page], rounds: int) -> dict[str, tuple[Cost, str]]:
    """By executor: the least of some rounds, in turns, and the hashes of all of them."""
    server = loopback.Server(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Handler.pages = {page.name: page for page in pages}
    port = server.server_address[1]
    pages = dated(folder / "dated", pages, port)
    urls = urls_of(pages, port)
    print(f"{len(pages)} feeds for the first time, folded and published; {os.cpu_count()} cores", flush=True)
    made: dict[str, list[tuple[Cost, str]]] = {executor: [] for executor in EXECUTORS}
    for number in range(rounds):
        for executor in EXECUTORS:
            own = folder / f"{executor}-{number}"
            with cluster() if executor == "dask" else contextlib.nullcontext() as helpers:
                made[executor].append(cycle(own, executor, urls, helpers))
    server.shutdown()
    server.server_close()
    return {
        executor: (
            Cost(min(cost.cpu for cost, _ in found), min(cost.wall for cost, _ in found)),
            " ".join(sorted({digest for _, digest in found})),
        )
        for executor, found in made.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench dask", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("AGGREGATOR_CORPUS") or ROOT.parent / "shared" / "corpus"
    parser.add_argument("corpus", nargs="?", type=Path, default=Path(default), help="default: %(default)s")
    parser.add_argument("--feeds", type=int, default=120, metavar="N", help="so many (default: 120)")
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="the least of so many counts (default: 3)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the seconds")
    wanted = parser.parse_args()
    if not (wanted.corpus / "manifest.tsv").exists():
        parser.error(f"{wanted.corpus}: no manifest.tsv there; give the folder of a corpus")
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    pages = pages_of(wanted.corpus)[: wanted.feeds]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), pages, wanted.rounds)
    for executor, (cost, hashes) in found.items():
        print(
            f"{executor:12} {cost.wall:6.1f} s by the clock, {cost.cpu:6.1f} s of the CPU; published {hashes}"
        )
    if wanted.plot:
        bars = {
            f"{executor}, {what}": seconds
            for executor, (cost, _) in found.items()
            for what, seconds in (("by the clock", cost.wall), ("of the CPU", cost.cpu))
        }
        plot.bars(wanted.plot, "A first cycle, seconds", bars, "s")


if __name__ == "__main__":
    main()
