"""The command line, as scripts call it; and the daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aggregator.cli.output import _laid_out
from aggregator.cli.run import failures_in_words
from aggregator.config import edit, load
from aggregator.errors import ConfigError
from aggregator.model import Failure
from tests.hostile import Hostile
from tests.processes import Process, until

OFFLINE = 3
SHOWN = 100

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "aggregator" / "seeds" / "*.txt"


def cli(
    *arguments: str, folder: Path, code: int = 0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        check=False,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(
        f'# my desk\n[service]\ntitle = "T"\n\n[[sources]]  # the seeds\nid = "seeds"\npath = "{SEEDS}"\n\n[[topics]]\nid = "asia"\nmatch = "taiwan"\n'
    )
    return tmp_path


def test_init_check_run_dump_why_search(tmp_path: Path) -> None:
    cli("init", "desk", folder=tmp_path)
    desk = tmp_path / "desk"
    text = (desk / "config.toml").read_text()
    (desk / "config.toml").write_text(
        text[: text.index('[[sources]]\nid       = "bbc-world"')]
        + text[
            text.index(
                "# ----------------------------------------------------------------",
                text.index("nyt-politics"),
            ) :
        ].replace('topics = ["us-politics"]', "")
    )
    cli("check", folder=desk)
    assert "exists already" in cli("init", ".", folder=desk, code=2).stderr
    report = json.loads(cli("run", "--json", folder=desk).stdout)
    assert (
        report["entries"] == {"new": 17, "updated": 0}
        and report["sources"]["due"] == 1
        and "all.rss" in report["files"]["written"]
    )
    assert set(report) == {
        "started",
        "seconds",
        "sources",
        "entries",
        "stories",
        "events",
        "files",
        "failures",
    }
    lines = [json.loads(line) for line in cli("dump", folder=desk).stdout.splitlines()]
    whole = [json.loads(line) for line in cli("dump", "--raw", folder=desk).stdout.splitlines()]
    assert all(one["raw"] for one in whole) and [one | {"raw": 0} for one in lines] == [
        one | {"raw": 0} for one in whole
    ]
    assert len(lines) == 17 and set(lines[0]) == {
        "entry",
        "source",
        "guid",
        "link",
        "title",
        "published",
        "first_seen",
        "story",
        "event",
        "level",
        "topics",
    }
    assert all(line["topics"] for line in lines)
    why = json.loads(cli("why", lines[0]["entry"], "--json", folder=desk).stdout)
    assert why["story"] == lines[0]["story"] and why["topics"][0]["rule"].startswith("match: ")
    assert len(cli("search", "honduras", folder=desk).stdout.splitlines()) == 4
    assert cli("search", "honduras", "--format", "atom", folder=desk).stdout.startswith("<?xml")
    assert "at character 1" in cli("search", '"', folder=desk, code=2).stderr
    assert "no stored entry" in cli("why", "nothing", folder=desk, code=2).stderr
    assert cli("run", "-q", folder=desk).stderr == "" and cli("run", folder=desk).stderr == "", (
        "silence in cron"
    )
    cli("backup", "copy.db", folder=desk)
    cli("restore", "copy.db", folder=desk)
    cli("refold", folder=desk)
    cli("prune", folder=desk)
    assert json.loads(cli("doctor", "--json", folder=desk).stdout)
    assert "folds" in cli("plan", folder=desk).stdout
    assert [line["story"] for line in map(json.loads, cli("dump", folder=desk).stdout.splitlines())] == [
        line["story"] for line in lines
    ]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("syntax", "[service\n", "config.toml:1:"),
        (
            "unknown key",
            "[poll]\nintervall = '5m'\n",
            "config.toml:2: poll.intervall: unknown key; did you mean `interval`?",
        ),
        (
            "bad duration",
            "[poll]\ninterval = 'soon'\n",
            'config.toml:2: poll.interval: "soon" is not a duration such as "30m"',
        ),
        (
            "unknown topic",
            "[[sources]]\nurl = 'https://a.example/'\ntopics = ['wrold']\n[[topics]]\nid = 'world'\n",
            'config.toml:3: sources[0].topics: "wrold" is no topic of this file; did you mean "world"?',
        ),
        ("duplicate id", "[[topics]]\nid = 'a'\n[[topics]]\nid = 'a'\n", "config.toml:4: topics[1].id"),
        ("reserved", "[[topics]]\nid = 'all'\n", "reserved"),
        ("S17 bad id", "[[topics]]\nid = 'A b'\n", "is no id"),
        ("bad query", "[[topics]]\nid = 'a'\nmatch = 'x OR'\n", "topics[0].match: at character 5"),
        ("both", "[[sources]]\nurl = 'https://a.example/'\npath = 'x'\n", "both `url` and `path`"),
        ("S1 scheme", "[[sources]]\nurl = 'file:///etc/passwd'\n", "only http and https"),
        ("secret", "[[sources]]\nurl = 'https://u:p@a.example/'\n", "env:NAME"),
        (
            "environment",
            "[[sources]]\nurl = 'https://a.example/'\nheaders = { Authorization = 'env:NOT_SET_HERE' }\n",
            "NOT_SET_HERE is not set",
        ),
        (
            "S21 header",
            "[[sources]]\nurl = 'https://a.example/'\nheaders = { X = \"a\\r\\nB: c\" }\n",
            "no line ends",
        ),
        ("no TOML", "[service]\ntitle =\n", "config.toml:2: no value: text stands in straight quotes"),
        (
            "open quote",
            '[service]\ntitle = "x\n',
            "config.toml:2: a quote is missing at the end of this line",
        ),
        ("bare duration", "[poll]\ninterval = 30m\n", 'text stands in straight quotes ("30m")'),
        ("no key", "[poll]\n= 3\n", "config.toml:2: expected key = value, or [section]"),
        (
            "blank in a key",
            "[poll]\nper host = 3\n",
            "config.toml:2: expected key = value; a key has no blanks",
        ),
        ("twice", "[service]\n[service]\n", "config.toml:2: [service] is there twice"),
        ("key twice", "[poll]\nper_host = 1\nper_host = 2\n", "config.toml:3: per_host is there twice"),
        (
            "quoted key twice",
            '[poll]\nper_host = 1\n"per_host" = 2\n',
            "config.toml:3: per_host is there twice",
        ),
        (
            "a key within, twice",
            "[fold]\ntext = { window = '7d', window = '8d' }\n",
            "2: window is there twice",
        ),
        ("dots, twice", "poll.per_host = 1\npoll.per_host = 2\n", "2: poll.per_host is there twice"),
        ("a key and a section", "[poll]\nper_host = 1\n[poll.per_host]\n", "3: poll.per_host is there twice"),
        ("a list and sections", "sources = []\n[[sources]]\nid = 'a'\n", "2: [sources] is there twice"),
        ("a comma at the end", "[fold]\ntext = { window = '7d', }\n", "2: a key is expected here: no comma"),
        (
            "a table of two lines",
            "[fold]\ntext = {\nwindow = '7d' }\n",
            "2: a key is expected here: no comma",
        ),
        ("no comma in a list", "[publish]\nformats = ['rss' 'atom']\n", "2: a comma or ] is missing"),
        ("no comma in a table", "[fold]\ntext = { window = '7d' x = 1 }\n", "2: a comma or } is missing"),
        ("an empty open list", "x = [", "a value, or the ] of a list, is missing (at the end of the file)"),
        ("an open list", "[publish]\nformats = ['rss'\n", "a comma or ] is missing (at the end of the file)"),
        ("an open section", "[publish\n", "config.toml:1: a ] is missing"),
        ("open sections", "[[sources]\n", "config.toml:1: ]] is missing"),
        ("an open text", '[service]\ntitle = """x\n', "a quote is missing (at the end of the file)"),
        ("an open apostrophe", "[service]\ntitle = 'x", "a quote is missing (at the end of the file)"),
        (
            "one for many",
            "[sources]\nid = 'a'\n",
            "config.toml:1: sources: there may be several: write [[sources]]",
        ),
        ("no table", "service = 3\n", "config.toml:1: service: 3: expected a table\n"),
        ("no number", "[serve]\nport = '80'\n", 'config.toml:2: serve.port: "80": expected a whole number\n'),
        ("too small", "[publish]\nlimit = 0\n", "config.toml:2: publish.limit: 0: expected 1 or more\n"),
        ("no format", "[publish]\nformats = []\n", "config.toml:2: publish.formats: is empty\n"),
        ("no time", "[poll]\ntimeout = '0s'\n", "config.toml:2: poll.timeout: "),
        (
            "a million years",
            "[retention]\nentries = '999999w'\n",
            'config.toml:2: retention.entries: "999999w" is longer than a hundred years\n',
        ),
        (
            "bad size",
            "[poll]\nmax_bytes = '10 megabytes'\n",
            'config.toml:2: poll.max_bytes: "10 megabytes" is not a size such as "10MB"\n',
        ),
        ("level", "[fold]\ntext = '7d'\n", 'config.toml:2: fold.text: expected { window = "7d" } or false\n'),
        (
            "key of a level",
            "[fold]\ntext = { window = '7' }\n",
            'config.toml:2: fold.text.window: "7" is not a duration such as "30m"\n',
        ),
        ("port", "[poll]\nallow_hosts = ['x:99999']\n", '"x:99999" (number 1) is no "host:port"'),
        ("nowhere", "[[sources]]\npath = ''\n", 'config.toml:2: sources[0].path: "": is empty\n'),
        (
            "neither",
            "[[sources]]\nid = 'a'\n",
            "config.toml:1: sources[0]: needs `url` (a feed) or `path` (a local file)\n",
        ),
        (
            "unset address",
            "[[sources]]\nurl = 'env:NOT_SET_HERE'\n",
            "config.toml:2: sources[0].url: the environment variable NOT_SET_HERE is not set\n",
        ),
        (
            "array in a table",
            "[[topics]]\nid = 'a'\n\n  [[topics.foo]]\nx = 1\n",
            "config.toml:4: topics[0].foo: unknown key",
        ),
        ("query in a folder", "[service]\nbase_url = 'https://a.example/?x'\n", "without ? and #"),
        (
            "open to all",
            "[service]\noutput = 'pub'\ndatabase = 'pub/x.db'\n",
            "config.toml:3: service.database: lies in the output folder",
        ),
        (
            "two at once",
            "[poll]\ninterval = 'x'\ntimeout = 5\n",
            "config.toml:3: poll.timeout: 5 is not a duration",
        ),
    ],
)
def test_errors_of_the_config(tmp_path: Path, name: str, body: str, words: str) -> None:
    (tmp_path / "config.toml").write_text(body)
    done = cli("check", folder=tmp_path, code=2)
    assert words in done.stderr and "Traceback" not in done.stderr, name
    assert len(done.stderr.splitlines()) == (2 if name == "two at once" else 1), "a line for each problem"


