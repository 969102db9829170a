"""The daemon and its stop, its config, and the commands beside it."""

from __future__ import annotations

import http.client
import itertools
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import cycle, daemon, fold
from aggregator.cli.service import Service
from aggregator.cli.settings import Settings
from aggregator.config import load, sweeping
from aggregator.daemon import Daemon, Watched
from aggregator.errors import LockedError, Stopped
from aggregator.stop import Stop
from aggregator.store import (
    Reader,
    daemon_lock,
    lookup,
    open_reader,
    open_writer,
    overrides,
    queue,
    unpublished,
)
from aggregator.store.lock import Lock
from aggregator.web import LARGEST_FORM
from tests.helpers import NOW, config, entry, put
from tests.processes import LONG, ROOT, Process, until

PATIENCE = 4.0
STALLED = 600.0

SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts a command in a folder; it is ended with the test."""
    started: list[Process] = []

    def run(*arguments: str, folder: Path = tmp_path) -> Process:
        started.append(Process(folder, *arguments))
        return started[-1]

    try:
        yield run
    finally:
        for process in started:
            process.end()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(
        f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n[[topics]]\nid = "asia"\nmatch = "taiwan"\n'
    )
    return tmp_path


# ------------------------------------------------------------ stop


def test_a_stop_may_be_set_by_a_handler_whatever_its_thread_holds() -> None:
    def ring(number: int, frame: object) -> None:
        sign.set()

    before = signal.signal(signal.SIGALRM, ring)
    try:
        for microseconds in range(1, 60):
            sign = Stop()
            signal.setitimer(signal.ITIMER_REAL, microseconds * 2e-6)
            while not sign.wait(0.00002):  # with threading.Event this hangs now and then
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_stop_lets_what_is_in_hand_be_finished_for_a_while() -> None:
    present = [100.0]
    sign = Stop(lambda: present[0])
    sign.check()
    sign.set()
    present[0] += PATIENCE - 0.01
    assert sign.is_set() and not sign.overdue()
    sign.set()  # once more is no new beginning
    present[0] += 0.01
    assert sign.overdue() and sign.alive == present[0]
    with pytest.raises(Stopped):
        sign.check()


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("a question", "SELECT count(*) FROM endless"),
        ("a write", "INSERT INTO meta SELECT 'n' || n, '' FROM endless"),
    ],
)
@pytest.mark.parametrize("within", [True, False], ids=["in a transaction", "alone"])
def test_R16_sql_without_end_is_cut_off_and_rolled_back(
    tmp_path: Path, name: str, sql: str, within: bool
) -> None:
    endless = "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)"
    sign = Stop()
    with open_writer(tmp_path / "a.db") as store:
        threading.Timer(0.2, sign.set).start()
        with pytest.raises(Stopped), store.until(sign.overdue):
            if within:
                with store.transaction() as writer:
                    writer.run("INSERT INTO meta VALUES ('first', '1')")
                    writer.run(f"{endless} {sql}")
            store.row(f"{endless} {sql}")
        assert store.meta("first") is None and not store._conn.in_transaction
        store.set_meta("later", "1")  # the connection is good still, and nothing is cut off any more
        assert store.row(f"{endless} SELECT n FROM endless LIMIT 1 OFFSET 99999") == (100_000,)


STAGES = ("folding", "labelling", "publishing")


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder "before" with a store of more stories than are folded at once, and "after", where a cycle that
    nobody stopped has been over it.
    """
    folder = tmp_path_factory.mktemp("stages")
    before, after = folder / "before", folder / "after"
    before.mkdir()
    chance, words = random.Random(7), [f"w{n}x" for n in range(6000)]
    settings = config(
        before,
        '[[sources]]\nid = "big"\nurl = "https://big.example/x"\nenabled = false\n[publish]\nlimit = 20\nformats = ["atom"]\n'
        + "".join(f'[[topics]]\nid = "t{n}"\nmatch = "w{n + 1}*"\n' for n in range(3)),
    )
    titles = [" ".join(chance.choices(words, k=7)).capitalize() for _ in range(fold.BATCH + 50)]
    links = [f"https://big.example/{n}" if n % 9 else None for n in range(len(titles))]  # without: a page
    with open_writer(settings.database) as store:
        store.set_meta("born", str(NOW))
        put(
            store,
            *(entry("big", str(n), title, at=NOW - n * 60, link=links[n]) for n, title in enumerate(titles)),
        )
    shutil.copytree(before, after)
    settings = load(after / "config.toml", {})
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW)
    return folder


