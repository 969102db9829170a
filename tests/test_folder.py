"""The output folder among whatever others leave in it: manifests that are none of ours, files that changed,
disks that fail.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import PublishError
from aggregator.publish import LARGE, LONG, MANIFEST, MANY, PACKED, PART, Folder, Written, recorded
from aggregator.web import Published

RECORD = {"sha256": "x", "size": 1}
AT = 1_790_000_000


def there(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()} - {MANIFEST}


def manifest(folder: Path) -> Any:
    return json.loads((folder / MANIFEST).read_text())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("no JSON", "\0"),
        ("a number", "5"),
        ("a list of names", '{"files": ["all.html"], "gone": {}}'),
        ("a number for a record", '{"files": {"all.html": 3}, "gone": {}}'),
        ("a record without its size", '{"files": {"all.html": {"sha256": "x"}}, "gone": {}}'),
        ("nothing gone", '{"files": {}, "gone": null}'),
        ("a list that is gone", '{"files": {}, "gone": ["a.html"]}'),
        ("nested beyond all reason", "[" * 100_000),
    ],
)  # fmt: skip
def test_a_manifest_that_says_nothing_has_everything_written_again(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / MANIFEST).write_text(text)
    folder = Folder(tmp_path)
    assert folder.names() == () == folder.missing(), name
    assert folder.write({"all.html": b"x"}, ["other.html"], AT) == Written(("all.html",))
    assert manifest(tmp_path)["files"].keys() == {"all.html"} and there(tmp_path) == {"all.html"}


@pytest.mark.parametrize(
    "name",
    [
        "../victim.txt",
        "archive/../../victim.txt",
        "{}/victim.txt",
        "stories/../../victim.txt",
        "victim.txt\0",
        "\ud800.html",
        ".htaccess",
        "other/file.html",
        "",
    ],
)  # fmt: skip
def test_S18_whoever_changes_the_manifest_has_no_other_file_removed(tmp_path: Path, name: str) -> None:
    victim, output = tmp_path / "victim.txt", tmp_path / "out"
    victim.write_text("precious")
    output.mkdir()
    (output / ".htaccess").write_text("theirs")
    named = name.format(tmp_path)
    text = json.dumps({"files": {named: RECORD, "all.html": RECORD}, "gone": {named: 5, "old.html": 6}})
    (output / MANIFEST).write_text(text)
    folder = Folder(output)
    assert folder.names() == ("all.html",)
    folder.write({"feeds.html": b"x"}, ["all.html"], AT)
    assert victim.exists() and (output / ".htaccess").exists()
    assert manifest(output)["gone"] == {"all.html": AT, "old.html": 6}


def record(size: int) -> dict[str, Any]:
    return {"sha256": "x", "size": size}


@pytest.mark.parametrize(
    ("name", "first", "changes", "lines"),
    [
        ("a short one is written again", LONG - 1, 0, 1),
        ("a long one grows by a line", LONG, 0, 2),
        ("up to a part of it", LONG, LONG // PART - 166, 3),
        ("not beyond", LONG, LONG // PART - 165, 1),
        ("what breaks off is not written to", LONG, -20, 1),
    ],
)
def test_a_long_manifest_is_not_written_again_for_each_change(
    tmp_path: Path, name: str, first: int, changes: int, lines: int
) -> None:
    """`first`: bytes of its first line; `changes`: of a line that says what changed since. The next one has
    166.
    """
    files = {"a.html": record(1)} | {f"stories/{n:0>60}.html": record(n) for n in range(1000, 1900)}
    text = json.dumps({"files": files, "gone": {}}).ljust(first - 1) + "\n"
    assert len(text) == first, name
    before = json.dumps({"files": {"b.html": record(2)}, "gone": {}}).ljust(abs(changes) - 1)
    (tmp_path / MANIFEST).write_text(
        text + (before[:changes] if changes < 0 else f"{before}\n" if changes else "")
    )
    folder = Folder(tmp_path)
    assert ("b.html" in folder.names()) == (changes > 0)
    folder.write({"all.html": b"x"}, ["a.html"], AT, gone={"old.html": 5})
    assert len((tmp_path / MANIFEST).read_bytes().splitlines()) == lines, name
    there, gone = recorded(tmp_path)
    assert {*there} == {*files, *folder.names()} - {"a.html"} and there["all.html"]["size"] == 1
    assert gone == {"a.html": AT, "old.html": 5} and {*Folder(tmp_path).names()} == {*there}


def test_R4_a_change_of_the_manifest_is_read_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever writing it ended: what was known before stays, and the next change is known again."""
    monkeypatch.setattr("aggregator.publish.LONG", 0)
    monkeypatch.setattr("aggregator.publish.PART", 0)
    folder, path = Folder(tmp_path), tmp_path / MANIFEST
    folder.write({"a.html": b"1", "b.html": b"1"}, [], AT)
    before, known = path.read_bytes(), recorded(tmp_path)
    folder.write({"a.html": b"22"}, ["b.html"], AT + 1)
    after, known_then = path.read_bytes(), recorded(tmp_path)
    assert after.startswith(before) and known != known_then
    assert known_then[0]["a.html"]["size"] == 2 and known_then[1] == {"b.html": AT + 1}
    for end in range(len(before), len(after) + 1):
        path.write_bytes(after[:end])
        assert recorded(tmp_path) == (known_then if end == len(after) else known), end
        Folder(tmp_path).write({"b.html": b"333"}, [], AT + 2)
        files, gone = recorded(tmp_path)
        assert files.keys() == {"a.html", "b.html"} and files["b.html"]["size"] == 3 and gone == {}, end
        (tmp_path / "b.html").unlink()