@pytest.mark.parametrize(
    ("body", "number"), [(b"\xff\xfe[service]\n", 1), (b'[service]\ntitle = "caf\xe9"\n', 2)]
)
def test_a_config_that_is_not_utf_8(tmp_path: Path, body: bytes, number: int) -> None:
    (tmp_path / "config.toml").write_bytes(body)
    assert (
        cli("check", folder=tmp_path, code=2).stderr
        == f"config.toml:{number}: is not UTF-8; save the file as UTF-8\n"
    )


def test_an_empty_config_is_a_config(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"")
    assert "0 sources" in cli("check", folder=tmp_path).stderr
    cli("run", folder=tmp_path)
    assert (tmp_path / "var" / "public" / "all.atom").exists()


def test_a_config_with_bom_and_windows_line_ends(desk: Path) -> None:
    path = desk / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    cli("check", folder=desk)
    edit.add_source(path, {"url": "https://www.b.example/feed", "title": "B"})
    data = path.read_bytes()
    assert (
        data.startswith(b"\xef\xbb\xbf")
        and b"\r\n" in data
        and b"\n" not in data.replace(b"\r\n", b"")
        and b"# the seeds" in data
    )
    assert [source.id for source in load(path, {}).sources] == ["seeds", "b-example"]


def test_sources_are_added_behind_the_others_even_at_an_unfinished_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[service]\ntitle = "T"\nbase_url = "https://x.example/"\n'
        '[[sources]]\nid = "a"\nurl = "https://a.example/"\n[[topics]]\nid = "t"\nmatch = "x"'
    )
    found = [{"url": f"https://{name}.example/", "title": f'"{name}" \\ \x7f'} for name in ("b", "c")]
    assert edit.add_sources(path, found, [("new", "New")]) == ["b-example", "c-example"]
    made = load(path, {})
    assert [source.url for source in made.sources] == [f"https://{name}.example/" for name in "abc"]
    assert [topic.id for topic in made.topics] == ["t", "new"]
    assert path.read_text().index("c-example") < path.read_text().index("[[topics]]")


