"""A real Dask scheduler with two real workers, one of which is killed in the middle of a cycle."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest

from aggregator import cycle
from aggregator.config import Config, load
from aggregator.cycle import Wanted
from aggregator.cycle.on_dask import Rules, poll_batch
from aggregator.cycle.polling import Visit
from aggregator.errors import ConfigError
from aggregator.fetch import Trail
from aggregator.model import PollResult, Source, Task
from aggregator.store import lookup, open_writer, sources
from tests.helpers import NOW, config
from tests.hostile import Case, Hostile, reply

ROOT = Path(__file__).parent.parent
LONG = 60.0  # seconds, far beyond what it takes
HOSTS = 6
FEED = """<rss version="2.0"><channel><title>{0}</title><link>https://{0}.example/</link>
<item><guid>{0}-1</guid><title>Ferry {0} leaves harbour number {0} late</title></item></channel></rss>"""


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def until(stream: IO[str] | None, words: str) -> str:
    assert stream is not None
    for line in stream:
        if words in line:
            threading.Thread(target=stream.read, daemon=True).start()  # so that it never waits for a reader
            return line
    raise AssertionError(words)


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """(address of the scheduler, two workers without nannies: what is killed stays dead)"""
    running = [started("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")]
    try:
        line = until(running[0].stderr, "Scheduler at")
        found = re.search(r"tcp://[\d.:]+", line)
        assert found is not None, line
        for _ in range(2):
            arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
            running.append(started("worker", found[0], *arguments))
        for worker in running[1:]:
            until(worker.stderr, "Registered to")
        yield found[0], running[1:]
    finally:
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()
            if one.stderr is not None:
                one.stderr.close()


def settings(folder: Path, server: Hostile, address: str) -> Config:
    hosts = [f"127.0.1.{number + 1}" for number in range(HOSTS)]
    allowed = ", ".join(f'"{host}:{server.port}"' for host in (*hosts, "127.0.0.1"))
    body = f'[poll]\nexecutor = "dask"\ndask_scheduler = "{address}"\nallow_hosts = [{allowed}]\nhost_gap = "0s"\n'
    body += "".join(
        f'[[sources]]\nid = "s{n}"\nurl = "http://{host}:{server.port}/s{n}"\n'
        for n, host in enumerate(hosts)
    )
    (folder / "notes.txt").write_text("A story that is on this machine only\n")
    return config(folder, f'{body}[[sources]]\nid = "here"\npath = "notes.txt"\n')


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra `dask` is not installed"
)
def test_a_worker_that_is_killed_in_mid_cycle_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.cycle.on_dask.BATCH", 2)  # so that there are tasks for both
    monkeypatch.setattr("aggregator.cycle.on_dask.OF_HOST", 1)
    with Hostile(hosts=HOSTS) as server, cluster() as (address, workers):
        let_go = threading.Event()

        def held(number: int) -> Case:
            body = reply(FEED.format(f"s{number}").encode())

            def handler(wire: object, asked: object) -> None:
                let_go.wait(LONG)
                with contextlib.suppress(OSError):
                    wire.sendall(body)  # type: ignore[attr-defined]  # a socket of the server

            return Case(f"s{number}", handler)

        server.table.update({f"s{number}": held(number) for number in range(HOSTS)})

        def kill_one() -> None:
            deadline = time.monotonic() + LONG
            while len(server.log) < 4 and time.monotonic() < deadline:  # both have a task, and wait
                time.sleep(0.02)
            workers[0].kill()
            time.sleep(0.3)
            let_go.set()

        threading.Thread(target=kill_one, daemon=True).start()
        made = settings(tmp_path, server, address)
        with open_writer(made.database) as store:
            report = cycle.run(made, store, Wanted(), NOW)
            told = sorted(str(entry.guid) for entry, *_ in lookup.dump(store) if entry.source != "here")
            known = sources.memories(store)
    assert workers[0].poll() is not None
    assert told == [f"s{number}-1" for number in range(HOSTS)]
    assert (report.collected.ok, report.collected.failed) == (HOSTS + 1, 0)
    assert len(known) == HOSTS + 1


def test_P12_a_batch_is_polled_as_politely_as_here(tmp_path: Path) -> None:
    """And what is led to another host comes back, for whoever knows when that was asked."""
    with Hostile(hosts=2) as server:
        body = reply(FEED.format("x").encode())
        server.table["x"] = Case("x", lambda wire, asked: wire.sendall(body))
        led = reply(b"", "302 Found", f"Location: http://127.0.1.2:{server.port}/x\r\n")
        server.table["led"] = Case("led", lambda wire, asked: wire.sendall(led))
        busy = reply(b"", "429 Too Many", "Retry-After: 7200\r\n")
        server.table["busy"] = Case("busy", lambda wire, asked: wire.sendall(busy))
        made = settings(tmp_path, server, "tcp://127.0.0.1:1")
        paths = (
            ("127.0.0.1", "x"),
            ("127.0.0.1", "x?2"),
            ("127.0.0.1", "led"),
            ("127.0.1.1", "busy"),
            ("127.0.1.1", "x"),
        )
        server.table["x?2"] = server.table["x"]
        tasks = [
            Task(Source(f"t{n}", url=f"http://{host}:{server.port}/{path}"), limits=made.limits)
            for n, (host, path) in enumerate(paths)
        ]
        outcomes = poll_batch(Rules(1, 0.2, True), [Visit(task).asked for task in tasks])
        times = sorted(one.at for one in server.log if one.headers["host"].startswith("127.0.0.1"))
    kinds = [
        "led" if isinstance(one, Trail) else one.failure.kind if one.failure else "ok" for one in outcomes
    ]
    assert kinds == ["ok", "ok", "led", "rate-limited", "put-off"]
    assert all(isinstance(one, PollResult | Trail) for one in outcomes)
    assert len(times) == 3 and min(b - a for a, b in pairwise(times)) >= 0.18


def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("the extra `dask` is not installed")
    monkeypatch.setattr("aggregator.cycle.on_dask.REACHED", "0.2s")
    with Hostile() as server:
        made = settings(tmp_path, server, "tcp://127.0.0.1:1")
    with open_writer(made.database) as store, pytest.raises(ConfigError, match="can't be reached"):
        cycle.run(made, store, Wanted(), NOW)


def test_a_cluster_needs_its_address(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[poll]\nexecutor = "dask"\n')
    with pytest.raises(ConfigError, match=r"config.toml:2: poll.executor: .*dask_scheduler"):
        load(tmp_path / "config.toml", {})