def test_since_when_a_file_is_gone_and_that_it_is_there_again(tmp_path: Path) -> None:
    folder, published = Folder(tmp_path), Published(tmp_path)
    assert published.gone("all.html") is None and not published.ready
    folder.write({"all.html": b"x", "stories/1.html": b"y"}, [], AT)
    folder.write({}, ["all.html", "never-there.html"], AT + 1, gone={"all.html": 5, "moved.html": 7})
    assert published.ready and published.get("all.html") is None
    assert [published.gone(name) for name in ("all.html", "moved.html", "never-there.html")] == [
        AT + 1,
        7,
        None,
    ]
    folder.write({"all.html": b"x"}, [], AT + 2, gone={"moved.html": 9})
    assert published.gone("all.html") is None and published.gone("moved.html") == 7, "the first time counts"
    assert Folder(tmp_path).names() == ("all.html", "stories/1.html")
    (tmp_path / MANIFEST).write_text('{"gone": {"a": "soon", "b": [1]}}')
    assert published.gone("a") is None and published.gone("b") is None


@pytest.mark.parametrize("data", [b"as before", b"changed"])
def test_a_file_that_is_wanted_and_left_over_stays(tmp_path: Path, data: bytes) -> None:
    folder = Folder(tmp_path)
    folder.write({"all.html": b"as before"}, [], AT)
    assert folder.write({"all.html": data}, ["all.html"], AT + 1).removed == ()
    assert (tmp_path / "all.html").read_bytes() == data
    assert manifest(tmp_path)["files"].keys() == {"all.html"} and manifest(tmp_path)["gone"] == {}


def linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("elsewhere")


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("removed", lambda file: file.unlink()),
        ("cut", lambda file: file.write_bytes(b"")),
        ("grown", lambda file: file.write_bytes(b"x" * 11)),
        ("a link", linked),
        ("a pipe", piped),
    ],
)  # fmt: skip
def test_a_file_that_somebody_touched_is_missing_and_written_again(
    tmp_path: Path, name: str, harm: Any
) -> None:
    folder, files = Folder(tmp_path), {"all.html": b"x" * 10, "feeds.html": b"y"}
    folder.write(files, [], AT)
    assert folder.missing() == () and folder.write(files, [], AT + 1) == Written((), 2)
    harm(tmp_path / "all.html")
    assert folder.missing() == ("all.html",), name
    assert folder.write(files, [], AT + 2) == Written(("all.html",), 1) and folder.missing() == ()
    assert (tmp_path / "all.html").read_bytes() == b"x" * 10


