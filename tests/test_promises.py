"""PROMISES.md is complete and true; and the promises that no other file keeps, each by its number."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator import cycle, opml
from aggregator.cycle import Wanted, pings
from aggregator.cycle.network import Network, opened
from aggregator.daemon import log
from aggregator.errors import StoreError, UsageError
from aggregator.fetch import transport
from aggregator.model import Entry
from aggregator.stop import Stop
from aggregator.store import lookup, open_reader, open_writer, sources, upkeep
from tests.helpers import NOW, config, entry, put
from tests.hostile import Case, Hostile, reply, rss
from tests.hostile_cases import moved, says

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"

NUMBER = r"[FSRPBC][1-9][0-9]?"
PROMISE = re.compile(rf"\| ({NUMBER}) \| ([^|]+) \| ([^|]*) \|")


def listed() -> dict[str, tuple[str, list[str]]]:
    """Number → its promise, and the files whose tests hold it."""
    text = (ROOT / "tests" / "PROMISES.md").read_text(encoding="utf-8")
    return {number: (promise, held.split(", ")) for number, promise, held in PROMISE.findall(text)}


def named_by_tests() -> dict[str, set[str]]:
    """Number → the files in which tests have it in their names."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for name in re.findall(r"^def test_(\w+)", path.read_text(encoding="utf-8"), re.M):
            for number in re.findall(rf"(?<![^_]){NUMBER}(?=_)", name):
                found.setdefault(number, set()).add(path.stem.removeprefix("test_"))
    return found


def test_every_promise_has_tests_that_name_it_and_tests_name_no_other() -> None:
    assert set(named_by_tests()) == set(listed())


def test_the_list_names_the_files_of_these_tests() -> None:
    named = named_by_tests()
    wrong = {
        number: files for number, (_, files) in listed().items() if not files or set(files) - named[number]
    }
    assert not wrong, "PROMISES.md names files without a test that names the number"


def test_the_numbers_run_without_gaps_and_every_promise_is_its_own() -> None:
    numbers = list(listed())
    wanted = {"P": 22, "B": 11, "S": 23, "C": 9, "R": 20, "F": 67}
    assert numbers == [f"{letter}{n}" for letter, last in wanted.items() for n in range(1, last + 1)]
    assert len({promise for promise, _ in listed().values()}) == len(numbers)


def test_comments_cite_promises_that_are_in_the_list() -> None:
    """Cited as `(P8)`, `(P9, P10)`, `(P1–P5)`."""
    cited = {
        number
        for folder in ("aggregator", "scripts", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for group in re.findall(
            rf"\(({NUMBER}(?:(?:, |–){NUMBER})*)\)", path.read_text(encoding="utf-8").replace("\n", " ")
        )
        for number in re.findall(NUMBER, group)
    }
    assert len(cited) > 50 and cited <= set(listed())


def test_S5_the_environment_does_not_steer_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert transport.session().trust_env is False and not transport.session().cookies
    with Hostile() as server:
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[[sources]]\nid = "p"\nurl = "{server.url("plain")}"\n',
        )
        with open_writer(settings.database) as store:
            assert cycle.run(settings, store, Wanted(), NOW).collected.ok == 1
        assert "authorization" not in server.log[-1].headers


def test_S7_S22_secrets_and_control_characters_stay_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log("a title\nforged: line\x1b[2J")
    assert capsys.readouterr().err.count("\n") == 1
    with Hostile() as server:
        secret = "s3cr3ts3cr3ts3cr3ts3cr3t1"
        server.table[f"f?token={secret}"] = server.table["plain"]
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[[sources]]\nid = "p"\nurl = "{server.url("f?token=" + secret)}"\n',
        )
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), NOW)
        published = b"".join(
            path.read_bytes()
            for path in settings.output.rglob("*")
            if path.is_file() and path.suffix != ".gz"
        )
        assert b"Story 0" in published and secret.encode() not in published


