"""What a start costs: a command loads what it needs, a cycle with nothing to do next to nothing."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from aggregator import cycle
from aggregator.config import Config, quick
from aggregator.config.model import File
from aggregator.cycle import Wanted, due, turn
from aggregator.publish import Folder
from aggregator.store import Store, open_writer, unpublished
from aggregator.store.lock import Lock
from tests.helpers import NOW, config, entry, put

ROOT = Path(__file__).parent.parent
DEAR = {
    "feedparser",
    "lxml",
    "requests",
    "rich",
    "pydantic",
    "sqlite_utils",
    "jinja2",
    "pebble",
    "feedgen",
    "nh3",
    "urllib3",
    "ctypes",
    "difflib",
    "logging",
}
LOADED = """
import sys
from aggregator.cli import main
try:
    main()
except SystemExit as end:
    print(sorted(set(sys.modules) & {dear!r}), end.code)
"""


def loaded(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(dear=DEAR), *arguments],
        capture_output=True, text=True, cwd=folder, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()[-1]


TERMINATED = """
import atexit, os, signal, sys
from aggregator import cli
terminate = lambda: os.kill(os.getpid(), signal.SIGTERM)
when, *sys.argv = sys.argv[1:]
if when == "early":
    cli._called = terminate
else:
    cli._called = lambda: 0
    atexit.register(terminate)
cli.main()
"""


@pytest.mark.parametrize(
    ("name", "when", "command", "expected"),
    [
        ("a cycle that has not begun", "early", "run", 0),
        ("a daemon that has not begun", "early", "daemon", 0),
        ("another command ends as signals end one", "early", "dump", 143),
        ("a cycle that is done", "late", "run", 0),
        ("another command that is done", "late", "dump", 0),
    ],
)
def test_R16_a_signal_before_or_behind_all_work(name: str, when: str, command: str, expected: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TERMINATED, when, "aggregator", command],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (expected, ""), name


def test_a_cycle_with_nothing_due_and_the_help_load_nothing_dear(tmp_path: Path) -> None:
    config(
        tmp_path,
        '[[sources]]\nid = "far"\nurl = "http://192.0.2.1/feed"\n[[topics]]\nid = "t"\nmatch = "x"\n',
    )
    settings = config(tmp_path, '[[topics]]\nid = "t"\nmatch = "x"\n')
    with open_writer(settings.database) as opened:
        cycle.run(settings, opened, Wanted(), NOW)
    assert loaded(tmp_path, "--help") == "[] 0"
    with open_writer(settings.database) as opened:
        opened.set_meta("pruned", str(int(time.time())))
    assert loaded(tmp_path, "run", "--json") == "[] 0"


GARBAGE = """
import gc
{before}
def looks():
    return sum(one["collections"] for one in gc.get_stats())
begun, threshold = looks(), gc.get_threshold()
from aggregator.__main__ import main
try:
    main()
except SystemExit as end:
    print(looks() - begun < 3, gc.get_freeze_count() > 0, gc.get_threshold() == threshold, end.code)