@pytest.mark.parametrize(("size", "coded"), [(255, False), (256, True), (4000, True)])
def test_F55_a_file_is_compressed_where_it_is_worth_it(tmp_path: Path, size: int, coded: bool) -> None:
    folder = Folder(tmp_path)
    folder.write({"all.html": b"x" * 4000}, [], AT)
    folder.write({"all.html": b"y" * size}, [], AT)
    assert there(tmp_path) == {"all.html", *([f"all.html{PACKED}"] if coded else [])}
    if coded:
        assert gzip.decompress((tmp_path / f"all.html{PACKED}").read_bytes()) == b"y" * size
    folder.write({}, ["all.html"], AT)
    assert there(tmp_path) == set()


@pytest.mark.parametrize(
    ("name", "path", "stays"),
    [
        ("beside a file that changes", "all.rss.br", False),
        ("beside a file that leaves", "world.rss.br", False),
        ("beside a file that stays", "all.html.br", False),
        ("beside an archive document", "archive/all-1.atom.br", False),
        ("beside the page of an event", "stories/x.html.br", False),
        ("beside a file of somebody else", "own.html.br", True),
        ("beside nothing", "none.rss.br", True),
        ("beside a file of ours elsewhere", "archive/all.rss.br", True),
        ("in a folder that is none of ours", "other/all.rss.br", True),
        ("with nothing before it", ".br", True),
        ("packed twice", "all.rss.br.br", True),
        ("of another kind", "all.rss.zst", True),
    ],
)
def test_what_earlier_versions_packed_with_brotli_goes_with_the_next_change(
    tmp_path: Path, name: str, path: str, stays: bool
) -> None:
    documents = ("all.rss", "world.rss", "all.html", "archive/all-1.atom", "stories/x.html")
    Folder(tmp_path).write(dict.fromkeys(documents, b"x"), [], AT)
    (tmp_path / "own.html").write_bytes(b"theirs")
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_bytes(b"packed")
    Folder(tmp_path).write(dict.fromkeys(documents, b"x"), [], AT)
    assert (tmp_path / path).exists(), "where nothing changes nothing is looked through"
    Folder(tmp_path).write({"all.rss": b"y"}, ["world.rss"], AT)
    assert (tmp_path / path).exists() == stays, name
    assert there(tmp_path) - {path} == {"own.html", *documents} - {"world.rss"}


def test_without_a_manifest_no_old_form_stands_beside_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "all.rss.br").write_bytes(b"packed")
    (tmp_path / "own.html.br").write_bytes(b"theirs")
    Folder(tmp_path).write({"all.rss": b"x"}, [], AT)
    assert there(tmp_path) == {"all.rss", "own.html.br"}


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_no_form_of_one(tmp_path: Path, kind: str) -> None:
    Folder(tmp_path).write({"all.rss": b"x"}, [], AT)
    form = tmp_path / "all.rss.br"
    form.mkdir() if kind == "folder" else form.symlink_to("elsewhere")
    assert Folder(tmp_path).write({"all.rss": b"y"}, [], AT).written == ("all.rss",)
    assert form.is_symlink() if kind == "link" else form.is_dir()


@pytest.mark.parametrize(
    ("file", "size", "large"),
    [
        ("all.rss", LARGE, False),
        ("all.rss", LARGE + 1, True),
        ("all.html", LARGE + 1, False),
        ("all.json", LARGE + 1, True),
    ],
)
def test_F25_a_feed_beyond_a_megabyte_is_told(tmp_path: Path, file: str, size: int, large: bool) -> None:
    done = Folder(tmp_path).write({file: bytes(size)}, [], AT)
    assert done.large == (((file, size),) if large else ())


