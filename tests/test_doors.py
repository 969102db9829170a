"""Files and addresses at the doors: local sources, addresses that may be dialled, databases that are none,
copies of them; numbers, contraries and times as texts have them.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from aggregator import schedule
from aggregator.config.changes import sweeping
from aggregator.dedupe import numbers
from aggregator.errors import LockedError, StoreError
from aggregator.fetch import address, local
from aggregator.model import Failure, Limits
from aggregator.parse import bounds
from aggregator.render import ago
from aggregator.store import open_reader, open_writer, trouble, upkeep
from aggregator.store.opening import APPLICATION_ID, acquire, daemon_lock
from aggregator.text import contrary
from tests.helpers import NOW, config, entry, put


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for name, body in (("b.txt", b"two"), ("a.txt", b"one"), ("big.md", b"x" * 11)):
        (tmp_path / name).write_bytes(body)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.txt").write_bytes(b"three")
    (tmp_path / "[odd].txt").write_bytes(b"odd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "lost.md").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.txt", [("a.txt", b"one")]),
        ("?.txt", [("a.txt", b"one"), ("b.txt", b"two")]),
        ("**/c.txt", [("c.txt", b"three")]),
        ("[odd].txt", [("[odd].txt", b"odd")]),
        ("[ab].txt", [("a.txt", b"one"), ("b.txt", b"two")]),
        ("none.txt", "none.txt: there is no such file; check `path`"),
        ("*.csv", "*.csv: there is no such file; check `path`"),
        ("sub", "sub: is a folder; name files in it, for example sub/*.txt"),
        ("su*", "su*: is a folder; name files in it, for example su*/*.txt"),
        ("pipe", "pipe: is no regular file"),
        ("lost.md", "lost.md: is no regular file"),
        ("big.md", "big.md: more than 0 MB (poll.max_bytes)"),
    ],
)  # fmt: skip
def test_local_files_as_they_are_now(texts: Path, pattern: str, found: list[tuple[str, bytes]] | str) -> None:
    came = local.read(f"{texts}/{pattern}", Limits(max_bytes=10), NOW)
    if isinstance(found, list):
        assert [(one.name, one.body) for one in came] == found
        assert all(one.failure is None and one.at == NOW and one.url.startswith("file:///") for one in came)
        return
    (one,) = came
    assert one.failure is not None and one.body is None
    assert one.failure.detail.replace(f"{texts}/", "") == found


def test_one_file_that_can_not_be_read_hides_no_other(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def refused(path: Path, *given: Any, **more: Any) -> Any:
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return opened(path, *given, **more)

    monkeypatch.setattr(Path, "open", refused)
    bad, good = local.read(f"{texts}/?.txt", Limits(), NOW)
    assert bad.failure == Failure("unreadable", f"{texts}/a.txt: can't be read: Permission denied")
    assert good.body == b"two"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9.255.255.255", None),
        ("10.0.0.0", "private"),
        ("11.0.0.0", None),
        ("100.63.255.255", None),
        ("100.64.0.0", "carrier-grade NAT"),
        ("100.128.0.0", None),
        ("126.255.255.255", None),
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.15.255.255", None),
        ("172.16.0.0", "private"),
        ("172.32.0.0", None),
        ("192.168.255.255", "private"),
        ("192.169.0.0", None),
        ("198.17.255.255", None),
        ("198.18.0.0", "benchmarks"),
        ("223.255.255.255", None),
        ("224.0.0.0", "multicast"),
        ("255.255.255.255", "reserved"),
        ("0.0.0.0", "this network"),
        ("::", "unspecified, loopback or IPv4-compatible"),
        ("::1", "unspecified, loopback or IPv4-compatible"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b::8.8.8.8", None),
        ("64:ff9b:1::1", "local NAT64"),
        ("2002:7f00:1::", "loopback"),
        ("2002:808:808::", None),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),
        ("2606:4700::1111", None),
        ("2001:db8::1", "documentation"),
        ("fc00::1", "unique local"),
        ("fe80::1%eth0", "link-local"),
        ("ff02::1", "multicast"),
        ("4000::1", "not public"),
        ("localhost", "no address"),
        ("127.1", "no address"),
        ("0x7f000001", "no address"),
        ("", "no address"),
    ],
)  # fmt: skip
def test_S2_which_addresses_may_be_dialled(text: str, why: str | None) -> None:
    assert address.forbidden(text) == why


@pytest.mark.parametrize(
    ("found", "host", "allowed", "dialled"),
    [
        (["8.8.8.8", "8.8.8.8", "9.9.9.9"], "a.example", [], ["8.8.8.8", "9.9.9.9"]),
        (["8.8.8.8", "127.0.0.1"], "a.example", [], []),
        (["127.0.0.1"], "a.example", ["a.example:80"], ["127.0.0.1"]),
        (["127.0.0.1"], "a.example", ["a.example:81"], []),
        (["127.0.0.1"], "a.example", ["b.example:80"], []),
        (["::1"], "::1", ["[::1]:80"], ["::1"]),
        ([], "a.example", [], []),
    ],
)  # fmt: skip
def test_S3_one_forbidden_address_refuses_all(
    found: list[str], host: str, allowed: list[str], dialled: list[str]
) -> None:
    some, why = address.allowed(found, host, 80, allowed)
    assert some == dialled and (why is None) == (bool(dialled) or not found)
    shown = "[::1]:80" if ":" in host else f"{host}:80"
    assert why is None or why.endswith(f'if it is yours, add "{shown}" to poll.allow_hosts')


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-301, ""),
        (-300, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (30 * 86_400 - 1, "29 d ago"),
        (30 * 86_400, ""),
    ],
)  # fmt: skip
def test_how_long_ago_a_date_of_a_page_was(seconds: int, words: str) -> None:
    assert ago.ago(seconds) == words
    page = b'<time datetime="2026-09-21T14:13:20Z">21 Sep</time>'
    assert ago.beside(page, NOW + seconds) == page + (f" ({words})".encode() if words else b"")


def test_a_date_that_is_none_is_left_as_it_stands() -> None:
    page = b'<time datetime="2026-99-21T14:13:20Z">x</time><time datetime="2026-09-21">y</time>'
    assert ago.beside(page, NOW) == page


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1.000", "1000"),
        ("1,000", "1000"),
        ("1’000", "1000"),
        ("1,00,000", "100000"),
        ("1.000,50", "1000.5"),
        ("1,000.50", "1000.5"),
        ("12.345.678", "12345678"),
        ("10.0", "10"),
        ("10.05", "10.05"),
        ("0.500", "0.5"),
        ("0,5", "0.5"),
        ("007", "7"),
        ("1.2.3", "1.2.3"),
        ("v10.0", "10.0"),
        ("V1.000", "1.0"),
        ("٣", "3"),
        ("१२", "12"),
    ],
)  # fmt: skip
def test_a_number_as_its_writer_meant_it(said: str, meant: str) -> None:
    assert numbers.value(said) == meant


@pytest.mark.parametrize(
    ("a", "b", "spoken", "expected"),
    [
        (["will", "rise"], ["will", "not", "rise"], "en", True),
        (["won", "t", "rise"], ["will", "rise"], "en", True),
        (["cannot"], ["can"], "en", True),
        (["can", "t"], ["cannot"], "en", False),
        (["will", "rise"], ["will", "fall"], "en", False),
        (["schuldig"], ["unschuldig"], "de", True),
        (["guilty"], ["guilty"], "en", False),
        ([], [], "en", False),
    ],
)  # fmt: skip
def test_a_statement_and_its_negation(a: list[str], b: list[str], spoken: str, expected: bool) -> None:
    assert contrary.negation(a, b, spoken) is expected is contrary.negation(b, a, spoken)


@pytest.mark.parametrize(
    ("a", "b", "spoken", "expected"),
    [
        ("sube", "baja", "es", ("sube", "baja")),
        ("baja", "sube", "es", ("baja", "sube")),
        ("sube", "sube", "es", None),
        ("sube", "baja", "en", None),
        ("hoch", "tief", "de", ("hoch", "tief")),
        ("hoch", "tief", "nl", None),
    ],
)
def test_a_word_has_its_opposite_in_its_own_language(
    a: str, b: str, spoken: str, expected: tuple[str, str] | None
) -> None:
    assert contrary.opposite([a], [b], spoken) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b c", "a b c d", None),
        ("a b c", "", "it has none of the 3 sources any more"),
        ("a", "", "it has no source any more"),
        ("a b c d", "c d", None),
        ("a b c d", "d", "it lacks 3 (a, b, c) of 4 sources"),
        ("a b c d e f", "d e f", None),
        ("a b c d e f g", "e f g", "it lacks 4 (a, b, c, d) of 7 sources"),
        ("a b c d e f g h", "h x y z", "it lacks 7 (a, b, c, d, e …) of 8 sources"),
        ("", "a", None),
    ],
)  # fmt: skip
def test_half_a_config_is_asked_about(tmp_path: Path, before: str, after: str, expected: str | None) -> None:
    def having(names: str) -> Any:
        return config(
            tmp_path,
            "".join(f'[[sources]]\nid = "{n}"\nurl = "https://{n}.example/"\n' for n in names.split()),
        )

    assert sweeping(having(before), having(after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b", "", "it has none of the 2 topics any more"),
        ("a", "", None),
        ("a b c d", "d", "it lacks 3 (a, b, c) of 4 topics"),
    ],
)
def test_topics_that_vanish_are_asked_about(
    tmp_path: Path, before: str, after: str, expected: str | None
) -> None:
    def having(names: str) -> Any:
        return config(tmp_path, "".join(f'[[topics]]\nid = "{n}"\nmatch = "x"\n' for n in names.split()))

    assert sweeping(having(before), having(after)) == expected


@pytest.mark.parametrize(
    ("bound", "where", "words"),
    [
        (
            "cpu",
            "",
            'parsing took longer than 2.5 s of the CPU and was ended; a longer [poll] parse_timeout, such as "5s"',
        ),
        ("cpu", "item 3", "parsing took longer than 2.5 s of the CPU and was ended at item 3; "),
        (
            "clock",
            "",
            "parsing took longer than 15 s by the clock and was ended: the machine is busy (2.5 s of the CPU are allowed)",
        ),
        (
            "memory",
            "item 3",
            'parsing took more than 7 MB of memory at item 3; a larger [poll] parse_memory, such as "14MB"',
        ),
    ],
)
def test_B9_a_bound_says_how_to_raise_it(bound: Any, where: str, words: str) -> None:
    found = bounds.failure(bound, Limits(parse_seconds=2.5, parse_memory=7_000_000), where)
    assert found.kind == "parse" and found.detail.startswith(words)


def test_an_item_is_named_for_people() -> None:
    assert bounds.named(3, None) == bounds.named(3, " ") == "item 3"
    assert bounds.named(3, "x" * 61) == f"item 3 “{'x' * 59}…”"


def foreign(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE a (b)")
    conn.close()


def newer(path: Path) -> None:
    with open_writer(path):
        pass
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA user_version = 9999")
    conn.close()


def marked(path: Path) -> None:
    with open_writer(path):
        pass
    trouble.mark_damaged(path, "row 5 missing")


def scribbled(path: Path) -> None:
    marked(path)
    trouble.damage_mark(path).write_bytes(b"\xff\xfe\0")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("empty", lambda path: path.touch(), "t.db: is empty, which ours never is; restore a backup"),
        (
            "a folder",
            lambda path: path.mkdir(),
            "t.db: is not a file; service.database names the database file",
        ),
        ("a pipe", lambda path: os.mkfifo(path), "t.db: is not a file"),
        (
            "a link to nowhere",
            lambda path: path.symlink_to("gone.db"),
            "t.db: is a link to gone.db, which is not there",
        ),
        (
            "a text",
            lambda path: path.write_text("no database " * 100),
            "t.db: is not a database|t.db: .*not a database",
        ),
        (
            "of another program",
            foreign,
            "t.db: is a database of another program; choose another service.database",
        ),
        (
            "of a newer one",
            newer,
            r"t.db: was written by a newer aggregator \(schema 9999, this one knows \d+\); update the program",
        ),
        ("damaged, and so is what says so", scribbled, "t.db: is damaged, as a check found"),
        (
            "found to be damaged",
            marked,
            r"t.db: is damaged, as a check found \(row 5 missing\); restore a backup",
        ),
    ],
)
def test_what_is_no_database_of_ours_is_neither_read_nor_written(
    tmp_path: Path, name: str, make: Any, words: str
) -> None:
    path = tmp_path / "t.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for opened in (open_reader, open_writer):
        with pytest.raises(StoreError, match=words):
            opened(path)
    assert before is None or path.read_bytes() == before, name


def test_one_writer_and_one_daemon_at_a_time(tmp_path: Path) -> None:
    path, asked = tmp_path / "t.db", list[int]()
    with open_writer(path):
        with pytest.raises(LockedError, match="another cycle is running on this database; this one leaves"):
            open_writer(path)
        with pytest.raises(LockedError, match=r"has been running on this database for 0\.01 s and more; try"):
            acquire(path, 0.01, lambda: asked.append(1))
    assert asked == [1]
    acquire(path).release()
    lock = daemon_lock(path)
    with pytest.raises(LockedError, match="another daemon works on this database"):
        daemon_lock(path)
    lock.release()
    daemon_lock(path).release()


def test_a_copy_is_whole_and_what_it_replaces_is_kept(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.db", tmp_path / "copy.db"
    with open_writer(path) as store:
        put(store, entry("a", "1", "One"))
        upkeep.backup(store, copy)
        put(store, entry("a", "2", "Two"))
    assert upkeep.damage(copy) is None and not list(tmp_path.glob(".copy*"))
    trouble.mark_damaged(path, "x")
    assert upkeep.restore(path, copy) == tmp_path / "t.db.replaced-1"
    with open_reader(path) as reader:
        assert reader.column("SELECT title FROM entry") == ["One"]
    assert upkeep.restore(path, tmp_path / "t.db.replaced-1") == tmp_path / "t.db.replaced-2"
    with open_reader(path) as reader:
        assert reader.column("SELECT title FROM entry ORDER BY id") == ["One", "Two"]
    assert upkeep.restore(tmp_path / "new" / "n.db", copy) is None, "nothing was there"
    with open_writer(path), pytest.raises(LockedError):
        upkeep.restore(path, copy)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("nothing", lambda path: None, "is not a file"),
        ("a folder", lambda path: path.mkdir(), "is not a file"),
        ("a text", lambda path: path.write_text("x" * 2000), "file is not a database"),
        ("of another program", foreign, "it is a database of another program"),
        ("empty", lambda path: path.touch(), "it is a database of another program"),
    ],
)  # fmt: skip
def test_a_copy_that_is_none_is_told_so(tmp_path: Path, name: str, make: Any, words: str) -> None:
    make(tmp_path / "t.db")
    assert upkeep.damage(tmp_path / "t.db") == words, name


def test_rows_that_point_to_nothing_are_found(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    conn = sqlite3.connect(path)
    conn.executescript(
        f"PRAGMA application_id = {APPLICATION_ID}; CREATE TABLE a (id INTEGER PRIMARY KEY);"
        "CREATE TABLE b (a REFERENCES a (id)); INSERT INTO b VALUES (5);"
    )
    conn.close()
    assert upkeep.damage(path) == "rows that point to nothing"


def test_P12_hosts_are_held_left_alone_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = schedule.Hosts[str](per_host=2, gap=1.0)
    for name in ("a1", "a2", "a3", "a4"):
        hosts.add(name, "a")
    hosts.add("first", "a", first=True)
    hosts.add("file", None)
    assert hosts.next_at == 0.0 and hosts.ready(0.0, 1) == ["file"] and hosts.ready(0.0, 1) == ["first"]
    assert hosts.next_at == 1.0 and hosts.ready(0.9, 9) == [] and hosts.ready(1.0, 9) == ["a1"]
    assert hosts.next_at == float("inf"), "two are in flight"
    assert (
        hosts.along("a", 2) == ["a2", "a3"] and hosts.along("a", 9) == ["a4"] and hosts.along(None, 9) == []
    )
    assert hosts.along("a", 9) == [] and not hosts.waiting
    hosts.add("a5", "a")
    hosts.finished("a", 2.0)
    hosts.hold("a", 50.0)
    assert hosts.next_at == 50.0 and hosts.ready(49.9, 9) == [] and hosts.ready(50.0, 9) == ["a5"]
    hosts.finished("nobody", 50.0)
    hosts.add("a6", "a")
    hosts.clear()
    assert not hosts.waiting and hosts.next_at == float("inf")
    monkeypatch.setattr(schedule, "REMEMBERED", 1)
    hosts.limit(1, 10.0)
    for name in ("b", "c"):
        hosts.add(name, name)
    assert hosts.ready(60.0, 9) == ["b", "c"]
    hosts.finished("b", 60.0)
    hosts.finished("c", 80.0)
    hosts.add("b2", "b")
    assert hosts.ready(80.0, 9) == ["b2"], "long ago: it was forgotten, and is asked at once"


@pytest.mark.parametrize(
    ("asked", "to", "adopted"),
    [
        ("http://a.example/f", "https://a.example/f", True),
        ("http://a.example", "https://a.example/", True),
        ("http://a.example:80/f", "https://a.example:443/f", True),
        ("http://a.example/f?x=1", "https://a.example/f?x=1", True),
        ("http://a.example:8080/f", "https://a.example/f", False),
        ("http://a.example/f", "https://a.example:8443/f", False),
        ("http://a.example/f", "https://www.a.example/f", False),
        ("http://a.example/f", "https://a.example/g", False),
        ("http://a.example/f?x=1", "https://a.example/f", False),
        ("https://a.example/f", "http://a.example/f", False),
        ("http://a.example:x/f", "https://a.example/f", False),
    ],
)  # fmt: skip
def test_P16_only_the_same_address_made_safe_is_believed_at_once(asked: str, to: str, adopted: bool) -> None:
    moved = schedule.observe_move(None, to, NOW, asked, asked)
    assert moved is not None and moved.adopted is adopted and moved.url == to