def test_sources_are_edited_in_place(desk: Path) -> None:
    path = desk / "config.toml"
    before = path.read_text()
    assert edit.add_source(path, {"url": "https://x.example/feed", "topics": ["asia"]}) == "x-example"
    with pytest.raises(ConfigError):
        edit.add_source(path, {"url": "https://y.example/feed", "topics": ["nope"]})
    cli("sources", "remove", "x-example", folder=desk)
    assert path.read_text().rstrip() == before.rstrip() and not list(desk.glob(".config*"))
    (desk / "in.opml").write_text(
        '<opml version="2.0"><body><outline text="Asia"><outline text="A" xmlUrl="https://a.example/rss" type="rss"/></outline><outline xmlUrl="file:///x"/></body></opml>'
    )
    assert "1 source added" in cli("sources", "import", "in.opml", folder=desk).stderr
    assert load(path, {}).sources[-1].topics == ("asia",), "a folder named like a topic"
    assert 'xmlUrl="https://a.example/rss"' in cli("sources", "export", folder=desk).stdout
    (desk / "bad.opml").write_text('<!DOCTYPE opml [<!ENTITY x "y">]><opml/>')
    assert "DTD" in cli("sources", "import", "bad.opml", folder=desk, code=2).stderr


def test_add_finds_the_feed_of_a_site(desk: Path) -> None:
    with Hostile() as server:
        page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/plain"></head></html>'
        server.table[""] = type(server.table["plain"])(
            "",
            lambda wire, asked: wire.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page
            ),
        )
        path = desk / "config.toml"
        path.write_text(path.read_text() + f'\n[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n')
        done = cli("sources", "add", server.url(""), "--id", "found", folder=desk)
        assert "plain: 3 items" in done.stderr
        assert [source.url for source in load(path, {}).sources][-1] == server.url("plain")