def _state(store: Reader) -> tuple[object, ...]:
    return (
        sorted((str(one.guid), story, event, topics) for one, story, event, _, topics in lookup.dump(store)),
        store.column("SELECT edition FROM dirty ORDER BY edition"),
    )


def _published(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / "var" / "public").rglob("*.*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_R16_a_signal_ends_each_stage_soon_and_the_next_cycle_goes_on_from_there(
    stages: Path, start: Callable[..., Process], tmp_path: Path
) -> None:
    """Stopped in every stage, one cycle after the other: what comes out is what comes out without."""
    shutil.copytree(stages / "before", tmp_path, dirs_exist_ok=True)
    database = tmp_path / "var" / "aggregator.db"
    for stage in (*STAGES, "run"):
        if stage == "run":
            process = start("run", "--offline")
            lock = Lock(database.with_name(f"{database.name}.lock"))
            until(lambda lock=lock: _taken(lock), "the run begins")  # type: ignore[misc]  # bound in the loop
            time.sleep(0.1)
        else:
            process = start("daemon", "--tick", "1")
            process.until_status(f"STATUS={stage}")
        asked = time.monotonic()
        process.send(signal.SIGINT if stage == "run" else signal.SIGTERM)
        code, seconds = process.wait(), time.monotonic() - asked
        assert (code, process.said) == (0, ""), stage
        assert seconds < 20, "an idle machine needs two seconds, and the promise is ten"
        with open_reader(database) as store:
            assert queue.pending_count(store) if stage == "folding" else unpublished.count(store), (
                f"{stage} was cut short"
            )
            assert store.row("PRAGMA integrity_check") == ("ok",)
        assert not list((tmp_path / "var").rglob("*.tmp")), "no leftovers"
    settings = load(tmp_path / "config.toml", {})
    with open_writer(database) as store:
        cycle.run(settings, store, None, NOW)
        state = _state(store)
    with open_reader(stages / "after" / "var" / "aggregator.db") as whole:
        assert state == _state(whole)
    assert _published(tmp_path) == _published(stages / "after")


def _taken(lock: Lock) -> bool:
    if lock.acquire():
        lock.release()
        return False
    return True


def test_R16_a_second_signal_ends_it_at_once(
    stages: Path, start: Callable[..., Process], tmp_path: Path
) -> None:
    shutil.copytree(stages / "before", tmp_path, dirs_exist_ok=True)
    process = start("daemon", "--tick", "1")
    process.until_status("STATUS=folding")
    process.send(signal.SIGTERM)
    process.until_status("STOPPING=1")
    process.send(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM


def test_R17_every_stage_shows_that_it_lives(stages: Path, tmp_path: Path) -> None:
    shutil.copytree(stages / "before", tmp_path, dirs_exist_ok=True)
    settings, beats, seen = load(tmp_path / "config.toml", {}), [0], list[tuple[str, int]]()

    def clock() -> float:
        beats[0] += 1
        return 0.0

    watch = cycle.Watch(lambda name, steps: seen.append((name, beats[0])))
    with open_writer(settings.database) as store:
        cycle.run(settings, store, None, NOW, Stop(clock), watch)
    seen.append(("end", beats[0]))
    assert [name for name, _ in seen] == [*STAGES, "end"]
    for (name, before), (_, after) in itertools.pairwise(seen):
        assert after > before + 3, name


@pytest.mark.parametrize(("ago", "wanted"), [(0.0, True), (STALLED - 1, True), (STALLED + 1, False)])
def test_R17_systemd_hears_nothing_of_a_tick_that_stalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ago: float, wanted: bool
) -> None:
    told: list[str] = []
    monkeypatch.setattr(daemon, "notify", told.append)
    one = Daemon(tmp_path / "config.toml", lambda sign: None, lambda confirmed: None)
    one.stop.alive = time.monotonic() - ago
    one._watchdog()
    assert told == (["WATCHDOG=1"] if wanted else [])


