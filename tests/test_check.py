"""`scripts/check-feeds` finds what it is there to find: a good folder, spoiled in one way after the other."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator import check
from tests.test_faithful import NOW, Desk, harbour


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("good"), "[publish]\nlimit = 20\n")
    desk.cycle(NOW - 4000)
    desk.write("rss", harbour(150))
    desk.cycle(NOW)
    return desk.folder / "var" / "public"


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {name}"
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def in_json(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        feed = json.loads((folder / "all.json").read_text(encoding="utf-8"))
        change(feed["items"][3])
        (folder / "all.json").write_text(json.dumps(feed, ensure_ascii=False), encoding="utf-8")

    return spoil


def test_a_good_folder_has_no_finding(good: Path) -> None:
    assert list(check.folder(good)) == []
    assert (good / "archive" / "all-2.atom").exists()


CASES: dict[str, Callable[[Path], object]] = {
    "not well-formed": replaced("all.rss", "</channel>", ""),
    "starts with a BOM": replaced("all.atom", "<?xml", "\ufeff<?xml"),
    "does not declare itself": replaced(
        "all.rss", "<?xml version='1.0' encoding='UTF-8'?>", "<?xml version='1.0'?>"
    ),
    "an id is missing or there twice": in_json(lambda item: item.update(id="urn:ship:149")),
    "do not hold the same items": in_json(lambda item: item.update(title="Another title")),
    "has no author": in_json(lambda item: item.update(authors=[{"name": ""}])),
    "looks like markup": in_json(lambda item: item.update(title="A <b>bold</b> title")),
    "no absolute web address": in_json(lambda item: item.update(url="javascript:alert(1)")),
    "is not in its form": in_json(lambda item: item.update(date_published="yesterday")),
    "long after the file was written": in_json(
        lambda item: item.update(date_published="2090-01-01T00:00:00Z")
    ),
    "changed before it was published": in_json(
        lambda item: item.update(date_modified="1990-01-01T00:00:00Z")
    ),
    "not in order": in_json(lambda item: item.update(date_published="1990-01-01T00:00:00Z")),
    "changed by sanitising": in_json(lambda item: item.update(content_html="<p onclick=x>y</p>")),
    "a link that is not absolute": in_json(
        lambda item: item.update(content_html='<p><a href="/x">y</a></p>')
    ),
    "lacks an address, a type or a length": in_json(
        lambda item: item.update(attachments=[{"url": "x.mp3", "mime_type": "audio/mpeg"}])
    ),
    "a category twice": in_json(lambda item: item.update(tags=["A", "A"])),
    "neither content_html nor content_text": in_json(lambda item: item.pop("content_html")),
    "is no JSON Feed 1.1": replaced("all.json", "version/1.1", "version/2"),
    "<source> is not its last element": replaced(
        "all.rss", "</source></item>", "</source><comments>https://x.example/</comments></item>"
    ),
    "its guid claims to be a link": replaced(
        "all.rss", 'isPermaLink="false">urn:ship:149', 'isPermaLink="true">urn:ship:149'
    ),
    "its <source> is not complete": replaced(
        "all.atom", "</source></entry>", "</source><rights>x</rights></entry>"
    ),
    "has 2 links to itself": replaced(
        "all.atom",
        '<link rel="alternate" type="text/html" href="https://harbour',
        '<link rel="alternate" href="https://x.example/"/><link rel="alternate" type="text/html" href="https://harbour',
    ),
    "older than its newest item": replaced("all.atom", "<updated>2", "<updated>1"),
    "has no absolute link to its self": replaced(
        "all.json", '"feed_url":"https://desk.example/all.json"', '"feed_url":"all.json"'
    ),
    "is not there": lambda folder: (folder / "archive" / "all-1.atom").unlink(),
    "no feed leads to this": replaced("all.atom", 'rel="prev-archive"', 'rel="previous"'),
    "is not marked as an archive": replaced("archive/all-1.atom", "<fh:archive/>", ""),
    "more than once in it and its archives": replaced(
        "archive/all-1.atom", "<id>urn:ship:1</id>", "<id>urn:ship:149</id>"
    ),
    "runs something": replaced("all.html", "</main>", "<script>1</script></main>"),
    "fetches something": replaced(
        "all.html", "</main>", '<img src="https://x.example/x.png" alt="x"></main>'
    ),
    "not exactly one first heading": replaced("all.html", "</main>", "<h1>x</h1></main>"),
    "has a link that would act": replaced(
        "all.html", "</main>", '<a href="javascript:alert(1)">x</a></main>'
    ),
    "which is not here": replaced(
        "all.html", 'href="https://desk.example/all.rss"', 'href="https://desk.example/gone.rss"'
    ),
    "lists a feed twice": replaced(
        "feeds.opml",
        "</body>",
        '<outline type="rss" text="x" title="x" xmlUrl="https://desk.example/all.atom"/></body>',
    ),
    "lacks an absolute address": replaced(
        "feeds.opml", 'xmlUrl="https://desk.example/all.atom"', 'xmlUrl="all.atom"'
    ),
    "is not what was published": lambda folder: (folder / "sources.html").write_text(
        (folder / "sources.html").read_text() + " "
    ),
    "is not a form of all.rss": lambda folder: (folder / "all.rss.gz").write_bytes(b"x"),
    "is not a form of all.atom": lambda folder: (folder / "all.atom.gz").write_bytes(
        gzip.compress(b"")[:10] + b"\xff" * 20
    ),
    "holds characters": in_json(lambda item: item.update(summary="\ufffe")),
}


@pytest.mark.parametrize("finding", CASES)
def test_each_fault_is_found(good: Path, tmp_path: Path, finding: str) -> None:
    shutil.copytree(good, tmp_path / "spoiled", copy_function=shutil.copy2)
    CASES[finding](tmp_path / "spoiled")
    found = list(check.folder(tmp_path / "spoiled"))
    assert [line for line in found if finding.split(":")[0] in line], found


def test_the_command(good: Path, tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aggregator.check", str(path)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )

    assert (run(good).returncode, run(good).stdout) == (0, "")
    (tmp_path / "x.rss").write_text("<rss/>")
    assert run(tmp_path).returncode == 1 and "no <channel>" in run(tmp_path).stdout
    assert run(tmp_path / "nowhere").returncode == 1


def test_F25_a_heavy_feed_is_a_note_not_a_fault(good: Path, tmp_path: Path) -> None:
    shutil.copytree(good, tmp_path / "heavy", copy_function=shutil.copy2)
    path = tmp_path / "heavy" / "all.json"
    path.write_bytes(path.read_bytes() + b" " * 1_000_000)
    assert [line for line in check.notes(tmp_path / "heavy") if "1.0 MB" in line] and not list(
        check.notes(good)
    )


def test_feeds_by_sources_are_in_another_order(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sort = "sources"`: the order is the only thing that is otherwise."""

    from aggregator.check import __main__ as command
    from aggregator.check.feeds import OUT_OF_ORDER

    monkeypatch.setattr(command, "folder", lambda path: iter([f"{path}/all.atom: {OUT_OF_ORDER}"]))
    for given, code in (([str(good)], 1), (["--any-order", str(good)], 0)):
        monkeypatch.setattr(sys, "argv", ["check", *given])
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert ended.value.code == code