def test_add_takes_an_address_as_people_type_it(desk: Path) -> None:
    """Without its beginning: https, and http where nobody answers to that."""
    (desk / "feed.xml").write_text('<rss version="2.0"><channel><title>A</title></channel></rss>')
    files = partial(SimpleHTTPRequestHandler, directory=str(desk))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        path = desk / "config.toml"
        host = f"127.0.0.1:{server.server_port}"
        path.write_text(path.read_text() + f'\n[poll]\nallow_hosts = ["{host}", "127.0.0.1:9"]\n')
        cli("sources", "add", f"{host}/feed.xml", folder=desk)
        assert load(path, {}).sources[-1].url == f"http://{host}/feed.xml"
        server.shutdown()
    said = cli("sources", "add", "127.0.0.1:9", folder=desk, code=2).stderr
    assert said.startswith("https://127.0.0.1:9: ")


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("a saved page", "<!doctype html><html><head><title>Blog</title></head><body>x</body></html>", True),
        ("stories", "Ferry sinks\n\nMuseum opens a wing\n", False),
        ("nothing yet", "", False),
    ],
)
def test_add_refuses_a_file_that_is_neither_a_feed_nor_stories(
    desk: Path, name: str, text: str, refused: bool
) -> None:
    (desk / "file.txt").write_text(text)
    before = (desk / "config.toml").read_text()
    done = cli("sources", "add", "file.txt", folder=desk, code=2 if refused else 0)
    assert ((desk / "config.toml").read_text() == before) is refused, name
    assert ("file.txt: a web page (“Blog”), not a feed" in done.stderr) is refused, name