@pytest.mark.parametrize("jump", [-365 * 86_400, -6, 0, 6, 365 * 86_400])
def test_R13_the_ticks_go_on_when_the_clock_jumps(tmp_path: Path, jump: int) -> None:
    """A clock that was put back by so many seconds finds the next tick so far ahead, or so far behind where it
    was put on; then they come in their rhythm again.
    """
    ticks: list[float] = []

    def turn(sign: Stop) -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 1:
            planned = datetime.now(UTC) + timedelta(seconds=1 - jump)
            one._scheduler.get_job("tick").modify(next_run_time=planned)
        elif len(ticks) == 3:
            sign.set()

    one = Daemon(tmp_path / "config.toml", turn, lambda confirmed: None, tick=1)
    timer = threading.Timer(LONG, one.stop.set)
    timer.start()
    spent = time.process_time()
    one.run()
    timer.cancel()
    assert len(ticks) == 3 and time.process_time() - spent < 3, (
        "a year has 31 million ticks that were left out"
    )
    assert ticks[2] - ticks[1] > 0.5


# ------------------------------------------------------------ the config


def test_a_file_is_taken_when_nobody_writes_to_it_any_more(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("a")
    watched = Watched(path)
    assert not watched.changed(0)
    path.write_text("")
    assert not watched.changed(10) and not watched.changed(10 + Watched.STILL - 0.1)
    path.write_text("half")
    assert not watched.changed(13), "it was another one a moment ago"
    path.unlink()
    assert not watched.changed(14) and not watched.changed(100)
    path.write_text("whole file")
    assert not watched.changed(200)
    assert watched.changed(200 + Watched.STILL) and not watched.changed(300), "once"
    path.write_text("asked for")
    assert watched.take() and not watched.take() and not watched.changed(400) and not watched.changed(500)


def _body(sources: int, topics: int) -> str:
    return "".join(
        f'[[sources]]\nid = "s{n}"\nurl = "https://s{n}.example/"\n' for n in range(sources)
    ) + "".join(f'[[topics]]\nid = "t{n}"\nmatch = "x"\n' for n in range(topics))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((5, 5), (5, 5), None),
        ((0, 0), (9, 9), None),
        ((1, 1), (0, 1), "it has no source any more"),
        ((2, 2), (1, 0), "none of the 2 topics"),
        ((2, 1), (2, 0), None),  # the one topic there is
        ((3, 3), (1, 1), None),  # two are few
        ((5, 5), (2, 5), "lacks 3 (s2, s3, s4) of 5 sources"),
        ((6, 6), (3, 3), None),  # half is not most
        ((7, 7), (7, 3), "lacks 4 (t3, t4, t5, t6) of 7 topics"),
        ((90, 1), (2, 1), "lacks 88 (s10, s11, s12, s13, s14 …) of 90 sources"),
    ],
)
def test_a_config_that_lacks_most_is_asked_about(
    tmp_path: Path, before: tuple[int, int], after: tuple[int, int], words: str | None
) -> None:
    first, second = (config(tmp_path, _body(*counts)) for counts in (before, after))
    said = sweeping(first, second)
    assert said is None if words is None else words in str(said)


