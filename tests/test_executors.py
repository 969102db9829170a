"""Where polls run is one value in one table: the same comes out of each; one that breaks loses nothing."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator import cycle, poll, processes
from aggregator.config import Config
from aggregator.cycle import Wanted, executors
from aggregator.cycle.executors import EXECUTORS
from aggregator.cycle.network import Network, opened
from aggregator.cycle.polling import Asked, Crew, Outcome
from aggregator.fetch import Door
from aggregator.model import Source, Task
from aggregator.stop import Stop
from aggregator.store import lookup, open_writer, sources
from tests.helpers import NOW, config
from tests.hostile import Case, Hostile, reply
from tests.processes import ROOT

FEED = """<rss version="2.0"><channel><title>{0}</title><link>https://{0}.example/</link>
<item><guid>{0}-1</guid><title>Ferry {0} leaves the harbour late</title><pubDate>Mon, 21 Sep 2026 08:00:00 GMT</pubDate></item>
</channel></rss>"""
NAMES = ("korvik", "ansel", "brume")


@pytest.fixture
def server() -> Iterator[Hostile]:
    with Hostile() as running:
        for name in NAMES:
            body = FEED.format(name).encode()
            running.table[name] = Case(name, lambda wire, asked, body=body: wire.sendall(reply(body)))  # type: ignore[misc]  # bound in the loop
        moved = reply(b"", "302 Found", "Location: /brume\r\n")
        running.table["moved"] = Case("moved", lambda wire, asked: wire.sendall(moved))
        yield running


def settings(folder: Path, server: Hostile, executor: str = "auto", gap: float = 0.0) -> Config:
    hosts = [f'"{host}:{server.port}"' for host in ("127.0.0.1", "localhost")]
    urls = {name: server.url(name) for name in NAMES[:2]} | {
        "moved": server.url("moved", "localhost"),
        "gone": server.url("404"),
    }
    body = f'[poll]\nallow_hosts = [{", ".join(hosts)}]\ntimeout = "30s"\n'
    body += "".join(f'[[sources]]\nid = "{name}"\nurl = "{url}"\n' for name, url in urls.items())
    return replace(config(folder, body), executor=executor, host_gap=gap)


def outcome(made: Config) -> dict[str, object]:
    """What a cycle stored and published, but for the moment when it did."""
    with open_writer(made.database) as store:
        report = cycle.run(made, store, Wanted(), NOW)
        known = sources.memories(store)
        titles = sorted((entry.public_id, entry.title, story) for entry, story, *_ in lookup.dump(store))
    states = {name: (known[name].state, known[name].body_hash, known[name].failures) for name in known}
    return {
        "titles": titles,
        "states": states,
        "files": sorted(report.written.written),
        "new": report.collected.new,
    }


# ---------------------------------------------------------------- one that is added here


@contextlib.contextmanager
def in_a_pool(config: Config, door: Door) -> Iterator[Crew]:
    clean = processes.Context()
    processes.ensure_server(clean)
    with ProcessPoolExecutor(2, clean) as pool:
        yield Crew(pool, executors.each_here)


@pytest.mark.parametrize("name", ["processes", "in a pool"])
def test_the_same_comes_out_of_each(
    tmp_path: Path, server: Hostile, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(EXECUTORS, "in a pool", in_a_pool)
    folders = tmp_path / "threads", tmp_path / "others"
    for folder in folders:
        folder.mkdir()
    expected = outcome(settings(folders[0], server, "threads"))
    assert expected["new"] == 3
    assert outcome(settings(folders[1], server, name)) == expected


@pytest.mark.parametrize(
    ("length", "is_there"),
    [(processes.LONGEST_FOLDER, True), (processes.LONGEST_FOLDER + 1, False), (250, False)],
)
def test_a_long_folder_for_temporary_files_leaves_room_for_sockets(length: int, is_there: bool) -> None:
    """With 72 bytes of path nothing was parsed any more: “AF_UNIX path too long”."""
    code = "from aggregator import processes as p; print(p.ensure_server(p.Context(), ()))"
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        long = Path(folder, "x" * (length - len(folder) - 1))
        long.mkdir()
        environment = {**os.environ, "TMPDIR": str(long)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT
        )
        address = Path(done.stdout.strip())
        assert (long in address.parents) is is_there and "listener-" in address.name, done.stderr
        assert not address.parent.exists(), "it is taken away at the end"


# ---------------------------------------------------------------- one that breaks


def deadly(mark: Path, asked: Sequence[Asked]) -> list[Outcome]:
    """Ends its process the first time, or each time, that it is asked for this source."""
    [(task, _, _)] = asked
    if task.source.id == "ansel" and (mark.name == "always" or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return executors.each_here(asked)


@pytest.mark.parametrize(("mark", "failed"), [("once", []), ("always", ["ansel"])])
def test_R4_a_worker_that_is_killed_loses_nothing_and_its_poll_is_tried_again(
    tmp_path: Path, server: Hostile, monkeypatch: pytest.MonkeyPatch, mark: str, failed: list[str]
) -> None:
    @contextlib.contextmanager
    def in_a_deadly_pool(config: Config, door: Door) -> Iterator[Crew]:
        with in_a_pool(config, door) as crew:
            yield replace(crew, run=functools.partial(deadly, tmp_path / mark))

    monkeypatch.setitem(EXECUTORS, "deadly", in_a_deadly_pool)
    # One at a time, so that nobody else is in the hands of what breaks.
    made = replace(settings(tmp_path, server, "deadly"), concurrency=1)
    with open_writer(made.database) as store:
        cycle.run(made, store, Wanted(), NOW)
        known = sources.memories(store)
        titles = [entry.title for entry, *_ in lookup.dump(store)]
    assert [name for name in known if known[name].failures and name != "gone"] == failed
    assert len(titles) == 3 - len(failed) and len(known) == 4


# ---------------------------------------------------------------- politeness


def test_P12_a_redirect_goes_back_into_the_one_queue(tmp_path: Path, server: Hostile) -> None:
    """And waits there for the turn of the host that it leads to, while others go on."""
    made = settings(tmp_path, server, gap=0.3)
    stop = Stop()
    with open_writer(made.database) as store, opened(stop) as network:
        tasks = cycle.tasks(made, store, Wanted(), NOW)
        assert len(list(cycle.polls(made, tasks, stop, network))) == 4
    by_host: dict[str, list[float]] = {}
    for asked in server.log:
        by_host.setdefault(asked.headers["host"].partition(":")[0], []).append(asked.at)
    assert {host: len(times) for host, times in by_host.items()} == {"127.0.0.1": 3, "localhost": 2}
    for times in by_host.values():
        assert all(b - a >= 0.28 for a, b in pairwise(sorted(times)))


def test_P12_a_daemon_remembers_from_cycle_to_cycle_when_a_host_was_asked(
    tmp_path: Path, server: Hostile
) -> None:
    made, stop = settings(tmp_path, server, gap=0.3), Stop()
    network = Network()
    with open_writer(made.database) as store:
        for _ in range(2):
            tasks = [one for one in cycle.tasks(made, store, Wanted(True), NOW) if one.source.id == "korvik"]
            assert len(list(cycle.polls(made, tasks, stop, network))) == 1
    network.close()
    first, second = (asked.at for asked in server.asked("korvik"))
    assert second - first >= 0.28


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_R16_a_stop_ends_polls_wherever_they_run(tmp_path: Path, server: Hostile, executor: str) -> None:
    made = settings(tmp_path, server, executor)
    silent = replace(made.sources[0], url=server.url("silent"))
    stop = Stop()

    def stop_once_it_is_asked() -> None:
        while not server.asked("silent"):
            time.sleep(0.02)
        stop.set()

    threading.Thread(target=stop_once_it_is_asked, daemon=True).start()
    with opened(stop) as network:
        found = list(cycle.polls(made, [Task(silent, limits=made.limits)], stop, network))
    assert stop.is_set() and all(polled.failure is not None for _, polled in found)


def test_a_poll_that_is_broken_by_its_executor_is_a_failure_of_ours() -> None:
    task = Task(Source("a", url="https://a.example/feed"))
    polled = poll.broken(task, NOW, RuntimeError("gone"))
    assert polled.failure is not None and polled.failure.kind == "internal" and polled.memory.failures == 1