"""


@pytest.mark.parametrize(
    ("name", "before", "same"),
    [("as Python comes", "", False), ("whoever called us sees to it", "gc.disable()", True)],
)
def test_nobody_looks_for_garbage_while_modules_are_loaded_nor_at_the_end(
    name: str, before: str, same: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GARBAGE.format(before=before), "--version"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines()[-1] == f"True True {same} 0", (name, done.stdout, done.stderr)


def test_a_cycle_in_which_nothing_changed_loads_no_parser_and_no_renderer(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>N</title><item><title>One</title></item></channel></rss>"
    )
    settings = config(tmp_path, '[[sources]]\nid = "n"\npath = "feed.xml"\n')
    with open_writer(settings.database) as opened:
        assert cycle.run(settings, opened, Wanted(), NOW).collected.new == 1
        opened.set_meta("pruned", str(int(time.time())))
    idle = loaded(tmp_path, "run", "--json", "--all")
    assert idle.endswith("] 0") and "requests" in idle, "it polled"
    assert not [name for name in ("feedparser", "feedgen", "jinja2", "pebble") if name in idle], idle


# ---------------------------------------------------------------- nothing to do


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[tuple[Config, Store]]:
    """A store after a cycle: nothing is due, nothing waits."""
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "none/*.txt"\nenabled = false\n')
    with open_writer(settings.database) as opened:
        put(opened, entry("a", "1", "One"))
        cycle.run(settings, opened, Wanted(), NOW)
        yield settings, opened


def _an_entry(settings: Config, opened: Store) -> None:
    put(opened, entry("a", "2", "Two"))


def _an_edition(settings: Config, opened: Store) -> None:
    unpublished.mark_dirty(opened, ["all"])


def _a_debt(settings: Config, opened: Store) -> None:
    with opened.transaction() as writer:
        writer.run("INSERT INTO pending_edit SELECT id, '{}', '{}' FROM entry")


def _no_file(settings: Config, opened: Store) -> None:
    (settings.output / "all.atom").unlink()


def _no_folder(settings: Config, opened: Store) -> None:
    settings.output.rename(settings.output.with_name("elsewhere"))


def _other_rules(settings: Config, opened: Store) -> None:
    opened.set_meta("rules", "other")


def _other_look(settings: Config, opened: Store) -> None:
    opened.set_meta("printed with", "other")


WORK: list[tuple[str, Callable[[Config, Store], None] | None, int]] = [
    ("nothing", None, 0),
    ("nothing, at the end of the day", None, 86_399),
    ("retention, once a day", None, 86_400),
    ("an entry to fold", _an_entry, 0),
    ("an edition to print", _an_edition, 0),
    ("a held edit to take", _a_debt, 0),
    ("a file that is gone", _no_file, 0),
    ("a folder that is gone", _no_folder, 0),
    ("rules of another config", _other_rules, 0),
    ("pages of another design", _other_look, 0),
]


@pytest.mark.parametrize(("name", "change", "later"), WORK, ids=[name for name, *_ in WORK])
def test_nothing_to_do_is_told_from_anything(
    idle: tuple[Config, Store], name: str, change: Callable[[Config, Store], None] | None, later: int
) -> None:
    settings, opened = idle
    if change is not None:
        change(settings, opened)
    assert due.nothing(settings, opened, None, NOW + later) == name.startswith("nothing")


def test_a_source_that_is_due_and_a_dead_mans_switch_are_something_to_do(tmp_path: Path) -> None:
    source = '[[sources]]\nid = "a"\npath = "a.txt"\n'
    (tmp_path / "a.txt").write_text("One thing happened\n")
    settings = config(tmp_path, source)
    with open_writer(settings.database) as opened:
        cycle.run(settings, opened, Wanted(), NOW)
        assert due.nothing(settings, opened, None, NOW) and not due.nothing(settings, opened, Wanted(), NOW)
        watched = config(tmp_path, source, 'ping_url = "http://127.0.0.1:9/"')
        assert not due.nothing(watched, opened, None, NOW)


def test_a_cycle_with_nothing_to_do_counts_the_files_that_are_there(idle: tuple[Config, Store]) -> None:
    settings, opened = idle
    report = turn.run(settings, opened, Wanted(), NOW + 1)
    assert report.written.unchanged == len(Folder(settings.output).names()) > 0
    assert (report.written.written, report.collected.due, report.all_failed) == ((), 0, False)


# ---------------------------------------------------------------- the config without pydantic


def _plain(value: Any) -> Any:
    if isinstance(value, SimpleNamespace):
        return {name: _plain(one) for name, one in vars(value).items()}
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    return [_plain(one) for one in value] if isinstance(value, list) else value


GOOD = [
    "",
    '[service]\ntitle = "T"\n[poll]\ninterval = "5 m"\nmax_bytes = "1.5mb"\nconcurrency = 256\n',
    '[fold]\ntext = false\nevent = { window = "2h" }\nlead = "longest"\n[serve]\nport = 0\n',
    '[[sources]]\nurl = "http://a.example/"\nheaders = { A = "b" }\npriority = -1000\n[[sources]]\npath = "x"\nenabled = false\n',
    '[[topics]]\nid = "a"\nlimit = 1000\none_per = "event"\n[publish]\nformats = ["rss"]\n[retention]\nentries = "1w"\n',
]
BAD = [
    "x = 1",
    "[service]\ntitle = 1",
    "[poll]\nconcurrency = 0",
    "[poll]\nconcurrency = 257",
    "[poll]\nconcurrency = true",
    "[poll]\nconcurrency = 3.0",
    '[poll]\ntimeout = "0s"',
    '[poll]\ninterval = "1000000s"',
    '[poll]\ninterval = "99999w"',
    "[poll]\ninterval = 30",
    '[poll]\nmax_bytes = "0MB"',
    '[poll]\npause_host = "yes"',
    "[fold]\ntext = true",
    "[fold]\ntext = {}",
    '[fold]\nlead = "last"',
    "[publish]\nformats = []",
    '[publish]\nformats = "rss"',
    '[service]\ndatabase = ""',
    '[[topics]]\nid = "A"',
    "[[topics]]\ntitle = 't'",
    '[[topics]]\nid = "a\\n"',
    "[sources]\nid = 'a'",
    "[serve]\nport = 65536",
    "sources = [1]",
    '[service]\ntitle = "' + "x" * 2001 + '"',
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_config_reads_as_pydantic_reads_it(text: str) -> None:
    raw = tomllib.loads(text)
    assert _plain(quick.read(raw)) == _plain(File.model_validate(raw))


@pytest.mark.parametrize("text", BAD)
def test_a_bad_config_is_left_to_pydantic(text: str) -> None:
    raw = tomllib.loads(text)
    assert quick.read(raw) is None
    with pytest.raises(ValidationError):
        File.model_validate(raw)


def test_the_schema_uses_no_keyword_that_is_not_heeded() -> None:
    def keywords(schema: object) -> Iterator[str]:
        if isinstance(schema, dict):
            for name, value in schema.items():
                yield name
                inner = value.values() if name in ("properties", "$defs") else [value]
                for one in inner if name not in ("default", "examples", "enum", "const") else ():
                    yield from keywords(one)
        elif isinstance(schema, list):
            for one in schema:
                yield from keywords(one)

    assert set(keywords(File.model_json_schema())) <= quick.KEYWORDS


# ---------------------------------------------------------------- the lock


def test_a_lock_is_of_one_and_free_again(tmp_path: Path) -> None:
    one, other = Lock(tmp_path / "l"), Lock(tmp_path / "l")
    assert one.acquire() and not other.acquire() and not other.acquire(0.01)
    other.release()  # it has nothing
    assert not other.acquire()
    one.release()
    assert other.acquire()
    other.release()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    hold = f"from aggregator.store.lock import Lock; from pathlib import Path; Lock(Path({str(tmp_path / 'l')!r})).acquire()"
    subprocess.run([sys.executable, "-c", hold], check=True, env={"PYTHONPATH": str(ROOT)})
    assert Lock(tmp_path / "l").acquire()


def test_a_lock_that_can_not_be_made_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Lock(tmp_path / "none" / "l").acquire()


@pytest.mark.parametrize("command", ["dump", "status --json", "sources list", "--help", "help run"])
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_has_read_enough_is_no_failure(tmp_path: Path, command: str, lines: int) -> None:
    """`aggregator dump | head -1`: the rest of what would be said has nobody to say it to."""
    made = config(tmp_path, "[[sources]]\nid = 'a'\nurl = 'https://a.example/feed'\n")
    with open_writer(made.database) as store:
        put(store, *(entry("a", str(n), f"A headline of some length, number {n}") for n in range(600)))
    saying = subprocess.Popen(
        [sys.executable, "-m", "aggregator", *command.split()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert saying.stdout and saying.stderr
    for _ in range(lines):
        saying.stdout.readline()
    saying.stdout.close()
    trouble = saying.stderr.read()
    saying.stderr.close()
    assert (saying.wait(timeout=60), trouble) == (0, b"")