@pytest.mark.parametrize(
    ("name", "text", "confirmed", "words"),
    [
        ("another title", "{whole}", False, "reloaded"),
        ("cut", "[service]\ntitle = 'T'\n", False, "none of the 4 sources any more; if that is meant"),
        ("cut and confirmed", "[service]\ntitle = 'T'\n", True, "reloaded"),
        ("empty", "", False, "none of the 4 sources"),
        ("no TOML", "[service\n", False, "config.toml:1: "),
        ("a typo", "{whole}\n[pol]\n", False, "pol: unknown key"),
        ("no output", "[service]\noutput = 'config.toml/x'\n{rest}", False, "config.toml/x: can't be made"),
        ("no database", "[service]\ndatabase = 'config.toml/x.db'\n{rest}", False, "can't be made"),
        (
            "a foreign database",
            "[service]\ndatabase = 'text'\n{rest}",
            False,
            "text: is damaged or no database",
        ),
        ("a database of another daemon", "[service]\ndatabase = 'taken.db'\n{rest}", False, "another daemon"),
        ("a port of another program", "{rest}\n[serve]\nport = {taken}\n", False, "can't be listened on"),
        ("a new database", "[service]\ndatabase = 'new.db'\n{rest}", False, "reloaded"),
        ("no server", "{rest}", False, "reloaded"),
    ],
)
def test_a_changed_config_is_taken_over_whole_or_not_at_all(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    text: str,
    confirmed: bool,
    words: str,
) -> None:
    path, rest = tmp_path / "config.toml", _body(4, 4)
    path.write_text(f"{rest}\n[serve]\nport = 0\n")
    (tmp_path / "text").write_text("no database " * 99)
    with socket.create_server(("127.0.0.1", 0)) as other:
        lock = daemon_lock(tmp_path / "taken.db")
        service = Service(Settings(path), accept=False)
        service.start()
        server, before = service.server, service.holder.config
        try:
            capfd.readouterr()
            path.write_text(
                text.format(
                    whole=f"{rest}\n[serve]\nport = 0\n[service]\ntitle = 'New'",
                    rest=rest,
                    taken=other.getsockname()[1],
                )
            )
            service.reload(confirmed)
            said = capfd.readouterr().err
            assert words in said and len(said.splitlines()) == 1, said
            if words == "reloaded":
                assert service.holder.config == load(path, {}) != before
                assert (server._running is None) == (service.holder.config.serve is None)
            else:
                assert service.holder.config is before and "the old one stays" in said
                assert server._running is not None and server._running.alive
                with pytest.raises(LockedError):
                    daemon_lock(before.database)
        finally:
            service.close()
            lock.release()
    for place in (before.database, service.holder.config.database):
        daemon_lock(place).release()  # both are free