def test_F48_the_time_of_a_file_goes_on_with_every_change(tmp_path: Path) -> None:
    folder, times = Folder(tmp_path), []
    for body, at in ((b"1", AT), (b"2", AT), (b"3", AT - 500), (b"4", AT + 60)):
        folder.write({"all.rss": body}, [], at)
        times.append(int((tmp_path / "all.rss").stat().st_mtime))
    assert times == [AT, AT + 1, AT + 2, AT + 60]


def test_what_the_system_takes_in_pieces_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, bytes(data[:7])))
    Folder(tmp_path).write({"all.rss": b"<rss>and all that</rss>", "none.rss": b""}, (), 9)
    assert (tmp_path / "all.rss").read_bytes() == b"<rss>and all that</rss>"
    assert (tmp_path / "none.rss").read_bytes() == b""


@pytest.mark.parametrize("many", [2, MANY + 1])
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_R6_a_disk_that_fails_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, many: int
) -> None:
    folder = Folder(tmp_path)
    files = {f"t{n}.html": b"old" for n in range(many)}
    folder.write(files, [], AT)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "t0.html"))

    monkeypatch.setattr(f"aggregator.publish.os.{call}", full)
    with pytest.raises(PublishError, match=r"t0\.html: can't be written: No space left on device; the files"):
        folder.write(dict.fromkeys(files, b"new"), [], AT)
    monkeypatch.undo()
    assert not [name for name in there(tmp_path) if name.startswith(".aggregator-")]
    if call == "replace":
        assert {(tmp_path / name).read_bytes() for name in files} == {b"old"}
    assert Folder(tmp_path).write(dict.fromkeys(files, b"new"), [], AT).written == tuple(sorted(files))


def test_a_folder_where_a_file_is_to_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "all.rss").mkdir()
    with pytest.raises(PublishError, match=r"/all\.rss: can't be written: Is a directory; the files"):
        Folder(tmp_path).write({"all.rss": b"<rss/>"}, [], AT)
    assert not [name for name in there(tmp_path) if name.endswith(".tmp")]


def test_a_check_that_raises_has_nothing_replaced(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write({"a.html": b"old"}, [], AT)
    calls = iter([None, KeyboardInterrupt()])

    def check() -> None:
        if (error := next(calls)) is not None:
            raise error

    with pytest.raises(KeyboardInterrupt):
        folder.write({"a.html": b"new", "b.html": b"new"}, [], AT, check)
    assert there(tmp_path) == {"a.html"} and (tmp_path / "a.html").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "begin", "words"),
    [
        ("a file stands there", lambda at: at.write_text("x"), "can't be made: File exists"),
        (
            "within a file",
            lambda at: at.parent.rmdir() or at.parent.write_text("x"),
            "can't be made: Not a directory",
        ),
        (
            "a link",
            lambda at: at.symlink_to(at.parent),
            "is a link to .*; name that folder as service.output",
        ),
        ("a link to nowhere", lambda at: at.symlink_to("nowhere"), "is a link to nowhere"),
    ],
)
def test_S18_a_folder_that_can_not_be_used_is_told_so(
    tmp_path: Path, name: str, begin: Any, words: str
) -> None:
    output = tmp_path / "in" / "out"
    output.parent.mkdir()
    begin(output)
    with pytest.raises(PublishError, match=words):
        Folder(output).usable()
    Folder(tmp_path / "new" / "out").usable()
    assert (tmp_path / "new" / "out").is_dir()


def test_what_was_written_adds_up() -> None:
    one = Written(("b", "a"), 2, ("x",), (("f", 1),))
    assert one + Written(("a", "c"), 3, ("w",), (("g", 2),)) == Written(
        ("a", "b", "c"), 5, ("w", "x"), (("f", 1), ("g", 2))
    )