def test_P15_a_moved_source_is_offered_as_an_edit(desk: Path) -> None:
    from aggregator.model import Redirect, Source, SourceState
    from aggregator.store import open_writer, sources

    path = desk / "config.toml"
    path.write_text(path.read_text() + "\n[[sources]]  # the old place\nurl = 'https://old.example/feed'\n")
    with open_writer(desk / "var" / "aggregator.db") as store:
        sources.remember(
            store,
            [
                (
                    Source("old-example", url="https://old.example/feed"),
                    SourceState(polled=1, moved=Redirect("https://new.example/feed", 1, 3, adopted=True)),
                )
            ],
        )
    assert "https://new.example/feed" in cli("sources", "update", folder=desk).stderr
    found = load(path, {}).sources[-1]
    assert (found.id, found.url) == (
        "old-example",
        "https://new.example/feed",
    ) and "# the old place" in path.read_text()
    assert "has not moved" in cli("sources", "update", "seeds", folder=desk, code=2).stderr
    said = cli("sources", "update", "old-exampel", folder=desk, code=2).stderr
    assert said == "old-exampel: no such source; did you mean old-example?\n"


def test_exit_3_when_every_source_failed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[[sources]]\nid = 'a'\nurl = 'http://127.0.0.1:9/x'\n")
    done = cli("run", folder=tmp_path, code=3)
    assert done.stderr.startswith("a: 127.0.0.1:9 has the address 127.0.0.1 (loopback)")


def test_exit_75_while_another_cycle_runs(desk: Path) -> None:
    cli("run", folder=desk)
    from aggregator.store import open_writer

    with open_writer(desk / "var" / "aggregator.db"):
        assert "another cycle is running" in cli("run", folder=desk, code=75).stderr


def test_a_folder_of_our_name_is_no_package_of_ours(desk: Path) -> None:
    (desk / "aggregator").mkdir()
    (desk / "json.py").write_text("raise SystemExit('not the json that was meant')")
    script = Path(sys.executable).parent / "aggregator"
    done = subprocess.run([script, "run", "--json"], capture_output=True, text=True, cwd=desk, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["entries"]["new"] == 17, done.stderr


def test_R16_what_was_cut_off_is_no_failure_of_its_source(tmp_path: Path) -> None:
    with Hostile() as server:
        (tmp_path / "config.toml").write_text(
            f'[poll]\nallow_hosts = ["127.0.0.1:{server.port}"]\n[[sources]]\nid = "slow"\nurl = "{server.url("drip-body")}"\n'
        )
        process = Process(tmp_path, "run")
        try:
            until(lambda: bool(server.asked("drip-body")), "it polls")
            time.sleep(0.3)
            process.send(signal.SIGTERM)
            assert (process.wait(), process.said) == (0, "")
        finally:
            process.end()
    found = json.loads(cli("status", "--json", folder=tmp_path).stdout)["sources"][0]
    assert found["failures"] == 0 and found["state"] == "new"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "aggregator: No such command 'frobnicate'"),
        (["run", "--bogus"], "aggregator run: No such option"),
        (["search"], "aggregator search: Missing argument"),
        (["search", "x", "--limit", "0"], "--limit"),
        (["plan", "--against", "none.toml"], "none.toml"),
        (["eval", "none.jsonl"], "none.jsonl"),
        (["refold", "--since", "soon"], "--since: “soon” is no date or duration; write 2026-03-01 or 7d"),
        (["serve", "--host", "999.1.1.1"], "999.1.1.1:8080: can't be listened on"),
        (["serve", "--port", "99999"], "99999"),
        (["sources", "export", "none/x.opml"], "none/x.opml: can't be written"),
        (["sources", "import", "config.toml"], "config.toml: not an OPML file"),
        (["sources", "remove", "nope"], "no such source"),
        (["sources", "add", "ftp://x.example/"], "only http and https"),
        (["backup", "none/x.db"], "none/x.db: can't be written"),
        (["backup", "config.toml"], "exists already"),
        (["restore", "none.db"], "no such file"),
        (["restore", "config.toml"], "no usable copy"),
        (["init", "config.toml"], "config.toml"),
        (["why", "999"], "no stored entry"),
        (["split", "1"], "stands alone already"),
        (["split", "1", "--undo"], "was not split"),
        (["join", "1", "1"], "the same entry"),
        (["join", "1", "2", "--undo"], "were not joined"),
        (["join", "1", "2", "--level", "item"], "--level"),
        (["run", "--config", "none.toml"], "none.toml: there is no such file"),
        (["run", "--config", "x" * 300], "x: can't be read: File name too long"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_an_error_of_a_user_is_one_line_and_never_a_traceback(
    ran: Path, arguments: list[str], words: str
) -> None:
    done = cli(*arguments, folder=ran, code=2)
    assert words in done.stderr and len(done.stderr.splitlines()) == 1 and done.stdout == ""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ran")
    (folder / "config.toml").write_text(f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    cli("run", folder=folder)
    return folder


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("output = 'file/public'", "file/public: can't be written"),
        ("output = 'file'", "file: can't be written"),
        ("database = 'file/x.db'", "file: can't be made"),
        ("database = 'folder'", "folder: is not a file"),
        ("database = 'file'", "file: is damaged or no database"),
        ("database = 'empty'", "empty: is empty"),
    ],
)
def test_places_that_can_not_be_used_are_named_and_nothing_is_lost(
    tmp_path: Path, service: str, words: str
) -> None:
    (tmp_path / "file").write_text("mine " * 400)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "one.txt").write_text("A headline of today\n")
    (tmp_path / "config.toml").write_text(
        f"[service]\n{service}\n[[sources]]\nid = 'one'\npath = 'one.txt'\n"
    )
    done = cli("run", folder=tmp_path, code=2)
    assert (
        words in done.stderr
        and len(done.stderr.splitlines()) == 1
        and (tmp_path / "file").read_text() == "mine " * 400
    )
    (tmp_path / "config.toml").write_text("[[sources]]\nid = 'one'\npath = 'one.txt'\n")
    cli("run", folder=tmp_path)
    cli("backup", "copy.db", folder=tmp_path)
    if service == "database = 'file/x.db'":
        (tmp_path / "bad.toml").write_text(f"[service]\n{service}\n")
        assert (
            "file: can't be made"
            in cli("restore", "copy.db", "--config", "bad.toml", folder=tmp_path, code=2).stderr
        )
    assert (
        len(cli("dump", folder=tmp_path).stdout.splitlines()) == 1
        and "A headline of today" in (tmp_path / "var" / "public" / "all.atom").read_text()
    )