def test_a_list_that_is_missing_is_told_once_not_at_every_tick(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[[sources]]\nid = "list"\nopml = "list.opml"\n')
    service = Service(Settings(path), accept=False)
    try:
        for _ in range(3):
            service.turn(Stop())
    finally:
        service.close()
    assert capfd.readouterr().err.count("list.opml: can't be read") == 1


def test_accept_takes_a_config_over_that_lacks_most(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(_body(4, 4))
    service = Service(Settings(path), accept=True)
    try:
        path.write_text("")
        service.reload(confirmed=False)
        assert "reloaded" in capfd.readouterr().err and service.holder.config.sources == ()
    finally:
        service.close()


def test_the_server_moves_with_the_config(tmp_path: Path) -> None:
    """Output, address and Link headers, host and port are those of one config, before and after."""

    def get(port: int, name: str = "/all.atom") -> tuple[int, str | None, bytes]:
        conn = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        conn.request("GET", name)
        answer = conn.getresponse()
        found = answer.status, answer.getheader("Link"), answer.read()
        conn.close()
        return found

    (tmp_path / "one.txt").write_text("A headline of today\n")
    path, body = tmp_path / "config.toml", '[[sources]]\nid = "one"\npath = "one.txt"\n'
    path.write_text(f"{body}[serve]\nport = 0\n")
    service = Service(Settings(path), accept=False)
    try:
        service.start()
        service.turn(Stop())
        assert service.server._running is not None
        first = service.server._running.port
        status, link, before = get(first)
        assert status == 200 and link is None
        path.write_text(
            f"[service]\noutput = 'other'\ntitle = 'New'\nbase_url = 'https://n.example/'\n[publish]\nhub = 'https://hub.example/'\n{body}[serve]\nport = 0\n"
        )
        service.reload(confirmed=False)
        service.turn(Stop())
        first = service.server._running.port  # a public address: hubs may bring more than a form
        status, link, after = get(first)
        assert (
            status == 200 and link is not None and "hub.example" in link and b"n.example" in after != before
        )
        path.write_text(f"{body}[serve]\nhost = 'localhost'\nport = 0\n")
        service.reload(confirmed=False)
        second = service.server._running.port
        assert get(second)[2] == before != after
        with pytest.raises(OSError, match="refused"):
            get(first)
    finally:
        service.close()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("name", "output", "lost"),
    [("another folder", "other", ""), ("the folder was emptied", "public", "*"), ("a file", "public", "all.atom")],
)  # fmt: skip
def test_a_folder_that_lacks_files_is_filled_although_no_source_is_due(
    tmp_path: Path, name: str, output: str, lost: str, restarts: bool
) -> None:
    """At the first turn after a start or a changed config."""
    (tmp_path / "one.txt").write_text("A headline of today\n")
    path = tmp_path / "config.toml"
    body = "[service]\noutput = '{}'\n[[sources]]\nid = 'one'\npath = 'one.txt'\n"
    path.write_text(body.format("public"))
    service = Service(Settings(path), accept=False)
    try:
        service.start()
        service.turn(Stop())
        before = (tmp_path / "public" / "all.atom").read_bytes()
        for file in tmp_path.glob(f"public/{lost}" if lost else "nothing"):
            file.unlink() if file.is_file() else shutil.rmtree(file)
        path.write_text(body.format(output))
        if restarts:
            service.close()
            service = Service(Settings(path), accept=False)
            service.start()
        else:
            service.reload(confirmed=False)
        service.turn(Stop())
        assert (tmp_path / output / "all.atom").read_bytes() == before, name
    finally:
        service.close()


def test_a_host_of_the_same_port_is_moved_to_and_back(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[serve]\nport = 0\n")
    service = Service(Settings(path), accept=False)
    try:
        service.start()
        assert service.server._running is not None
        port = service.server._running.port
        service.server._at = ("127.0.0.1", port, LARGEST_FORM)  # as if it had been given
        path.write_text(f"[serve]\nhost = '0.0.0.0'\nport = {port}\n")
        service.reload(confirmed=False)
        assert service.holder.config.serve == ("0.0.0.0", port) and service.server._running.port == port
        path.write_text(f"[serve]\nhost = '999.1.1.1'\nport = {port}\n")
        service.reload(confirmed=False)
        assert service.holder.config.serve == ("0.0.0.0", port) and service.server._running.port == port
    finally:
        service.close()


# ------------------------------------------------------------ beside the daemon


def test_the_daemon_and_who_works_beside_it(desk: Path, start: Callable[..., Process]) -> None:
    """One daemon: it hears of topics although no source is due, asks about half a config, and everybody else
    is free to work while it is idle.
    """
    path, public = desk / "config.toml", desk / "var" / "public"
    body = path.read_text()
    idle = start("daemon", "--tick", "1")
    idle.until_status("STATUS=last cycle")
    assert start("daemon").wait() == 75, "one daemon a database"

    # B5: nothing is due, and what the config says anew is published all the same
    topics = "".join(f'[[topics]]\nid = "new{n}"\nmatch = "the"\n' for n in range(4))
    path.write_text(body + topics)
    until((public / "new3.atom").exists, "a new topic is published")

    # A2: half a config is no wish; the second SIGHUP is one
    path.write_text(body)
    idle.until_said("lacks 4 (new0, new1, new2, new3) of 5 topics")
    idle.send(signal.SIGHUP)
    idle.until_said("lacks 4", times=2)
    assert (public / "new3.atom").exists()
    idle.send(signal.SIGHUP)
    until(lambda: not (public / "new3.atom").exists(), "the topics are gone")

    # commands at once, and at work in what is published
    with open_reader(desk / "var" / "aggregator.db") as store:
        first, second = [str(one.id) for one, *_ in lookup.dump(store)][:2]
    for arguments in (["join", first, second], ["split", second], ["refold"], ["prune"], ["run"]):
        command = start(*arguments)
        assert command.wait() == 0, command.said
        assert "another" not in command.said
    with open_reader(desk / "var" / "aggregator.db") as store:
        assert [one.kind for one in overrides.overrides(store)] == ["split"]
    idle.send(signal.SIGTERM)
    assert idle.wait() == 0


def test_a_command_waits_for_a_cycle_with_a_word_and_run_leaves(
    desk: Path, start: Callable[..., Process]
) -> None:
    assert start("run").wait() == 0
    database = desk / "var" / "aggregator.db"
    with open_writer(database):
        waiting = start("prune")
        waiting.until_said("waiting for its end")
        leaving = start("run")
        assert leaving.wait() == 75 and "another cycle is running" in leaving.said
    assert waiting.wait() == 0 and len(waiting.said.splitlines()) == 2


def test_the_wait_for_a_cycle_has_an_end(tmp_path: Path) -> None:
    told: list[int] = []
    with open_writer(tmp_path / "a.db"):
        with pytest.raises(LockedError, match="try again later"):
            open_writer(tmp_path / "a.db", 0.2, lambda: told.append(1))
        with pytest.raises(LockedError, match="leaves it alone"):
            open_writer(tmp_path / "a.db", 0, lambda: told.append(1))
    assert told == [1]


def test_a_daemon_leaves_a_database_that_others_work_on_for_a_later_tick(
    desk: Path, start: Callable[..., Process]
) -> None:
    with open_writer(desk / "var" / "aggregator.db"):
        late = start("daemon", "--tick", "1")
        late.until_status("READY=1")
        time.sleep(1.5)
        assert not (desk / "var" / "public").exists()
    until((desk / "var" / "public" / "all.atom").exists, "it goes on by itself")
    assert all(line.startswith("cycle ") for line in late.said.splitlines()), late.said


def test_R1_twenty_at_once(desk: Path, start: Callable[..., Process]) -> None:
    processes = [start("run", "-q") for _ in range(20)]
    codes = {process.wait() for process in processes}
    assert codes <= {0, 75} and 0 in codes, [process.said for process in processes]
    with open_reader(desk / "var" / "aggregator.db") as store:
        assert lookup.counts(store)["entry"] == 17
        assert store.row("PRAGMA integrity_check") == ("ok",)


def test_R8_published_files_are_served_whatever_the_database(
    tmp_path: Path, start: Callable[..., Process]
) -> None:
    (tmp_path / "config.toml").write_text("[service]\ndatabase = 'text'\n[serve]\nport = 0\n")
    (tmp_path / "text").write_text("no database " * 99)
    serving = start("daemon", "--tick", "1")
    serving.until_status("READY=1")
    serving.until_said("serving ")
    serving.until_said("is damaged or no database")
    serving.send(signal.SIGTERM)
    assert serving.wait() == 0
    assert serving.said.count("is damaged") == 1, "told once, not at every tick"
    (tmp_path / "config.toml").write_text("[service]\ndatabase = 'text'\n")
    assert start("daemon").wait() == 2
