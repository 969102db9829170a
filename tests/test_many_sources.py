"""What is read and printed with thousands of sources in mind is what it would be one by one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import answers
from aggregator.cli.output import table
from aggregator.config import edit, lists, load
from aggregator.config.lists import Known, Listed
from aggregator.model import Failure, PollHints, Redirect, Source, SourceState
from aggregator.store import open_writer, sources
from tests.helpers import NOW, change, config

KNOWN = SourceState(
    etag='"x"', hints=PollHints(ttl=3600), polled=NOW, succeeded=NOW - 9, last_new=NOW - 99, failures=2,
    failing_since=NOW - 5, failure=Failure("http", "500"), posts=(NOW, NOW - 1), next_poll=NOW + 9, why="w",
    state="failing", state_since=NOW - 8, moved=Redirect("https://b.example/", NOW - 9, 3, True),
)  # fmt: skip


def test_the_health_of_sources_is_their_memory_without_what_plans_polls(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        sources.remember(store, [(Source("a", url="https://a.example/"), KNOWN)])
        assert sources.memories(store) == {"a": KNOWN}
        assert sources.healths(store) == {"a": replace(KNOWN, posts=(), hints=PollHints())}


def test_the_days_of_a_source_are_the_last_seven(tmp_path: Path) -> None:
    settings = config(tmp_path, '[[sources]]\nid = "a"\npath = "a"\n[[sources]]\nid = "b"\npath = "b"\n')
    today = NOW // 86_400
    with open_writer(settings.database) as store:
        for ago, new in ((-1, 64), (0, 1), (1, 2), (6, 4), (7, 8)):
            change(store, "INSERT INTO traffic VALUES (?, 'a', 9, 0, 0, ?, 0, 0)", today - ago, new)
        plain = answers.source_rows(settings, store, NOW)
        assert [(row.source.id, row.title, row.memory.state, row.new) for row in plain] == [
            ("a", "a", "new", ()),
            ("b", "b", "new", ()),
        ]
        shown = answers.with_days(plain, store, NOW)
        assert [row.new for row in shown] == [(4, 0, 0, 0, 0, 2, 1), (0,) * 7]


def test_a_piped_table_has_a_line_a_row_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    table(("a", "b"), [("1", ""), ("x\ty", "z"), ("p\nq\t", "\t"), ("", "\n")])
    assert capsys.readouterr().out == "a\tb\n1\t\nx y\tz\np q \t \n\t \n"


@pytest.mark.parametrize(
    "known",
    [
        Known(),
        Known((Listed("https://a.example/", 'A "feeds": [] \n é', "a", ("x", "y")), Listed("u", "", "b", (), False))),
        Known((), 7, '"feeds": []', "e", "m", "g", "w", 8, Redirect("https://b.example/", 1, 2, True)),
    ],
)  # fmt: skip
def test_what_is_known_of_a_list_comes_back(tmp_path: Path, known: Known) -> None:
    place = lists.place(tmp_path / "a.db", "l")
    place.parent.mkdir()
    place.write_text(lists.dump(known), encoding="utf-8")
    assert lists.known(tmp_path / "a.db", "l") == known


@pytest.mark.parametrize(
    "title",
    ["a", "", "é “x” 'y' # = [z]", 'a "b"', "a\\b", "a\nb", "\t\x00\x7f\x85\u2028", "env:", "an env:A"],
)
def test_a_title_is_written_as_toml_has_it(tmp_path: Path, title: str) -> None:
    path = config(tmp_path, "").path
    edit.add_source(path, {"id": "a", "url": "https://a.example/", "title": title})
    assert load(path, {}).sources[0].title == title


def test_origins_are_of_the_config_and_of_the_store(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.db") as store:
        sources.remember(
            store,
            [
                (Source("gone", url="https://gone.example/f"), KNOWN),
                (Source("both", url="https://old.example/"), KNOWN),
            ],
        )
        change(store, "UPDATE source SET title = 'As it says'")
        found = sources.origins(
            store,
            [
                Source("new", url="https://new.example/f"),
                Source("both", url="https://both.example/f", title="T"),
            ],
        )
    assert [(name, one.title, one.url) for name, one in found.items()] == [
        ("gone", "As it says", "https://gone.example/f"),
        ("both", "T", "https://both.example/f"),
        ("new", "new.example", "https://new.example/f"),
    ]
    assert (len(found), found["new"] is found["new"], found.get("none")) == (3, True, None)


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("colours", {}, "\x1b[1msource  state\x1b[0m\n\x1b[31ma       failing for some days\x1b[0m\n\x1b[31m        now\x1b[0m\nb       ok\n"),
        ("no colours", {"NO_COLOR": "1"}, "\x1b[1msource  state\x1b[0m\na       failing for some days\n        now\nb       ok\n"),
    ],
)  # fmt: skip
def test_a_table_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    environment: dict[str, str],
    expected: str,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for key, value in {"COLUMNS": "32", "TERM": "xterm", "FORCE_COLOR": "1", **environment}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    rows = [("a", "failing for some days now"), ("b", "ok")]
    table(("source", "state"), rows, wrap=True, styles=("red", ""))
    assert capsys.readouterr().out == expected, name
