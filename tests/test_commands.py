"""Commands for people: what is nearest to a typo, the worst first, sources paused, configs begun and found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner

from aggregator import cli
from aggregator.answers import SourceRow
from aggregator.cli import group
from aggregator.cli.output import counted, table
from aggregator.cli.settings import Settings
from aggregator.config import load
from aggregator.errors import ConfigError, UsageError
from aggregator.model import Failure, SourceState, State
from aggregator.store import open_writer
from tests.helpers import NOW, config, entry, put

TWO = '[[sources]]  # first\nid = "a"\nurl = "https://a.example/feed"\n\n[[sources]]\nid = "b"\nurl = "https://b.example/feed"\n'


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(group, list(arguments), standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout) if "--json" in arguments else done.output


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["Run"], "Did you mean 'run'?"),
        (["stauts"], "'status'"),
        (["sources", "lst"], "'list'"),
        (["topics", "sugest"], "'suggest'"),
        (["overrides", "lits"], "'list'"),
        (["xyzzy"], "No such command 'xyzzy'"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_command(typed: list[str], words: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        run(*typed)
    assert words in caught.value.message and ("mean" in caught.value.message) == (typed != ["xyzzy"])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("help rnu", 'help: there is no command "rnu"; did you mean "run"?'),
        ("help sources ad", 'help: there is no command "sources ad"; did you mean "add"?'),
        ("help xyzzy", 'help: there is no command "xyzzy"; `aggregator --help` lists them'),
        ("rnu", "aggregator: No such command 'rnu'. Did you mean 'run'? `aggregator --help` says more"),
        ("overrides xyzzy", "aggregator overrides: No such command 'xyzzy'; `aggregator overrides --help` says more"),
        ("split", "aggregator split: Missing argument 'ENTRY'; `aggregator split --help` says more"),
        ("search a --limit", "aggregator search: Option '--limit' requires an argument; `aggregator search --help` says more"),
        ("sources add --id", "aggregator sources add: Option '--id' requires an argument; `aggregator sources add --help` says more"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_the_command_whose_help_says_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, words: str
) -> None:
    monkeypatch.setattr("sys.argv", ["aggregator", *typed.split(" ")])
    assert cli._called() == 2
    assert capsys.readouterr().err == f"{words}\n"


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (0, "source", "0 sources"),
        (1, "source", "1 source"),
        (2, "source", "2 sources"),
        (1, "new entry", "1 new entry"),
        (2, "new entry", "2 new entries"),
        (0, "story", "0 stories"),
    ],
)
def test_one_is_not_several(number: int, noun: str, expected: str) -> None:
    assert counted(number, noun) == expected


def test_lists_of_commands_are_whole_sentences() -> None:
    for name in ("topics", "sources", "overrides"):
        listed = CliRunner().invoke(group, [name, "--help"]).output.partition("Commands:")[2]
        assert listed and "..." not in listed, name


def test_a_source_is_paused_and_polled_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    config(tmp_path, TWO)
    before = path.read_text()
    assert run("--config", str(path), "sources", "pause", "a", "b", "--json") == [
        {"id": "a", "enabled": False}, {"id": "b", "enabled": False},
    ]  # fmt: skip
    assert [one.enabled for one in load(path, {}).sources] == [False, False] and "# first" in path.read_text()
    run("--config", str(path), "sources", "resume", "a", "b")
    assert path.read_text() == before
    with pytest.raises(UsageError, match="did you mean"):
        run("--config", str(path), "sources", "pause", "aa")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["dump"], []),
        (["sources", "remove", "a"], [{"removed": "a"}]),
        (["sources", "pause", "a"], [[{"id": "a", "enabled": False}]]),
        (["sources", "update"], [[]]),
        (["overrides", "list"], [[]]),
        (["topics", "suggest"], [[]]),
        (["eval"], [[]]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_what_is_data_is_to_be_had_as_json(
    tmp_path: Path, arguments: list[str], expected: list[object]
) -> None:
    settings = config(tmp_path, TWO)
    open_writer(settings.database).close()
    done = CliRunner().invoke(group, ["--config", str(settings.path), *arguments, "--json"])
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected and done.exit_code == 0


def test_a_config_that_this_user_can_not_write_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(tmp_path, TWO)

    def refused(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(ConfigError, match=r"config\.toml: can't be written: Permission denied"):
        run("--config", str(tmp_path / "config.toml"), "sources", "pause", "a")


def test_a_file_of_this_machine_is_added(tmp_path: Path) -> None:
    path, file = tmp_path / "config.toml", tmp_path / "mine.txt"
    config(tmp_path, TWO)
    file.write_text("A headline\n")
    made = run("--config", str(path), "sources", "add", str(file), "--json")
    assert made == {"id": "mine", "path": "mine.txt"} and load(path, {}).sources[2].path == str(file)
    with pytest.raises(UsageError, match="source already, as mine"):
        run("--config", str(path), "sources", "add", str(file))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--topic", "nope", "mine.txt"], "--topic nope: there is no such topic; there are world"),
        (["--topic", "world", "--topic", "x", "https://a.example/"], "--topic x: there is no such topic"),
        (["--id", "BAD", "mine.txt"], '--id "BAD": is no id: use 1 to 64 of a–z, 0–9 and -'),
        (["--id", "all", "https://a.example/"], "--id all: is reserved; choose another id"),
        (["--id", "a", "mine.txt"], "--id a: is the id of another source already; ids are unique"),
        (["config.toml"], "config.toml: belongs to the aggregator itself, and holds no stories"),
        (["var/aggregator.db"], "aggregator.db: belongs to the aggregator itself, and holds no stories"),
        (["bytes.dat"], "bytes.dat:1: byte 1 is not UTF-8"),
        (["list.opml"], "list.opml: an OPML list of feeds; add its feeds with"),
        (["/dev/null"], "/dev/null: is no regular file"),
        (["./folder"], "./folder: is a folder; name one file in it"),
        (["./none.txt"], "./none.txt: there is no such file"),
    ],
)
def test_what_can_not_be_added_is_told_in_words_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    settings = config(tmp_path, f'{TWO}[[topics]]\nid = "world"\nmatch = "war"\n')
    with open_writer(settings.database):
        pass
    (tmp_path / "mine.txt").write_text("A headline\n")
    (tmp_path / "bytes.dat").write_bytes(b"\xff\x00\x01")
    (tmp_path / "list.opml").write_text("<opml><body/></opml>")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    before = settings.path.read_text()
    with pytest.raises(UsageError) as caught:
        run("sources", "add", *arguments)
    assert expected in str(caught.value) and "\n" not in str(caught.value)
    assert settings.path.read_text() == before


def test_the_worst_come_first(tmp_path: Path) -> None:
    names: tuple[State, ...] = ("gone", "blocked", "failing", "silent", "slow", "moved", "new", "ok")
    assert set(names) == set(get_args(State)), "each has its place"
    body = "".join(f'[[sources]]\nid = "s{n}"\nurl = "https://s{n}.example/"\n' for n in range(len(names)))
    settings = config(
        tmp_path, f'{body}[[sources]]\nid = "off"\nurl = "https://off.example/"\nenabled = false\n'
    )
    with open_writer(settings.database) as store:
        put(store, entry("s0", "1", "One"))
        for n, name in enumerate(reversed(names)):
            _remember(store, f"s{n}", name)
    path = str(settings.database.parent.parent / "config.toml")
    found = run("--config", path, "status", "--json")["sources"]
    assert [one["state"] for one in found if one["enabled"]] == list(names) and found[-1]["id"] == "off"
    some = run("--config", path, "status", "--json", "--state", "gone", "--state", "silent")["sources"]
    assert [one["state"] for one in some] == ["gone", "silent"]
    assert [
        one["id"] for one in run("--config", path, "status", "--json", "--state", "disabled")["sources"]
    ] == ["off"]


@pytest.mark.parametrize(
    ("name", "enabled", "next_poll", "shown", "as_json"),
    [
        ("due at this second", True, NOW, "due", "2026-09-21T14:13:20Z"),
        ("later", True, NOW + 1, "in 1 s", "2026-09-21T14:13:21Z"),
        ("paused, once due", False, NOW, "–", None),
        ("paused, once for later", False, NOW + 9, "–", None),
    ],
)
def test_who_is_paused_is_asked_at_no_time(
    tmp_path: Path, name: str, enabled: bool, next_poll: int, shown: str, as_json: str | None
) -> None:
    """In the terminal, as data, and on the page of a server."""
    from aggregator.cli import livepages, look
    from aggregator.model import Source

    memory = SourceState(polled=NOW - 9, state="ok", next_poll=next_poll, why="every 30 min")
    row = SourceRow(Source("a", url="https://a.example/", enabled=enabled), "A", memory)
    assert look._status_cells(row, NOW)[5] == shown, name
    assert look._source_json(row)["next_poll"] == as_json
    assert livepages._line(row, NOW).next == shown
    words = {look._status_cells(row, NOW)[6], look._source_json(row)["why"], livepages._line(row, NOW).why}
    assert words == {"every 30 min" if enabled else "paused: nobody asks it"}


def _remember(store: Any, source: str, state: State) -> None:
    from aggregator.model import PollResult, Source
    from aggregator.store import entries

    memory = SourceState(polled=NOW, state=state, failure=Failure("x", "y"), next_poll=NOW)
    entries.absorb(
        store,
        Source(source, url="https://x.example/"),
        PollResult(source, NOW, memory),
        lambda _: memory,
        lambda _: True,
        lambda _: None,
    )


def test_colours_are_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    table(("a", "b"), [("x", "bad"), ("y", "good")], styles=["red", ""])
    head, bad, good = capsys.readouterr().out.splitlines()
    assert "\x1b[31m" in bad and "\x1b[31m" not in good and "\x1b[1m" in head
    monkeypatch.setenv("NO_COLOR", "1")
    table(("a", "b"), [("x", "bad")], styles=["red"])
    assert "\x1b[31m" not in capsys.readouterr().out


OPML = """<opml version="2.0"><body><outline text="World"><outline text="Alpha" xmlUrl="https://a.example/feed"/></outline>
<outline text="Beta" xmlUrl="https://b.example/feed"/></body></opml>"""


def test_a_config_from_nothing_and_from_another_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", str(tmp_path / "small"), "--minimal")
    small = tmp_path / "small" / "config.toml"
    assert load(small, {}).sources == () and not (tmp_path / "small" / "seeds").exists()
    assert len(small.read_text().splitlines()) < 25
    file = tmp_path / "feeds.opml"
    file.write_text(OPML)
    run("init", str(tmp_path / "mine"), "--from", str(file))
    mine = load(tmp_path / "mine" / "config.toml", {})
    assert [(one.id, one.url, one.topics) for one in mine.sources] == [
        ("alpha", "https://a.example/feed", ("world",)),
        ("beta", "https://b.example/feed", ()),
    ]
    assert [one.title for one in mine.topics] == ["World"]
    file.write_text("no opml")
    with pytest.raises(UsageError, match=r"feeds\.opml"):
        run("init", str(tmp_path / "bad" / "one"), "--from", str(file))
    assert not (tmp_path / "bad").exists()
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match=r"feeds\.opml"):
        run("init", str(tmp_path / "there"), "--from", str(file))
    assert list((tmp_path / "there").iterdir()) == [], "a folder that was there before stays"
    monkeypatch.chdir(tmp_path)
    assert "then run: aggregator run\n" in CliRunner().invoke(group, ["init"]).stderr
    assert tomllib.loads((tmp_path / "config.toml").read_text())["service"]


@pytest.mark.parametrize(
    ("there", "left"), [("config.toml", {"config.toml"}), ("seeds", {"seeds", "config.toml"})]
)
def test_init_names_what_is_in_its_way(tmp_path: Path, there: str, left: set[str]) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match=rf"{there}: exists already and is left as it is"):
        run("init", str(tmp_path))
    assert (tmp_path / there).read_text() == "mine" and {one.name for one in tmp_path.iterdir()} <= left


def test_where_the_config_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of these that is named, or there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGGREGATOR_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    own = tmp_path / "home" / "aggregator" / "config.toml"
    assert Settings().path == Path("config.toml"), "the one that init writes"
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert Settings().path == own
    Path("config.toml").write_text("")
    assert Settings().path == Path("config.toml")
    monkeypatch.setenv("AGGREGATOR_CONFIG", "other.toml")
    assert Settings().path == Path("other.toml")
    assert Settings(Path("this.toml")).path == Path("this.toml")


def test_a_search_within_bounds(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "x.txt"\n')
    with open_writer(settings.database) as store:
        put(
            store,
            entry("a", "1", "Old ferry", at=1_772_323_199),
            entry("a", "2", "New ferry", at=1_772_323_200),
        )
    path = str(tmp_path / "config.toml")

    def found(*bounds: str) -> list[str]:
        done = CliRunner().invoke(
            group, ["--config", path, "search", "ferry OR boat", "--format", "json", *bounds]
        )
        return [json.loads(line)["title"] for line in done.stdout.splitlines()]

    assert found() == ["New ferry", "Old ferry"]
    assert found("--since", "2026-03-01") == ["New ferry"] and found("--before", "2026-03-01") == [
        "Old ferry"
    ]
    with pytest.raises(UsageError, match=r"^--since: “soon” is no date or duration; write 2026-03-01 or 7d$"):
        run("--config", path, "search", "ferry", "--since", "soon")
    with pytest.raises(
        UsageError, match=r"^--before: “2026-13-01” is no date or duration; write 2026-03-01 or"
    ):
        run("--config", path, "search", "ferry", "--before", "2026-13-01")
    with pytest.raises(UsageError, match="at character 9"):
        run("--config", path, "search", "ferry OR", "--since", "7d")


def test_eval_asks_and_keeps_what_is_said(tmp_path: Path) -> None:
    from aggregator import cycle

    text = "The ferry Ålesund with 214 people on board sank off Bergen after its engine room caught fire, rescuers said."
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "x"\n[[sources]]\nid = "b"\npath = "x"\n')
    with open_writer(settings.database) as store:
        for n, name in enumerate(("Ålesund", "Bergen", "Corvina")):
            put(
                store,
                entry(
                    "a",
                    str(n),
                    f"Ferry {name} sinks",
                    text.replace("Ålesund", name),
                    at=NOW - 9,
                    link=f"https://a.example/{n}",
                ),
            )
            put(
                store,
                entry(
                    "b",
                    str(n),
                    f"Ferry {name} sinks",
                    text.replace("Ålesund", name),
                    at=NOW,
                    link=f"https://b.example/{n}",
                ),
            )
        cycle.run(settings, store, None, NOW)
    path, kept = str(tmp_path / "config.toml"), tmp_path / "kept.jsonl"

    def answered(*said: str, more: Sequence[str] = ()) -> Any:
        return CliRunner().invoke(
            group,
            ["--config", path, "eval", "--keep", str(kept), *more],
            input="".join(f"{one}\n" for one in said),
        )

    first = answered("", "x", "y", "s", "q")
    assert (
        "1 of 1 right" in first.stdout
        and "https://b.example/" in first.stderr
        and "y, n, s (skip), q (quit)" in first.stderr
    )
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == 2 and lines[0]["story"] == lines[1]["story"] and lines[0]["id"] != lines[1]["id"]
    again = json.loads(answered("y", "q", more=["--json", "--questions", "1"]).stdout)
    assert [(one["asked"], one["right"]) for one in again] == [(1, 1)]
    assert json.loads(answered("q", more=["--json"]).stdout) == []
    assert answered("n", "q", more=["--override"]).exit_code == 0
    assert (
        json.loads(CliRunner().invoke(group, ["--config", path, "overrides", "list", "--json"]).stdout)[0][
            "kind"
        ]
        == "split"
    )


def test_plan_names_what_comes_and_goes(tmp_path: Path) -> None:
    from aggregator import cycle

    body = '[[sources]]\nid = "a"\npath = "x"\n[[topics]]\nid = "{}"\nmatch = "{}"\n'
    settings = config(tmp_path, body.format("t", "ferry"))
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry sails"), entry("a", "2", "Bank raises rates"))
        cycle.run(settings, store, None, NOW)
    path, other = str(tmp_path / "config.toml"), tmp_path / "other.toml"
    other.write_text((tmp_path / "config.toml").read_text().replace('"t"', '"u"').replace("ferry", "bank"))
    told = run("--config", path, "plan", "--against", str(other), "-v")
    assert (
        "+ Bank raises rates" in told
        and "− Ferry sails" in told
        and "+ u.atom" in told
        and "− t.html" in told
    )
    said = {one["topic"]: one for one in run("--config", path, "plan", "--against", str(other), "--json")}
    assert (
        said["u"]["came"] == ["Bank raises rates"]
        and "u.rss" in said["u"]["files"]["added"]
        and said["t"]["files"]["removed"]
    )