def test_each_bad_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    files = {
        "a.txt": b"One headline\n",
        "b.txt": "Caf\u00e9 closes\n".encode("latin-1"),
        "c.txt": b"",
        "d.txt": b"\x89PNG\r\n\x1a\n\x00",
        "e.txt": b"<html><body>x</body></html>",
        "f.txt": b"<rss version='2.0'><channel><title>F</title><item><title>In a feed</title><guid>1</guid></item></channel></rss>",
        "g.txt": b'{"version":"https://jsonfeed.org/version/1.1","title":"G","items":[{"id":"1","title":"In JSON"}]}',
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "config.toml").write_text(
        "[[sources]]\nid = 'all-of-them'\npath = '*.txt'\n[[sources]]\nid = 'none'\npath = 'x*.txt'\n[[sources]]\nid = 'folder'\npath = '.'\n"
    )
    lines = cli("run", folder=tmp_path).stderr.splitlines()
    assert [line.split(": ")[1] for line in lines if line.startswith("all-of-them")] == [
        "b.txt:1",
        "c.txt",
        "d.txt",
        "e.txt",
    ]
    assert any(line.startswith("none: ") and "there is no such file" in line for line in lines) and any(
        line.startswith("folder: ") and "is a folder" in line for line in lines
    )
    assert {json.loads(line)["title"] for line in cli("dump", folder=tmp_path).stdout.splitlines()} == {
        "One headline",
        "In a feed",
        "In JSON",
    }