def test_S7_passwords_of_a_feeds_own_links_are_not_published(tmp_path: Path) -> None:
    address = "https://user:s3cr3t@a.example"
    (tmp_path / "feed.xml").write_text(
        f"<rss version='2.0'><channel><title>T</title><link>{address}/</link><image><url>{address}/i.png</url></image>"
        f"<item><guid>1</guid><title>One</title><link>{address}/1</link><comments>{address}/c</comments>"
        f"<description>&lt;a href='{address}/2'&gt;more&lt;/a&gt; &lt;img src='{address}/3.png'&gt;</description>"
        f"<enclosure url='{address}/4.mp3' type='audio/mpeg' length='1'/></item></channel></rss>"
    )
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "feed.xml"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    for name in ("all.atom", "all.rss", "all.json", "all.html", "source-a.html"):
        written = (settings.output / name).read_text()
        assert "s3cr3t" not in written and "https://a.example/1" in written, name
    assert "https://a.example/4.mp3" in (settings.output / "all.rss").read_text()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("DTD", b'<!DOCTYPE opml SYSTEM "x"><opml/>'),
        ("too deep", b"<opml><body>" + b"<outline text='x'>" * 80),
        ("no OPML", b"hello"),
        ("too big", b" " * 20_000_001),
    ],
)
def test_S16_opml_that_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(UsageError):
        opml.read(data)


def test_F61_opml_round_trip() -> None:
    feeds = [
        opml.Outline("https://a.example/f?x=1&y=2", "A & B", "https://a.example/"),
        opml.Outline("https://b.example/", "B"),
    ]
    data = opml.write("List", feeds)
    assert [(one.url, one.title) for one in opml.read(data).feeds] == [
        ("https://a.example/f?x=1&y=2", "A & B"),
        ("https://b.example/", "B"),
    ]
    assert data.count(b'type="rss"') == 2 and opml.write("List", feeds) == data


def test_F61_titles_that_importers_take_for_html() -> None:
    """`R&D` is an error in HTML, a tag vanishes there, and nothing but invisible signs is no title."""
    titles = {
        "R&D <b>x</b> a < b": "R＆D ‹b›x‹/b› a ‹ b",
        "Q & A": "Q & A",
        "\u200b\ufeff": "a.example",
        "&amp; &copy": "＆amp; ＆copy",
    }
    data = opml.write(
        "x",
        [opml.Outline(f"https://a.example/{n}", title, "http://[::1]/") for n, title in enumerate(titles)],
    )
    assert [one.title for one in opml.read(data).feeds] == list(titles.values()) and b"htmlUrl" not in data


def test_S19_odd_ids_are_only_parameters(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        for guid in ("'; DROP TABLE entry; --", "a\x00b", "x" * 1_000_000, '"'):
            put(store, entry("a", guid, "Title " + guid[:5]))
        assert lookup.counts(store)["entry"] == 4 and lookup.find(store, "'; DROP TABLE entry; --")


def test_C7_content_that_differs_each_time_is_not_news_each_time(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        taken = [
            put(store, entry("a", "1", "T", f"read {number} times"), at=NOW + number * 60).updated
            for number in range(30)
        ]
        assert taken[0] == 0 and sum(taken) <= 6


def test_C4_keys_that_come_back_for_other_things_never_share_an_id(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        for number, (guid, link) in enumerate(
            [("a", "L"), ("b", "L"), ("a", "M"), ("c", "M"), ("a", "N"), ("d", "N"), ("a", "O")]
        ):
            put(
                store,
                entry("s", guid, "Title", f"text {link}", link=f"https://n.example/{link}"),
                at=NOW + number,
            )
        found = store.rows("SELECT public_id FROM entry")
        assert len(found) == len(set(found)) == 4


def test_B7_what_can_not_be_stored_is_a_failure_of_its_source_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.store import rows

    def broken(one: Entry) -> tuple[object, ...]:
        if one.source == "bad":
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return stored(one)

    stored = rows.entry_row
    monkeypatch.setattr(rows, "entry_row", broken)
    with Hostile() as server:
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
            + "".join(
                f'[[sources]]\nid = "{name}"\nurl = "{server.url("etag")}?{name}"\n'
                for name in ("bad", "good")
            ),
        )
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), int(time.time()))
            bad = sources.memories(store)["bad"]
        assert [(name, failure.kind) for name, failure in report.collected.failures] == [
            ("bad", "internal")
        ] and report.collected.new == 3
        assert bad.etag is None and bad.failures == 1 and bad.next_poll > time.time()


