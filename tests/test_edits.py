"""Edits of config.toml through a shortened text write what edits of the whole text write, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.config import edit, load
from aggregator.config.tables import Short, short
from aggregator.errors import AggregatorError, UsageError

HEAD = '[service]\ntitle = "x"  # mine\n\n'
TOPICS = '# topics\n[[topics]]\nid = "t"\nmatch = "x"\ndescription = """\n[[sources]]\nid = "z"\n"""\n'
TABLES = (
    '[[sources]]\nid = "{0}"\nurl = "https://{0}.example/"\n\n',
    '[[sources]] # {0}\nid = "{0}"\npath = "{0}.txt"\nenabled = false # for now\n# end\n',
    '# before\n[[sources]]\n  id = "{0}"\nurl = "https://{0}.example/"\nheaders = {{ A = "b" }}\n',
    "[[sources]]\nid = '{0}'\npath = '{0}'\n",
    '[[sources]]\nid = "{0}"\npath = "{0}"\ntopics = []\n[sources.headers]\nA = "b"\n',
)
EDITS: list[Callable[[Path, str], object]] = [
    lambda path, name: edit.enable_sources(path, [name], False),
    lambda path, name: edit.enable_sources(path, [name], True),
    lambda path, name: edit.enable_sources(path, dict.fromkeys((name, "s0", "s2", "s3")), False),
    lambda path, name: edit.move_sources(path, {name: "https://moved.example/"}),
    edit.remove_source,
    lambda path, name: edit.add_source(path, {"url": "https://new.example/", "title": name}),
    lambda path, name: edit.add_sources(path, [{"url": "https://n.example/"}] * 2, [("new", "New")]),
]


def whole(text: str, apart: Collection[int]) -> Short:
    return Short(text, (), {number: number for number in apart})


def written(folder: Path, text: str, change: Callable[[Path, str], object], name: str) -> str:
    """What becomes of it, or what is wrong with it."""
    path = folder / "config.toml"
    path.write_bytes(text.encode())
    try:
        change(path, name)
    except AggregatorError as error:
        return str(error)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    "tables",
    [
        *product(range(5), repeat=1),
        *product(range(5), repeat=2),
        (0, 0, 0),
        (0, 1, 0, 2, 0, 0),
        (0, 0, 4, 0, 1, 3),
    ],
)
@pytest.mark.parametrize(("head", "tail"), [("", ""), (HEAD, TOPICS), (TOPICS, HEAD)])
def test_a_short_edit_is_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str, tail: str, tables: tuple[int, ...]
) -> None:
    names = [f"s{place}" for place in range(len(tables))]
    text = head + "".join(TABLES[kind].format(name) for name, kind in zip(names, tables, strict=True)) + tail
    for change, name in product(EDITS, names):
        monkeypatch.setattr(edit, "short", short)
        found = written(tmp_path, text, change, name)
        monkeypatch.setattr(edit, "short", whole)
        assert found == written(tmp_path, text, change, name)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(st.lists(st.sampled_from([*TABLES, HEAD, TOPICS]), max_size=8), st.sets(st.integers(0, 7)))
def test_what_is_shortened_is_restored(parts: list[str], apart: set[int]) -> None:
    text = "".join(part.format(place) for place, part in enumerate(parts))
    found = short(text, apart)
    assert found.restored(found.text) == text


def test_no_run_is_lost_in_an_edit() -> None:
    found = short(TABLES[0].format("a") * 3 + HEAD, [1])
    assert len(found.text) < 250 and found.places == {1: 1} and len(found.runs) == 2
    with pytest.raises(AssertionError):
        found.restored(found.text.partition("\n\n")[2])


@pytest.mark.parametrize(
    ("name", "text", "sources", "expected"),
    [
        ("one is unknown", TABLES[0].format("s0"), ["s0", "s00"], "s00: no such source; did you mean s0?"),
        ("none is like it", TABLES[0].format("s0"), ["other"], "other: no such source; `aggregator sources list` shows them"),
        ("no tables", 'sources = [{ id = "s0", path = "x" }]\n', ["s0"], "sources = […]: can't be edited; write a [[sources]] table for each"),
    ],
)  # fmt: skip
def test_what_can_not_be_edited_is_left_alone(
    tmp_path: Path, name: str, text: str, sources: list[str], expected: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as told:
        edit.enable_sources(path, sources, False)
    assert (str(told.value), path.read_text(encoding="utf-8")) == (expected, text), name


def test_addresses_of_several_sources_are_one_edit(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("".join(TABLES[0].format(f"s{number}") for number in range(4)), encoding="utf-8")
    edit.move_sources(path, {"s2": "https://two.example/", "s0": "https://zero.example/"})
    found = [source.url for source in load(path, {}).sources]
    assert found == [
        "https://zero.example/",
        "https://s1.example/",
        "https://two.example/",
        "https://s3.example/",
    ]


@pytest.mark.parametrize(
    ("name", "text", "without"),
    [
        ("nothing else", TABLES[0].format("s0"), ""),
        ("between others", HEAD + TABLES[0].format("s0") + TOPICS, HEAD + TOPICS),
        ("with a table within", HEAD + TABLES[4].format("s0"), HEAD),
        ("with a table within, before others", TABLES[4].format("s0") + "\n\n" + TOPICS, TOPICS),
        ("a comment of its own", HEAD + TABLES[1].format("s0") + "\n" + TOPICS, HEAD + TOPICS),
    ],
)
def test_the_last_source_goes_and_others_come(tmp_path: Path, name: str, text: str, without: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    edit.remove_source(path, "s0")
    assert path.read_text(encoding="utf-8") == without, name
    assert edit.add_source(path, {"url": "https://new.example/"}) == "new-example"
    assert [source.id for source in load(path, {}).sources] == ["new-example"]
    assert path.read_text(encoding="utf-8").startswith(without.removesuffix(TOPICS))


@pytest.mark.parametrize("kinds", [(0, 0, 0), (0, 2, 0), (2, 2, 2), (4, 2, 1)])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_source_that_goes_takes_no_comment_of_others(
    tmp_path: Path, kinds: tuple[int, ...], number: int
) -> None:
    path = tmp_path / "config.toml"
    tables = [f"# about s{at}\n{TABLES[kind].format(f's{at}')}\n" for at, kind in enumerate(kinds)]
    path.write_text(HEAD + "".join(tables) + TOPICS, encoding="utf-8")
    edit.remove_source(path, f"s{number}")
    text = path.read_text(encoding="utf-8")
    others = {0, 1, 2} - {number}
    assert all(f"# about s{one}\n" in text for one in others) and "# topics\n[[topics]]" in text
    assert text.count("# before\n") == sum(kinds[one] == 2 for one in (0, 1, 2))
    assert [source.id for source in load(path, {}).sources] == [f"s{one}" for one in sorted(others)]


@pytest.mark.parametrize("text", ["sources = []\n", "sources = [ ]  # none yet\n" + HEAD])
def test_an_empty_list_of_sources_becomes_tables(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    edit.add_sources(path, [{"url": "https://new.example/"}, {"url": "https://other.example/"}])
    assert [source.id for source in load(path, {}).sources] == ["new-example", "other-example"]
    assert HEAD not in text or HEAD in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("behind a topic", '[[topics]]\nid = "t"\n'),
        ("behind a comment", "# [[sources]]\n# url = ...\n"),
        ("behind an empty line", HEAD),
    ],
)
def test_the_first_source_stands_by_itself(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    edit.add_source(path, {"url": "https://new.example/"})
    assert path.read_text(encoding="utf-8").startswith(f"{text.rstrip()}\n\n[[sources]]\n"), name


@pytest.mark.parametrize("target", ["real/config.toml", "other/deeper/desk.toml"])
def test_an_edit_of_a_linked_config_leaves_the_link(tmp_path: Path, target: str) -> None:
    desk, real = tmp_path / "desk", tmp_path / target
    desk.mkdir()
    real.parent.mkdir(parents=True)
    real.write_text('[[sources]]\nid = "a"\npath = "a.txt"\n')
    real.chmod(0o640)
    (desk / "config.toml").symlink_to(Path("..") / target)
    edit.enable_sources(desk / "config.toml", ["a"], False)
    assert (desk / "config.toml").is_symlink() and "enabled = false" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [one.name for folder in (desk, real.parent) for one in folder.iterdir()] == [
        "config.toml",
        real.name,
    ]
    assert load(desk / "config.toml", {}).sources[0].path == str(desk / "a.txt"), "paths begin at the link"