def test_a_table_can_be_read_at_80_columns() -> None:
    columns, row = (
        ("source", "state", "last success", "last new", "failures", "next poll", "why then"),
        (
            "bbc-latin-america",
            "failing",
            "never",
            "never",
            "2",
            "in 1.2 h",
            "feeds.example: the name is not known",
        ),
    )
    narrow = [line.plain for line in _laid_out(columns, [row], 80, wrap=True)]
    assert (
        narrow[1:]
        == [
            "bbc-latin-america  failing  never         never     2         in 1.2 h",
            "    feeds.example: the name is not known",
        ]
        and max(map(len, narrow)) <= 80
    )
    wide = [line.plain for line in _laid_out(columns, [row], 120, wrap=True)]
    assert (
        len(wide) == 2
        and wide[1].endswith(row[-1])
        and wide[0].index("why then") == wide[1].index("feeds.example")
    )
    found = [
        line.plain
        for line in _laid_out(
            ("entry", "published", "source", "title"),
            [("1", "2026-11-24 20:22", "s" * 99, "東京" * 40), ("2", "2026-11-24 20:22", "S", "short")],
            80,
            wrap=False,
        )
    ]
    assert (
        all("2026-11-24 20:22" in line for line in found[1:])
        and found[1].endswith("…")
        and found[2].endswith("short")
    )


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 23, 24])
@pytest.mark.parametrize("wrap", [True, False])
def test_a_table_is_printed_however_narrow_the_terminal_is(width: int, wrap: bool) -> None:
    rows = [("a", "ok", "never polled yet"), ("b", "failing", ""), ("c", "failing", "東京")]
    found = [line.plain for line in _laid_out(("source", "state", "why"), rows, width, wrap=wrap)]
    assert found[0].split()[0] == "source"
    assert [line for line in found if line.startswith(("a ", "b ", "c "))] != []


def test_eval_without_a_file_ends_with_the_input(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(
        "Honduras election turmoil deepens as Nasralla alleges fraud\nHonduras election turmoil intensifies as Nasralla blames fraud\n"
    )
    (tmp_path / "config.toml").write_text("[[sources]]\nid = 's'\npath = 's.txt'\n")
    cli("run", folder=tmp_path)
    assert cli("eval", folder=tmp_path).stdout == ""


def test_a_full_disk_under_the_output_is_one_line(desk: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    cli("run", folder=desk)
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "aggregator", "dump"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=desk, env=env, check=False
        )
        nowhere = subprocess.run(command, stdout=full, stderr=full, cwd=desk, env=env, check=False)
    advice = "the output: can't be written: No space left on device; make room and run it again\n"
    assert done.returncode == 2 and done.stderr == advice
    assert nowhere.returncode == 2


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "koi8-r"])
def test_what_an_encoding_has_no_sign_for_is_escaped(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "one.txt").write_text("Łódź meets 東京 today\n", encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text("[[sources]]\nid = 'one'\npath = 'one.txt'\n")
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    call = [sys.executable, "-m", "aggregator", "--config", str(path)]
    for words in (["run"], ["dump"], ["search", "today"], ["status"]):
        done = subprocess.run([*call, *words], env=env, capture_output=True)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), words
        if words == ["dump"]:
            said = done.stdout.decode("utf-8" if encoding == "ascii" else encoding)
            assert json.loads(said)["title"] == "Łódź meets 東京 today"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_as_empty_ones(desk: Path, closed: str) -> None:
    """What is opened next may not take their places: nothing is printed into the database."""
    command = f"{sys.executable} -m aggregator"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for words in ("run --verbose", "search taiwan", "status", "nonsense"):
        done = subprocess.run(
            f"{command} {words} {closed}", shell=True, cwd=desk, env=env, capture_output=True
        )
        assert (done.returncode, b"Traceback" in done.stderr) == (2 if words == "nonsense" else 0, False), (
            words
        )
    assert "is sound" in cli("doctor", folder=desk).stdout


@pytest.mark.parametrize(
    ("before", "loaded", "called"),
    [
        ("default_int_handler", "SIG_DFL", "default_int_handler"),
        ("SIG_IGN", "SIG_IGN", "SIG_IGN"),  # of a shell's job in the background
    ],
)
def test_an_interruption_while_modules_are_loaded_ends_it_without_a_traceback(
    before: str, loaded: str, called: str
) -> None:
    program = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.{before})
from aggregator.__main__ import main
print(signal.getsignal(signal.SIGINT) is signal.{loaded}, flush=True)
sys.argv = ["aggregator", "--version"]
try:
    main()
finally:
    print(signal.getsignal(signal.SIGINT) is signal.{called})
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stdout.split("\n")[0] == "True" and done.stdout.endswith("True\n"), done.stdout


def test_unknown_things_are_usage_errors(desk: Path) -> None:
    cli("frobnicate", folder=desk, code=2)
    cli("run", "--source", "nope", folder=desk, code=2)
    assert "no such file" in cli("run", "--config", "none.toml", folder=desk, code=2).stderr