def test_R2_a_poll_is_one_transaction(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        put(store, entry("a", "1", "One"))
        with pytest.raises(RuntimeError):
            from aggregator.model import PollResult, Source, SourceState
            from aggregator.store import entries

            def broken(new: int) -> SourceState:
                raise RuntimeError("in the middle")

            entries.absorb(
                store,
                Source("a", url="https://a.example/"),
                PollResult("a", NOW, SourceState(), entries=(entry("a", "2", "Two"),)),
                broken,
                lambda e: True,
                lambda m: None,
            )
        assert lookup.counts(store)["entry"] == 1


def test_R9_backup_while_a_cycle_runs_and_restore(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
        with open_reader(settings.database) as reader:
            upkeep.backup(reader, tmp_path / "copy.db")
        with pytest.raises(StoreError):
            upkeep.backup(store, tmp_path / "copy.db")
    assert upkeep.damage(tmp_path / "copy.db") is None
    settings.database.write_bytes(b"damaged")
    kept = upkeep.restore(settings.database, tmp_path / "copy.db")
    assert kept is not None and kept.read_bytes() == b"damaged"
    with open_reader(settings.database) as store:
        assert lookup.counts(store)["entry"] == 17
    with pytest.raises(StoreError):
        upkeep.restore(settings.database, kept)


@pytest.mark.parametrize(
    "command", [("hide", "1"), ("join", "1", "2", "--level", "text"), ("add", "--title", "By hand")]
)
def test_R9_what_is_published_after_a_restore_is_what_was_restored(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """What happened since the backup, and was published, is undone in the folder too."""
    (tmp_path / "one.txt").write_text("Ferry sinks off Mindanao\n\nCheese prices fall in Gruyères\n")
    settings = config(tmp_path, '[[sources]]\nid = "one"\npath = "one.txt"\n')

    def aggregator(*args: str) -> None:
        line = [sys.executable, "-m", "aggregator", "--config", str(tmp_path / "config.toml"), *args]
        subprocess.run(line, check=True, capture_output=True)

    def published() -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in settings.output.glob("all.*") if one.suffix != ".gz"}

    aggregator("run")
    before = published()
    aggregator("backup", str(tmp_path / "copy.db"))
    aggregator(*command)
    aggregator("run", "--offline")
    assert published() != before
    aggregator("restore", str(tmp_path / "copy.db"))
    aggregator("run", "--offline")
    assert published() == before


def test_R10_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    open_writer(path).close()
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA user_version = 99")
    conn.close()
    with pytest.raises(StoreError) as caught:
        open_writer(path)
    assert "newer" in str(caught.value)


def test_R12_without_shared_memory_there_is_no_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network file system; SQLite has a way to files that offers none."""
    connect = sqlite3.connect

    def without(place: str | Path, **others: object) -> sqlite3.Connection:
        address = str(place)
        if address != ":memory:":
            address = (
                address if address.startswith("file:") else f"{Path(address).absolute().as_uri()}?mode=rwc"
            )
            address += "&vfs=unix-none"
        return connect(address, **{**others, "uri": True})  # type: ignore[call-overload, no-any-return]  # options come as a dict

    monkeypatch.setattr(sqlite3, "connect", without)
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        assert store.value("PRAGMA journal_mode") == "delete"
        assert cycle.run(settings, store, Wanted(), NOW).collected.new == 17
    with open_reader(settings.database) as reader:
        assert lookup.counts(reader)["entry"] == 17
    assert (settings.output / "all.atom").exists() and not list(tmp_path.rglob("*-wal"))


def test_R11_S23_doctor_reports_known_bugs(tmp_path: Path) -> None:
    settings = config(tmp_path, "")
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "doctor", "--json", "--config", str(settings.path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = {one["what"]: one for one in json.loads(done.stdout)}
    assert {"requests", "urllib3", "nh3", "sqlite", "expat", "database", "output folder"} <= set(found)
    assert sqlite3.sqlite_version_info >= (3, 51, 3) or "WAL-reset" in found["sqlite"]["detail"]


def test_B10_a_slow_host_does_not_hold_the_others(tmp_path: Path) -> None:
    with Hostile() as server:
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}", "127.0.0.2:{server.port}"]\ntimeout = "3s"\nhost_gap = "0s"\nconcurrency = 4\n'
        body += (
            "".join(f'[[sources]]\nid = "slow-{n}"\nurl = "{server.url("silent")}?{n}"\n' for n in range(6))
            + f'[[sources]]\nid = "quick"\nurl = "{server.url("plain")}"\n'
        )
        for number in range(6):
            server.table[f"silent?{number}"] = server.table["silent"]
        settings = config(
            tmp_path,
            body.replace(
                f'url = "{server.url("plain")}"', f'url = "{server.url("plain", "localhost")}"'
            ).replace("127.0.0.2", "localhost"),
        )
        finished: dict[str, float] = {}
        started = time.monotonic()
        with open_writer(settings.database) as store:
            stop = Stop()
            with opened(stop) as network:
                tasks = cycle.tasks(settings, store, Wanted(), NOW)
                for task, _ in cycle.polls(settings, tasks, stop, network):
                    finished[task.source.id] = time.monotonic() - started
                    if task.source.id == "quick":
                        stop.set()
        assert finished["quick"] < 2.5


def test_B10_nobody_waits_for_many_feeds_of_a_slow_host(tmp_path: Path) -> None:
    """What is not begun after the patience of a cycle is left to the next one, which begins with it."""
    with Hostile() as server:
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}", "localhost:{server.port}"]\ntimeout = "1s"\nhost_gap = "0s"\n'
        for number in range(5):
            server.table[f"silent?{number}"] = server.table["silent"]
            body += f'[[sources]]\nid = "slow-{number}"\nurl = "{server.url("silent")}?{number}"\n'
        body += f'[[sources]]\nid = "quick"\nurl = "{server.url("plain", "localhost")}"\n'
        settings, asked = config(tmp_path, body), []
        with open_writer(settings.database) as store:
            for number in range(4):
                before, started = len(server.log), time.monotonic()
                report = cycle.run(settings, store, Wanted(patience=1.5), int(time.time()))
                assert time.monotonic() - started < 15, "idle machines need two seconds and a half"
                assert number > 0 or "all.atom" in report.written.written
                asked.append([one.path for one in server.log[before:] if "silent" in one.path])
        together = [path for paths in asked for path in paths]
        assert together == [f"/silent?{number}" for number in range(5)] and len(asked[0]) < 4, "each once"


def test_B11_three_failures_in_a_row_are_told(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "dead"\nurl = "http://127.0.0.1:9/x"\n')
    with open_writer(settings.database) as store:
        for number in range(3):
            report = cycle.run(settings, store, Wanted(everything=True), int(time.time()) + number * 90_000)
        assert report.all_failed and sources.memories(store)["dead"].state == "failing"
        assert [one.state for one in sources.notices(store)] == ["failing"]
    assert b"dead fails" in (settings.output / "sources.atom").read_bytes()


def test_P11_a_429_pauses_the_feeds_of_its_host(tmp_path: Path) -> None:
    with Hostile() as server:
        server.table["busy"] = type(server.table["plain"])(
            "busy", lambda wire, asked: wire.sendall(reply(b"", "429 Too Many", "Retry-After: 7200\r\n"))
        )
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
        settings = config(
            tmp_path,
            body + "".join(f'[[sources]]\nid = "s{n}"\nurl = "{server.url("busy")}?{n}"\n' for n in range(4)),
        )
        for number in range(4):
            server.table[f"busy?{number}"] = server.table["busy"]
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), int(time.time()))
            assert len(server.log) == 1, "the first 429 stops the others"
            cycle.run(settings, store, Wanted(everything=True), int(time.time()) + 600)
            assert len(server.log) == 1, "not even a forced cycle comes before Retry-After"


@pytest.mark.parametrize(
    ("name", "answer", "asked"),
    [
        ("a quota that is used up", reply(rss("few"), headers="RateLimit: \"a\";r=0;t=7200\r\n"), 1),
        ("the same on a 403", reply(b"", "403 No", "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 7200\r\n"), 1),
        ("some of it is left", reply(rss("few"), headers="RateLimit: \"a\";r=1;t=7200\r\n"), 4),
        ("a 403 alone", reply(b"", "403 No"), 4),
    ],
)  # fmt: skip
def test_P11_where_no_quota_is_left_the_host_is_left_alone(
    tmp_path: Path, name: str, answer: bytes, asked: int
) -> None:
    with Hostile() as server:
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
        for number in range(4):
            server.table[f"few{number}"] = Case("few", lambda wire, _: wire.sendall(answer))
            body += f'[[sources]]\nid = "s{number}"\nurl = "{server.url(f"few{number}")}"\n'
        settings = config(tmp_path, body)
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), int(time.time()))
            assert len(server.log) == asked, name
            cycle.run(settings, store, Wanted(everything=True), int(time.time()) + 600)
            assert len(server.log) == (asked if asked == 1 else 2 * asked), name
            known = sources.memories(store)
        if asked == 1:
            assert all(known[f"s{n}"].not_before > time.time() + 7000 for n in range(4))
            assert sum("its host has no quota left for us" in known[f"s{n}"].why for n in range(4)) == 3


def test_P11_a_429_behind_a_redirect_pauses_who_said_so_and_nobody_else(tmp_path: Path) -> None:
    with Hostile() as server, Hostile() as other:
        server.table["to-429"] = Case("to-429", moved("302 Found", other.url("429")))
        allow = (
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}", "127.0.0.1:{other.port}"]\nhost_gap = "0s"\n'
        )
        urls = {
            "a": server.url("to-429"),
            "b": server.url("plain"),
            "c": other.url("plain"),
            "d": server.url("etag"),
        }
        settings = config(
            tmp_path,
            allow + "".join(f'[[sources]]\nid = "{name}"\nurl = "{url}"\n' for name, url in urls.items()),
        )
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), int(time.time()))
            known = sources.memories(store)
        assert report.collected.ok == 2 and [name for name, _ in report.collected.failures] == ["a"]
        assert (
            known["c"].not_before > time.time() + 3000
            and known["b"].not_before == 0
            and other.asked("plain") == []
        )


def test_P11_after_a_429_who_is_led_there_later_is_put_off_too(tmp_path: Path) -> None:
    """Feeds of one host that all lead to another one: who comes second there is not asked for."""
    with Hostile() as server, Hostile() as other:
        body = (
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}", "localhost:{other.port}"]\nhost_gap = "0s"\n'
        )
        for number in range(4):
            to = other.url(f"429?{number}", "localhost")
            server.table[f"to-429?{number}"] = Case("to-429", moved("302 Found", to))
            body += f'[[sources]]\nid = "s{number}"\nurl = "{server.url(f"to-429?{number}")}"\n'
        settings = config(tmp_path, body)
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), int(time.time()))
            known = sources.memories(store)
        assert len(server.log) == 4 and len(other.log) == 1, "each source asked its own host"
        assert len(report.collected.failures) == 1
        assert all(known[f"s{number}"].not_before > time.time() + 3000 for number in range(4))


def test_P11_a_cycle_waits_for_a_short_pause(tmp_path: Path) -> None:
    with Hostile() as server:
        server.table["short"] = Case(
            "short",
            lambda wire, asked: wire.sendall(reply(b"", "429 Too Many Requests", "Retry-After: 2\r\n")),
        )
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
        settings = config(
            tmp_path,
            body
            + "".join(
                f'[[sources]]\nid = "s{name}"\nurl = "{server.url(name)}"\n'
                for name in ("short", "plain", "etag")
            ),
        )
        with open_writer(settings.database) as store:
            assert cycle.run(settings, store, Wanted(), int(time.time())).collected.ok == 2
        assert server.log[1].at - server.log[0].at >= 1.9, "not before the host wants us back"


def test_P11_a_429_pauses_its_feed_alone_where_that_is_wished(tmp_path: Path) -> None:
    with Hostile() as server:
        body = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\npause_host = false\n'
        settings = config(
            tmp_path,
            body
            + "".join(
                f'[[sources]]\nid = "s{name}"\nurl = "{server.url(name)}"\n' for name in ("429", "plain")
            ),
        )
        with open_writer(settings.database) as store:
            assert cycle.run(settings, store, Wanted(), int(time.time())).collected.ok == 1
            assert (
                cycle.run(settings, store, Wanted(everything=True), int(time.time()) + 600).collected.due == 1
            )


def test_check_online_heeds_who_asked_us_to_stay_away_and_stores_nothing(tmp_path: Path) -> None:
    with Hostile() as server:
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\nhost_gap = "0s"\n'
            + "".join(
                f'[[sources]]\nid = "s{name}"\nurl = "{server.url(name)}"\n'
                for name in ("plain", "503", "captcha", "410")
            ),
        )
        command = [
            sys.executable,
            "-m",
            "aggregator",
            "check",
            "--online",
            "--json",
            "--config",
            str(settings.path),
        ]
        first = json.loads(
            subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
        )
        assert {one["source"]: one["state"] for one in first} == {
            "splain": "ok",
            "s503": "slow",
            "scaptcha": "blocked",
            "s410": "gone",
        }
        assert not settings.database.exists()
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), int(time.time()))
        before = len(server.log)
        second = {
            one["source"]: one
            for one in json.loads(
                subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
            )
        }
        assert sorted(one.path for one in server.log[before:]) == ["/captcha", "/plain"], (
            "a 410 and a Retry-After hold"
        )
        assert second["s410"]["state"] == "gone" and "not asked" in second["s503"]["detail"]


def test_P19_P20_finding_the_feed_of_a_site_is_polite_too(tmp_path: Path) -> None:
    from aggregator.errors import UsageError

    with Hostile() as server:
        server.table["rss"] = server.table["plain"]
        settings = config(tmp_path, f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n')
        found = cycle.find_feeds(settings, server.url("html"))
        assert [one.url for one in found] == [server.url("rss")] and found[0].items == 3
        paths = [one.path for one in server.log]
        assert paths == ["/html", "/html/feed", "/feed", "/html/rss", "/rss"], "no guess after the first feed"
        times = [one.at for one in server.log]
        assert all(b - a > 0.95 for a, b in pairwise(times)), "with the gap of a cycle"
        with pytest.raises(UsageError) as caught:
            cycle.find_feeds(settings, server.url("404"))
        assert "not found (404)" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/plain", b"A headline of a file\n", "/x: text, not a feed: “A headline of a file”"),
        ("text/plain", b"[Video] A headline\n", "/x: text, not a feed: “[Video] A headline”"),
        ("image/png", b"\x89PNG\r\n", "/x: a PNG image, not a feed"),
        ("application/json", b'{"a": 1}', "/x: JSON, but no JSON Feed"),
        ("text/x-opml", b"<opml><body/></opml>", "/x: an OPML list of feeds; add its feeds with"),
        ("text/html", b"A site", None),
        ("text/plain", b"<!DOCTYPE html><title>A site</title>", None),
        ("application/xhtml+xml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>", None),
    ],
)
def test_who_asks_for_a_text_is_not_given_the_feed_of_its_site(
    tmp_path: Path, kind: str, body: bytes, expected: str | None
) -> None:
    with Hostile() as server:
        server.table["feed"] = server.table["plain"]
        server.table["x"] = Case("x", says(reply(body, headers=f"Content-Type: {kind}\r\n")))
        settings = config(tmp_path, f'[poll]\nhost_gap = "0s"\nallow_hosts = ["127.0.0.1:{server.port}"]\n')
        if expected is None:
            assert [one.url for one in cycle.find_feeds(settings, server.url("x"))] == [server.url("feed")]
            return
        with pytest.raises(UsageError) as caught:
            cycle.find_feeds(settings, server.url("x"))
        assert expected in str(caught.value) and len(server.log) == 1


@pytest.mark.parametrize(
    ("name", "links", "expected"),
    [
        ("the fullest first", ["few", "many"], ["many", "few"]),
        ("those of comments last, full as they are", ["comments", "few"], ["few", "comments"]),
        ("the address that it moved to for good", ["permanent"], ["plain"]),
        ("not where it is sent to for today", ["redirect"], ["redirect"]),
        ("eight are looked at", [f"empty/{n}" for n in range(7)] + ["few"], ["few"]),
        ("and no more", [f"empty/{n}" for n in range(8)] + ["few"], []),
    ],
)
def test_which_feeds_of_a_page_are_found(
    tmp_path: Path, name: str, links: list[str], expected: list[str]
) -> None:
    with Hostile() as server:
        page = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{link}">' for link in links)
        server.table["x"] = Case("x", says(reply(f"<html>{page}".encode())))
        for path, items in (("few", 1), ("many", 5), ("comments", 9)):
            server.table[path] = Case(path, says(reply(rss(path, items=items))))
        settings = config(tmp_path, f'[poll]\nhost_gap = "0s"\nallow_hosts = ["127.0.0.1:{server.port}"]\n')
        found = [one.url for one in cycle.find_feeds(settings, server.url("x"))]
        assert found == [server.url(path) for path in expected], name


def test_R14_two_thousand_at_once_are_all_polled(tmp_path: Path) -> None:
    with Hostile(hosts=20) as server:
        allow = json.dumps([f"127.0.1.{n + 1}:{server.port}" for n in range(20)])
        body = f'[poll]\nallow_hosts = {allow}\nhost_gap = "0s"\n' + "".join(
            f'[[sources]]\nid = "s{n}"\nurl = "{server.url("empty-feed", f"127.0.1.{1 + n % 20}")}?{n}"\n'
            for n in range(2000)
        )
        settings = config(tmp_path, body)
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), int(time.time()))
        assert (report.collected.due, report.collected.ok) == (2000, 2000) and len(
            {one.path for one in server.log}
        ) == len(server.log) == 2000


def test_F59_one_ping_for_each_changed_feed_and_a_dead_hub_delays_nothing(tmp_path: Path) -> None:
    with Hostile() as server:
        pings: list[bytes] = []

        def hub(wire: object, asked: object) -> None:
            pings.append(b"ping")
            wire.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")  # type: ignore[attr-defined]  # a socket

        server.table["hub"] = type(server.table["plain"])("hub", hub)
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[publish]\nhub = "{server.url("hub")}"\n[[sources]]\nid = "s"\npath = "{SEEDS}"\n',
            f'ping_url = "{server.url("plain")}"',
        )
        with open_writer(settings.database) as store:
            report = cycle.run(settings, store, Wanted(), NOW)
            feeds = [name for name in report.written.written if name.endswith((".rss", ".atom", ".json"))]
            assert len(pings) == len(feeds) == 5 and report.warnings == []
            assert len(server.asked("plain")) == 1, "the dead man's switch"
            cycle.run(settings, store, Wanted(), NOW + 60)
            assert len(pings) == 5, "no ping without a change"


def test_F59_a_hub_that_never_answers_delays_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "HUB_TIME", 1.0)
    with Hostile() as server:
        server.table["hub"] = type(server.table["plain"])("hub", lambda wire, asked: time.sleep(30))
        topics = "".join(f'[[topics]]\nid = "t{n}"\nmatch = "the"\n' for n in range(12))
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[publish]\nhub = "{server.url("hub")}"\n[[sources]]\nid = "s"\npath = "{SEEDS}"\n{topics}',
        )
        with open_writer(settings.database) as store:
            started = time.monotonic()
            report = cycle.run(settings, store, Wanted(), NOW)
            assert time.monotonic() - started < 15 and len(report.written.written) > 36
            assert len(report.warnings) == 1 and report.warnings[0].startswith("hub: ")
            assert len(server.asked("hub")) <= 4, "those under way when the first was given up, and no more"


@pytest.mark.parametrize(
    ("name", "answer", "asked"),
    [
        # what the hub says at first, and how often it was asked then: at once, sooner than a while, after it,
        # and once more when it has taken everything
        ("it takes them", "202 Accepted", (5, 5, 5, 5)),
        ("it is down", "500 Internal Server Error", (5, 5, 10, 10)),
        ("it is busy", "429 Too Many Requests", (5, 5, 10, 10)),
        ("it refuses", "403 Forbidden", (5, 5, 5, 5)),
    ],
)
def test_F59_what_a_hub_did_not_take_is_told_again_after_a_while(
    tmp_path: Path, name: str, answer: str, asked: tuple[int, ...]
) -> None:
    with Hostile() as server:
        answers = [answer] * 5
        told: list[bytes] = []

        def hub(wire: object, request: object) -> None:
            told.append(b"ping")
            status = answers.pop() if answers else "202 Accepted"
            wire.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())  # type: ignore[attr-defined]  # a socket

        server.table["hub"] = type(server.table["plain"])("hub", hub)
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[publish]\nhub = "{server.url("hub")}"\n[[sources]]\nid = "s"\npath = "{SEEDS}"\n',
        )
        found = []
        for later in (0, pings.AGAIN - 1, pings.AGAIN, 2 * pings.AGAIN):
            with open_writer(settings.database) as store:
                cycle.run(settings, store, Wanted(everything=True), NOW + later)
            found.append(len(told))
        assert tuple(found) == asked, name


def test_F59_a_stop_before_the_hub_was_told_leaves_it_to_the_next_cycle(tmp_path: Path) -> None:
    with Hostile() as server:
        hub = server.url("plain")
        settings = config(
            tmp_path, f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[publish]\nhub = "{hub}"\n'
        )
        with open_writer(settings.database) as store, closing(Network()) as network:
            pings.owe(settings, store, ["all.atom", "all.html"])  # and is ended here
            pings.owe(settings, store, ["t.rss", "all.atom"])
            for _ in range(2):
                assert pings.pay(settings, store, network.door, NOW) == []
        assert len(server.asked("plain")) == 2, "all.atom and t.rss, once"


@pytest.mark.parametrize(
    ("name", "files", "signs"),
    [
        ("all is well", ("good.txt", "good.txt"), 1),
        ("one of two failed", ("good.txt", "none.txt"), 1),
        ("all failed", ("none.txt", "none.txt"), 0),
        ("there was nothing to poll", (), 1),
    ],
)
def test_ping_url_is_called_unless_every_poll_failed(
    tmp_path: Path, name: str, files: tuple[str, ...], signs: int
) -> None:
    (tmp_path / "good.txt").write_text("A quiet day\n")
    sources_ = "".join(f'[[sources]]\nid = "s{n}"\npath = "{file}"\n' for n, file in enumerate(files))
    with Hostile() as server:
        allowed = f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n'
        settings = config(tmp_path, allowed + sources_, f'ping_url = "{server.url("plain")}"')
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), NOW)
        assert len(server.asked("plain")) == signs, name


def test_F60_what_leaves_the_feed_is_in_the_archive(tmp_path: Path) -> None:
    from lxml import etree

    atom = "{http://www.w3.org/2005/Atom}"
    with Hostile() as server:
        items = "".join(
            f"<item><title>Number {n} of many</title><guid>http://news.example/{n}</guid><link>http://news.example/{n}</link><pubDate>{time.strftime('%a, %d %b %Y 00:00:00 GMT', time.gmtime(NOW - n * 86_400))}</pubDate></item>"
            for n in range(240)
        )
        server.table["many"] = type(server.table["plain"])(
            "many", lambda wire, asked: wire.sendall(reply(rss("many", items, items=0)))
        )
        settings = config(
            tmp_path,
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[fold]\ntext = false\nevent = false\n[publish]\nlimit = 20\n[[sources]]\nid = "m"\nurl = "{server.url("many")}"\n',
        )
        with open_writer(settings.database) as store:
            cycle.run(settings, store, Wanted(), NOW)
        ids, address, documents = [], "all.atom", 0
        while address:
            document = etree.fromstring((settings.output / address).read_bytes())
            ids += [one.text for one in document.iter(f"{atom}id")][1::1]
            previous = [
                link.get("href")
                for link in document.findall(f"{atom}link")
                if link.get("rel") == "prev-archive"
            ]
            address, documents = (
                (str(previous[0]).removeprefix("https://desk.example/") if previous else ""),
                documents + 1,
            )
        wanted = {f"http://news.example/{n}" for n in range(240)}
        told = [one for one in ids if one in wanted]
        assert set(told) == wanted and len(told) == 240 and documents == 4


def test_sqlite_utils_opens_it_for_people(tmp_path: Path) -> None:
    from sqlite_utils import Database

    path = tmp_path / "t.db"
    with open_writer(path) as store:
        put(store, entry("a", "1", "Harbour reopens", "The harbour is open again."))
    found = Database(path)
    assert [row["title"] for row in found["entry"].search("harbour")] == ["Harbour reopens"]  # type: ignore[union-attr]  # a table
    assert {"entries", "stories", "sources"} <= set(found.view_names())


def test_R15_a_tick_that_breaks_ends_the_daemon_with_its_error(tmp_path: Path) -> None:
    from aggregator.daemon import Daemon

    ticks: list[int] = []

    def turn(stop: Stop) -> None:
        ticks.append(1)
        if len(ticks) == 2:
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        Daemon(tmp_path / "config.toml", turn, lambda confirmed: None, tick=1).run()
    assert len(ticks) == 2, "a supervisor starts it again; silence would not be noticed"
