"""Runs for long: `python -m tests.soak`, by `scripts/soak`. Prints what happened, and ends with 1 where something
is lost, doubled, half-written or growing. Short forms are in the tests.

    kills     cycles of feeds that change, ended at random moments: kill -9 of the process or of all, SIGTERM
    faults    every n-th statement, new file, fsync and rename of a cycle fails, once or from then on, or is the last
    month     hourly cycles under a retention of a week: memory, handles, the database and its log stay as they are
    together  a daemon with changing and hostile feeds, an editor, readers and idle clients, all at once
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

from aggregator import check, cycle
from aggregator.config import load
from aggregator.cycle import Wanted
from aggregator.cycle.network import Network
from aggregator.fetch import Door
from aggregator.store import open_reader, open_writer
from tests import faults
from tests.helpers import NOW
from tests.hostile import Hostile
from tests.living import Living, document, judged

ROOT = Path(__file__).parent.parent
BY_HAND = "Added by an editor"
STOP = 10.0  # seconds that a signal may take (R16)
LAW = '[service]\nbase_url = "https://desk.example/"\n[poll]\nallow_hosts = [{hosts}]\nhost_gap = "0s"\nper_host = 16\n'
TOPICS = '[publish]\nlimit = 30\nformats = ["atom", "rss", "json"]\n[[topics]]\nid = "ba"\nmatch = "bab* OR ded* OR gig*"\n'


def command(folder: Path, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """`aggregator …` in a session of its own, so that all of it can be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "aggregator", "--config", str(folder / "config.toml"), *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **more,
    )