def test_eval_measures_a_labelled_file(desk: Path) -> None:
    rows = [
        {
            "id": "1",
            "title": "Quake hits Chile coast, four dead",
            "summary": "A strong quake.",
            "story": "a",
            "event": "e",
        },
        {
            "id": "2",
            "title": "Quake hits Chile coast, four dead",
            "summary": "A strong quake.",
            "story": "a",
            "event": "e",
        },
        {
            "id": "3",
            "title": "Rates unchanged, says central bank",
            "summary": "Inflation falls.",
            "story": "b",
            "event": "f",
        },
    ]
    (desk / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = json.loads(cli("eval", "gold.jsonl", "--json", folder=desk).stdout)
    assert [(one["level"], one["f1"]) for one in found] == [("text", 1.0), ("event", 1.0)]


def test_eval_tells_which_pairs_are_not_as_wanted(desk: Path) -> None:
    columns = "kind\tlang\ttitle_a\tsummary_a\ttitle_b\tsummary_b\tsame_source\ttext\tevent"
    quake, rates = "Quake hits Chile coast, four dead", "Rates unchanged, says central bank"
    rows = [
        f"copy\ten\t{quake}\t\t{quake}\t\t0\tsame\tsame",
        f"wrong\ten\t{quake}\t\t{rates}\t\t0\tdifferent\tsame",
    ]
    (desk / "pairs.tsv").write_text("\n".join([columns, *rows, ""]))
    assert cli("eval", "pairs.tsv", folder=desk).stdout.splitlines() == [
        f"wrong (en): event different, should be same: {quake} / {rates}",
        "1 of 2 pairs as wanted",
    ]
    assert [one["wrong"] for one in json.loads(cli("eval", "pairs.tsv", "--json", folder=desk).stdout)] == [
        [],
        ["event"],
    ]
    (desk / "pairs.tsv").write_text("\n".join([columns, rows[0].replace("same", "alike"), ""]))
    assert "expected same, different or any" in cli("eval", "pairs.tsv", folder=desk, code=2).stderr
    (desk / "pairs.tsv").write_text("kind\tlang\na\tb\n")
    assert "has no column event" in cli("eval", "pairs.tsv", folder=desk, code=2).stderr


def test_eval_names_the_line_that_it_can_not_read(desk: Path) -> None:
    for bad in (b'{"title": "\xff"}', b"nonsense", b"[" * 100_000):
        (desk / "gold.jsonl").write_bytes(b'{"title": "a", "story": "b"}\n' + bad + b"\n")
        said = cli("eval", "gold.jsonl", folder=desk, code=2).stderr
        assert "gold.jsonl:2: is no JSON" in said and len(said.splitlines()) == 1


def test_R16_the_daemon_serves_reloads_and_ends(desk: Path) -> None:
    path, feed = desk / "config.toml", desk / "var" / "public" / "all.atom"
    path.write_text(path.read_text() + "\n[serve]\nport = 0\n")
    process = Process(desk, "--config", str(path), "daemon", "--tick", "1")
    try:
        until(feed.exists, "it publishes")
        path.write_text(path.read_text().replace('title = "T"', 'title = "Renamed"'))
        process.send(signal.SIGHUP)
        until(lambda: b"Renamed" in feed.read_bytes(), "the changed config is taken over")
        started = time.monotonic()
        process.send(signal.SIGTERM)
        assert process.wait() == 0 and time.monotonic() - started < 20
        assert "serving" in process.said
    finally:
        process.end()


@pytest.mark.parametrize(
    ("kinds", "lines"),
    [
        (["dns"] * OFFLINE, ["none of the names of 3 sources is known: is this machine online?"]),
        (["dns"] * (OFFLINE - 1), ["s000: dns", "s001: dns"]),
        (["dns", "dns", "timeout"], ["s000: dns", "s001: dns", "s002: timeout"]),
        (["x"] * SHOWN, [f"s{n:03}: x" for n in range(SHOWN)]),
        ([], []),
        (
            ["x"] * (SHOWN + 1),
            [
                *(f"s{n:03}: x" for n in range(SHOWN)),
                "… and 1 more source failed; `aggregator status` shows all",
            ],
        ),
    ],
)
def test_failures_of_a_cycle_in_words(kinds: list[str], lines: list[str]) -> None:
    assert failures_in_words([(f"s{n:03}", Failure(kind, kind)) for n, kind in enumerate(kinds)]) == lines