def of_session(number: int) -> list[int]:
    """Processes of this session that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if entry.name.isdigit() and int(fields[3]) == number and fields[0] != "Z":
                found.append(int(entry.name))
    return found


# ---------------------------------------------------------------- kills


def kills(folder: Path, times: int, feeds: int = 30, seed: int = 7) -> list[str]:
    """Of five cycles, four are ended at a random moment and one is not."""
    chance, wrong, ways = random.Random(seed), [], Counter[str]()
    with Living(feeds, seed) as living:
        (folder / "config.toml").write_text(LAW.format(hosts=f'"{living.host}"') + TOPICS + living.sources())
        begun = time.monotonic()
        wrong += _ended(command(folder, "run", "-q"), "whole")
        lasts = time.monotonic() - begun
        for number in range(times + times // 4):
            living.turn()
            process = command(folder, "run", "-q", "--all")
            way = "whole" if number % 5 == 4 else chance.choice(("kill", "kill all", "term"))
            ways[way] += 1
            if way != "whole":
                time.sleep(chance.uniform(0.15, 1.1) * lasts)
            wrong += [f"{number} ({way}): {words}" for words in _ended(process, way)]
            if (folder / "var" / "aggregator.db").exists():
                wrong += [f"{number} ({way}): {words}" for words in judged(folder, living, way == "whole")]
        living.turn(1.0)
        wrong += _ended(command(folder, "run", "-q", "--all"), "whole") + judged(folder, living, True)
        print(f"kills: {dict(ways)}, {sum(living.newest) + feeds} items, requests {dict(living.asked)}")
    return wrong


def _ended(process: subprocess.Popen[str], way: str) -> list[str]:
    asked = time.monotonic()
    if way == "kill":
        process.kill()
    elif way == "term":
        process.terminate()
    elif way == "kill all":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    said = process.communicate()[0]
    found = []
    if way in ("term", "whole") and (process.returncode or said):
        found.append(f"ended with {process.returncode}: {said[-300:]}")
    if way == "term" and time.monotonic() - asked > STOP:
        found.append(f"took {time.monotonic() - asked:.0f} s to end")
    deadline = time.monotonic() + STOP
    while (left := of_session(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for one in left:
        os.kill(one, signal.SIGKILL)
    return [*found, *([f"{len(left)} processes stayed"] if left else [])]


# ---------------------------------------------------------------- faults


def every_fault(folder: Path, every: int) -> list[str]:
    """`every`: of statements, one in so many."""
    faults.prepare(folder)
    shutil.copytree(folder / "before", folder / "counted")
    counts, wrong, tried = faults.count(folder / "counted"), [], 0
    for kind in faults.KINDS:
        for deed in faults.DEEDS:
            for number in range(1, counts[kind] + 1, every if kind == "statement" else 1):
                tried += 1
                if words := faults.broken(folder, kind, number, deed):
                    wrong.append(f"{kind} {number} of {counts[kind]}, {deed}: {words}")
    print(f"faults: {tried} in a cycle of {dict(counts)}")
    return wrong


# ---------------------------------------------------------------- month


def month(folder: Path, days: int, each: int = 24, feeds: int = 6) -> list[str]:
    """In one process, as a daemon does it, by a clock that jumps from cycle to cycle."""
    (folder / "config.toml").write_text(
        '[retention]\nentries = "7d"\n[publish]\nlimit = 20\nformats = ["atom"]\n'
        + "".join(f'[[sources]]\nid = "f{n}"\npath = "{n}.xml"\n' for n in range(feeds))
        + '[[topics]]\nid = "ba"\nmatch = "bab* OR ded*"\n'
    )
    settings, seen = load(folder / "config.toml", {}), []
    with open_writer(settings.database) as store:
        for turn in range(days * each):
            for feed in range(feeds):
                (folder / f"{feed}.xml").write_bytes(_dated(document(feed, turn + 10, 10), turn, each))
            now = NOW + turn * 86_400 // each
            with (
                mock.patch("time.time", lambda now=now: now),  # by which files are dated
                Door(clock=partial(float, now)) as door,  # and what is read
            ):
                cycle.run(settings, store, Wanted(everything=True), now, network=Network(door))
            if turn % each == each - 1:
                gc.collect()
                seen.append(_measured(settings.database))
                print(
                    f"day {len(seen)}: " + ", ".join(f"{name} {value:,}" for name, value in seen[-1].items()),
                    flush=True,
                )
        kept = store.value("SELECT count(*) FROM entry")
    most = feeds * (8 * each + 10)  # of a week, of the day until they are pruned, and what the feeds show
    return grown(seen, len(seen) // 2) + ([f"{kept} entries are kept, not {most}"] if kept > most else [])


def _dated(body: bytes, turn: int, each: int) -> bytes:
    """Without dates: an item is as old as the cycle that saw it first."""
    return b"".join(part.rpartition(b"</pubDate>")[2] for part in body.split(b"<pubDate>"))


def _measured(database: Path) -> dict[str, int]:
    log = database.with_name(f"{database.name}-wal")
    return {
        "memory": int(Path("/proc/self/statm").read_text().split()[1]) * 4096,
        "handles": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "database": database.stat().st_size,
        "log": log.stat().st_size if log.exists() else 0,
    }


def grown(seen: list[dict[str, int]], since: int) -> list[str]:
    """What is larger at the end than it ever was in the days after `since`, by more than a tenth and a bit."""
    spare = {"memory": 8_000_000, "handles": 3, "threads": 2, "database": 500_000, "log": 16_000_000}
    middle, end = seen[since : (since + len(seen)) // 2 + 1], seen[-1]
    return [
        f"{name} grew from {max(day[name] for day in middle):,} to {end[name]:,}"
        for name in end
        if end[name] > max(day[name] for day in middle) * 1.1 + spare[name]
    ]


# ---------------------------------------------------------------- together


def together(folder: Path, minutes: float, feeds: int = 100, seed: int = 7) -> list[str]:
    """A daemon, and everybody around it."""
    wrong: list[str] = []
    over = threading.Event()
    with Living(feeds, seed) as living, Hostile() as hostile, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        quick = [case.name for case in hostile.table.values() if not case.alone and not case.held][::3]
        (folder / "config.toml").write_text(
            LAW.format(hosts=f'"{living.host}", "127.0.0.1:{hostile.port}"')
            + 'interval = "15s"\nmin_interval = "10s"\nmax_interval = "30s"\ntimeout = "3s"\nmax_bytes = "3MB"\n'
            + f"[serve]\nport = {port}\n"
            + TOPICS
            + living.sources()
            + "".join(
                f'[[sources]]\nid = "h{n}"\nurl = "{hostile.url(name)}"\n' for n, name in enumerate(quick)
            )
        )
        daemon = command(folder, "daemon", "--tick", "1")
        said: list[str] = []
        others: list[Callable[[], None]] = [
            lambda: said.extend(daemon.stdout or ()),
            lambda: _feeds_change(living, over),
            lambda: wrong.extend(_reader(port, over)),
            lambda: wrong.extend(_editor(folder, over)),
            lambda: _idlers(port, over),
        ]
        threads = [threading.Thread(target=one, daemon=True) for one in others]
        for one in threads:
            one.start()
        seen = []
        for _ in range(max(4, int(minutes * 4))):
            time.sleep(15)
            if daemon.poll() is not None:
                wrong.append(f"the daemon ended with {daemon.returncode}: {''.join(said)[-2000:]}")
                break
            seen.append(_measured_of(daemon.pid, folder / "var" / "aggregator.db"))
            print(", ".join(f"{name} {value:,}" for name, value in seen[-1].items()), flush=True)
        over.set()
        for one in threads[1:]:
            one.join()
        asked = time.monotonic()
        daemon.terminate()
        code = daemon.wait()
        print(f"together: SIGTERM took {time.monotonic() - asked:.1f} s; requests {dict(living.asked)}")
        if code or time.monotonic() - asked > STOP:
            wrong.append(f"SIGTERM: {code} after {time.monotonic() - asked:.0f} s: {''.join(said)[-500:]}")
        last = command(folder, "run", "-q", "--all")
        words = last.communicate()[0]
        wrong += ([words] if last.returncode else []) + _of_living(folder, living)
    return wrong + (grown(seen, len(seen) // 3) if len(seen) > 8 else [])


def _of_living(folder: Path, living: Living) -> list[str]:
    """Of what the changing feeds showed; the hostile ones have tests of their own."""
    with open_reader(folder / "var" / "aggregator.db") as store:
        stored = Counter(guid for (guid,) in store.rows("SELECT guid FROM entry WHERE source LIKE 'f%'"))
        good = store.value("PRAGMA integrity_check")
    shown = {f"{feed}-{number}" for feed, newest in living.served.items() for number in range(1, newest + 1)}
    lost, twice = shown - set(stored), [guid for guid, times in stored.items() if times > 1]
    return [
        *(f"published: {words}" for words in [*islice(check.folder(folder / "var" / "public"), 9)]),
        *([f"integrity: {good}"] if good != "ok" else []),
        *([f"{len(lost)} items are lost, such as {sorted(lost)[:3]}"] if lost else []),
        *([f"{len(twice)} items are there twice"] if twice else []),
    ]


def _feeds_change(living: Living, over: threading.Event) -> None:
    while not over.wait(15):
        living.turn(0.9)


def _reader(port: int, over: threading.Event) -> Iterator[str]:
    """Short files, errors, and waits beyond two seconds."""
    slow = Counter[str]()
    while not over.wait(0.2):
        for path in ("all.atom", "index.html", "ba.rss", "status", "search?q=bab*", "healthz", "feeds.opml"):
            begun = time.monotonic()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answer:
                    body = answer.read()
                if path == "all.atom" and not body.endswith((b"</feed>", b"</feed>\n")):
                    yield f"{path} is cut short"
            except urllib.error.HTTPError as error:
                if error.code != 503:  # nothing is published yet
                    yield f"{path}: {error}"
            except OSError as error:
                if (time.monotonic() - begun) > 10:
                    yield f"{path}: {error}"
            slow[path] += time.monotonic() - begun > 2
    print(f"together: a reader waited for more than 2 s {sum(slow.values())} times")


def _editor(folder: Path, over: threading.Event) -> Iterator[str]:
    """Words of an editor, one after the other, beside the daemon."""
    done, added = Counter[int](), 0
    while not over.wait(3):
        for words in (
            ("status",),
            ("prune",),
            ("run", "-q"),
            ("join", "{}", "{}"),
            ("split", "{}"),
            ("split", "{}", "--undo"),
            ("refold", "--since", "1h"),
            ("add", "--title", f"{BY_HAND} {done[0]}", "--topic", "ba"),
            ("doctor",),
        ):
            arguments = [_some_id(folder) if one == "{}" else one for one in words]
            process = command(folder, *arguments)
            said = process.communicate()[0]
            done[process.returncode] += 1
            added += process.returncode == 0 and words[0] == "add"
            expected = (0, 75) if words[0] in ("run", "refold", "add", "prune") else (0, 1, 2)
            if process.returncode not in expected or "Traceback" in said:
                yield f"{' '.join(arguments)}: {process.returncode}: {said[-800:]}"
            if over.is_set():
                break
    print(f"together: an editor's commands by exit code {dict(done)}")
    with open_reader(folder / "var" / "aggregator.db") as store:
        stored = store.value("SELECT count(*) FROM entry WHERE title LIKE ?", (f"{BY_HAND} %",))
    if stored != added:
        yield f"{added} stories were added by hand, {stored} are stored"


def _some_id(folder: Path) -> str:
    with contextlib.suppress(Exception), open_reader(folder / "var" / "aggregator.db") as store:
        return str(store.value("SELECT public_id FROM entry ORDER BY random() LIMIT 1"))
    return "none"


def _idlers(port: int, over: threading.Event) -> None:
    """Clients that hold on: without a word, with half of one, and without reading."""
    wires: list[socket.socket] = []
    while not over.wait(2):
        for sent in (b"", b"GET / HT", b"GET /all.atom HTTP/1.1\r\nHost: x\r\n\r\n" * 3):
            with contextlib.suppress(OSError):
                wires.append(socket.create_connection(("127.0.0.1", port), timeout=5))
                wires[-1].sendall(sent)
        for wire in wires[:-300]:
            wire.close()
        del wires[:-300]
    for wire in wires:
        wire.close()


def _measured_of(process: int, database: Path) -> dict[str, int]:
    log = database.with_name(f"{database.name}-wal")
    return {
        "memory": int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096,
        "handles": _files_open(process),
        "threads": len(os.listdir(f"/proc/{process}/task")),
        "log": log.stat().st_size if log.exists() else 0,
    }


def _files_open(process: int) -> int:
    """Without connections: idle clients come and go."""
    found = 0
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            found += not os.readlink(entry).startswith("socket:")
    return found


def main() -> None:
    asks = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asks.add_argument("parts", nargs="*", metavar="PART", help="kills, faults, month, together; all without")
    asks.add_argument("--kills", type=int, default=200)
    asks.add_argument("--every", type=int, default=1, help="of statements, break one in so many (default 1)")
    asks.add_argument("--days", type=int, default=30)
    asks.add_argument("--minutes", type=float, default=15)
    asks.add_argument(
        "--seed", type=int, default=7, help="of the moments of kills, and of what feeds tell (7)"
    )
    given = asks.parse_args()
    parts: dict[str, Callable[[Path], list[str]]] = {
        "kills": lambda folder: kills(folder, given.kills, seed=given.seed),
        "faults": lambda folder: every_fault(folder, given.every),
        "month": lambda folder: month(folder, given.days),
        "together": lambda folder: together(folder, given.minutes, seed=given.seed),
    }
    if unknown := set(given.parts) - set(parts):
        asks.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(parts)}")
    print(f"seed {given.seed}")
    wrong = []
    for name in given.parts or parts:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = parts[name](Path(folder))
        wrong += [f"{name}: {words}" for words in found]
        print(f"{name}: {len(found)} things wrong, {time.monotonic() - begun:.0f} s", flush=True)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
