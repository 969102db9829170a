"""OPML in every form that people have, and the config that it becomes; what `check` doubts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator import opml
from aggregator.config import doubts, lines, load
from aggregator.config.ids import named_id
from aggregator.cycle import lists
from aggregator.store import open_writer
from tests.helpers import config, entry, put

ROOT = Path(__file__).parent.parent


def cli(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", *arguments],
        cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def body(outlines: str, encoding: str = "utf-8") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?><opml version="2.0"><body>{outlines}</body></opml>'.encode(
        encoding
    )


@pytest.mark.parametrize(
    ("outline", "url"),
    [
        ('<outline xmlUrl="https://a.example/f"/>', "https://a.example/f"),
        ('<outline xmlURL="https://a.example/f"/>', "https://a.example/f"),
        ('<outline xmlurl="https://a.example/f"/>', "https://a.example/f"),
        ('<outline type="rss" url="https://a.example/f"/>', "https://a.example/f"),
        ('<outline xmlUrl="feed://a.example/f"/>', "http://a.example/f"),
        ('<outline xmlUrl="feed:https://a.example/f"/>', "https://a.example/f"),
        ('<outline xmlUrl="feed:a.example/f"/>', "http://a.example/f"),
        ('<outline xmlUrl="FEED://http://a.example/f"/>', "http://a.example/f"),
        ('<outline xmlUrl="pcast://a.example/f"/>', "http://a.example/f"),
        ('<outline xmlUrl="https://a.example/f?a=1&b=2"/>', "https://a.example/f?a=1&b=2"),
        ('<OUTLINE XMLURL="https://a.example/f"/>', "https://a.example/f"),
    ],
)  # fmt: skip
def test_however_the_address_is_written(outline: str, url: str) -> None:
    assert [one.url for one in opml.read(body(outline)).feeds] == [url]


ONE, OTHER = (
    '<outline text="A" xmlUrl="https://a.example/f"/>',
    '<outline text="B" xmlUrl="https://b.example/f"/>',
)
START = '<?xml version="1.0"?>\n<opml version="2.0">\n<body>\n'


@pytest.mark.parametrize(
    ("name", "text", "feeds", "damage"),
    [
        ("whole", f"{START}{ONE}{OTHER}</body></opml>", 2, None),
        ("the very end is missing", f"{START}{ONE}{OTHER}</body></opml", 2, None),
        ("its end in capitals, with a prefix", f"<o:OPML xmlns:o='urn:o'><body>{ONE}</body></o:OPML>", 1, None),
        ("without a body", f"<opml>{ONE}</opml>", 1, None),
        ("in folders, some beside the body", f"<opml><body><outline text='x'>{ONE}</outline></body>{OTHER}</opml>", 2, None),
        ("in a namespace", f'<opml xmlns="http://opml.org/spec2"><body>{ONE}</body></opml>', 1, None),
        ("nothing in it", "<opml/>", 0, None),
        ("within the first address", f'{START}<outline text="A" xmlUrl="http', 0, "breaks off in line 4,"),
        ("before the first", START, 0, "breaks off in line 3,"),
        ("within the head", '<opml version="2.0"><head><ti', 0, "breaks off in line 1,"),
        ("within the second", f'{START}{ONE}\n<outline text="B" xmlU', 1, "breaks off in line 5,"),
        ("between two", f"{START}{ONE}\n", 1, "breaks off in line 4,"),
        ("its end is in a comment only", f"{START}{ONE}<!-- </opml> -->", 1, "breaks off in line 4,"),
        ("a quote too many", f'{START}<outline text="A "b" c" xmlUrl="https://c.example/"/>{OTHER}</body></opml>', 1,
         "is damaged: 1 of its addresses"),
        ("a comment is no damage", f"{START}<!-- {ONE} -->{OTHER}</body></opml>", 1, None),
        ("nor is an empty address", f'{START}<outline text="x" xmlUrl=""/>{OTHER}</body></opml>', 1, None),
        ("nor one twice", f"{START}{ONE}{ONE}</body></opml>", 1, None),
        ("nor one that can not be polled", f'{START}<outline text="f" xmlUrl="ftp://x/"/>{OTHER}</body></opml>', 1, None),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_says_so(name: str, text: str, feeds: int, damage: str | None) -> None:
    found = opml.read(text.encode())
    assert len(found.feeds) == feeds, name
    assert (found.damage or "").startswith(damage or "") and bool(found.damage) == bool(damage), found.damage


def test_letters_of_two_bytes_are_no_damage() -> None:
    found = opml.read(f"{START}{ONE}</body></opml>".encode("utf-16"))
    assert len(found.feeds) == 1 and found.damage is None


def test_an_import_says_that_a_file_is_not_whole(tmp_path: Path) -> None:
    config(tmp_path, "")
    (tmp_path / "half.opml").write_text(START + ONE)
    assert "half.opml: breaks off in line 4" in cli(tmp_path, "sources", "import", "half.opml").stderr
    (tmp_path / "none.opml").write_text(START + '<outline text="A" xmlUrl="https://')
    done = cli(tmp_path, "sources", "import", "none.opml", code=2)
    assert "none.opml: breaks off in line 4" in done.stderr and "no feed could be read" in done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_any_declared_encoding(encoding: str) -> None:
    found = opml.read(body('<outline text="Café Zürich" xmlUrl="https://a.example/f"/>', encoding))
    assert [one.title for one in found.feeds] == ["Café Zürich"]


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        ('<outline text="P" type="link" url="https://a.example/"/>', "“P”: no address of a feed"),
        ('<outline text="L" type="include" url="https://a.example/l.opml"/>', "“L”: no address of a feed"),
        ('<outline text="N" type="rss"/>', "“N”: no address of a feed"),
        ('<outline text="H" htmlUrl="https://a.example/"/>', "“H”: no address of a feed"),
        ('<outline text="F" xmlUrl="ftp://a.example/f"/>', "“F”: ftp://a.example/f is no web address"),
    ],
)
def test_what_is_left_out_is_named(outline: str, words: str) -> None:
    found = opml.read(body(outline + '<outline xmlUrl="https://b.example/f"/>'))
    assert len(found.feeds) == 1 and len(found.warnings) == 1 and words in found.warnings[0]


def test_folders_and_a_feed_in_several_of_them() -> None:
    one = '<outline text="One" xmlUrl="https://a.example/f" category="/x/y,z"/>'
    found = opml.read(
        body(
            f'<outline text="A"><outline title="B">{one}</outline></outline><outline text="C">{one}</outline>'
        )
    )
    assert [(feed.folders, feed.categories) for feed in found.feeds] == [(("A", "B", "C"), ("x/y", "z"))]
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("title", "address", "taken", "wanted"),
    [
        ("BBC News", "https://feeds.bbci.co.uk/news/rss.xml", (), "bbc-news"),
        ("Łódź & Co", "https://x.example/", (), "lodz-co"),
        ("L’Équipe", "https://x.example/", (), "lequipe"),
        ("BBC News", "https://x.example/", ("bbc-news",), "bbc-news-2"),
        ("Status", "https://x.example/", (), "status-source"),
        ("東京新聞", "https://www.tokyo.example/f", (), "tokyo-example"),
        ("", "https://feeds.tokyo.org/f", (), "tokyo"),
        ("x" * 90, "https://x.example/", (), "x" * 48),
    ],
)
def test_ids_come_from_titles(title: str, address: str, taken: tuple[str, ...], wanted: str) -> None:
    assert named_id(title, address, taken) == wanted


NESTED = '<outline text="News"><outline text="Asia &amp; Pacific"><outline text="BBC News" xmlUrl="https://feeds.bbci.co.uk/f"/></outline><outline text="World &amp; More"><outline text="Le Monde" xmlUrl="feed://m.example/f"/></outline></outline>'


def test_import_makes_topics_of_folders_and_a_round_trip_keeps_them(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        folder.mkdir()
        (folder / "config.toml").write_text("# mine\n")
    (first / "config.toml").write_text('# mine\n[[topics]]\nid = "wide"\ntitle = "World & more"\n')
    (first / "in.opml").write_bytes(
        body(NESTED + '<outline text="Again" xmlUrl="http://feeds.bbci.co.uk/f"/>')
    )
    said = cli(first, "sources", "import", "in.opml", "--topics-from-folders").stderr
    assert "2 sources added, 2 topics made, 1 there already" in said
    assert "“Again” is there already, as “BBC News” of the same file" in said
    made = load(first / "config.toml", {})
    assert [(one.id, one.topics) for one in made.sources][:2] == [
        ("bbc-news", ("news", "asia-pacific")), ("le-monde", ("news", "wide"))]  # fmt: skip
    assert {topic.id: topic.title for topic in made.topics} == {
        "wide": "World & more", "news": "News", "asia-pacific": "Asia & Pacific"}  # fmt: skip
    assert (first / "config.toml").read_text().startswith("# mine\n")
    cli(first, "sources", "export", str(second / "x.opml"))
    cli(second, "sources", "import", "x.opml", "--topics-from-folders")
    again = load(second / "config.toml", {})
    assert [(one.id, one.url, one.title, one.topics) for one in again.sources] == [
        (one.id, one.url, one.title, one.topics) for one in made.sources
    ]
    assert "0 sources added, 2 there already" in cli(second, "sources", "import", "x.opml").stderr


@pytest.mark.parametrize(
    ("name", "title", "url", "text"),
    [
        ("a title", "Alpha", "https://a.example/f", "Alpha"),
        ("none", "", "https://a.example/f?x=1", "a.example"),
        ("nothing that shows", " \u200b", "https://a.example:8443/f", "a.example"),
        ("no host either", "", "urn:x", "urn:x"),
    ],
)
def test_a_feed_without_a_title_is_called_by_its_host(name: str, title: str, url: str, text: str) -> None:
    assert f' text="{text}" title="{text}" '.encode() in opml.write("List", [opml.Outline(url, title)]), name


@pytest.mark.parametrize(
    ("name", "title", "is_read", "text"),
    [
        ("the config's word", 'title = "Mine"', True, "Mine"),
        ("what the feed says", "", True, "Alpha Daily"),
        ("not read yet", "", False, "a.example"),
        ("the database is none", "", None, "a.example"),
    ],
)
def test_an_exported_source_is_called_as_people_know_it(
    tmp_path: Path, name: str, title: str, is_read: bool | None, text: str
) -> None:
    key = 'headers = { Cookie = "env:NOBODY_SET_IT" }'  # a secret is not needed
    settings = config(tmp_path, f'[[sources]]\nid = "x-1"\nurl = "https://a.example/f"\n{title}\n')
    if is_read:
        with open_writer(settings.database) as store:
            put(store, entry("x-1", "g", "A ferry sinks"))
            with store.transaction() as writer:
                writer.run("UPDATE source SET title = 'Alpha Daily'")
    elif is_read is None:
        settings.database.parent.mkdir(parents=True, exist_ok=True)
        settings.database.write_bytes(b"no database at all" * 1000)
    settings.path.write_text(settings.path.read_text() + key)
    said = cli(tmp_path, "--config", str(settings.path), "sources", "export").stdout
    assert f'text="{text}"' in said and 'aggregator:id="x-1"' in said, name


def test_import_without_the_option_takes_known_topics_only(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[topics]]\nid = "wide"\ntitle = "World & more"\n')
    (tmp_path / "in.opml").write_bytes(body(NESTED))
    assert "2 sources added, 0 there already" in cli(tmp_path, "sources", "import", "in.opml").stderr
    made = load(tmp_path / "config.toml", {})
    assert [one.topics for one in made.sources] == [(), ("wide",)] and len(made.topics) == 1


# ---------------------------------------------------------------- check


A = '[[sources]]\nid = "a"\nurl = "https://a.example/f"\n'


@pytest.mark.parametrize(
    ("name", "text", "at", "words"),
    [
        ("good", A, None, ""),
        (
            "one address twice",
            A + '[[sources]]\nid = "b"\nurl = "http://www.a.example/f"\n',
            "sources[1].url",
            "read twice",
        ),
        ("no such file", '[[sources]]\nid = "b"\npath = "none/*.txt"\n', "sources[0].path", "no such file"),
        ("too often", A + 'interval = "299s"\n', "sources[0].interval", "min_interval"),
        ("often enough", A + 'interval = "300s"\n', None, ""),
        ("all too often", '[poll]\ninterval = "1m"\n', "poll.interval", "min_interval"),
        ("an empty topic", '[[topics]]\nid = "t"\n', "topics[0].id", "stays empty"),
        ("a topic that a source names", A + 'topics = ["t"]\n[[topics]]\nid = "t"\n', None, ""),
        ("a small or", '[[topics]]\nid = "t"\nmatch = "a or b"\n', "topics[0].match", "at character 3"),
        ("a small or in a source", A + 'exclude = "a or b"\n', "sources[0].exclude", "read as OR"),
    ],
)
def test_check_warns_of_what_is_hardly_meant_so(
    tmp_path: Path, name: str, text: str, at: str | None, words: str
) -> None:
    found = [(lines.shown(path), said) for path, said in doubts.doubts(config(tmp_path, text))]
    assert [path for path, _ in found] == ([at] if at else []), name
    assert all(words in said for _, said in found)


@pytest.mark.parametrize(
    ("base_url", "port", "doubted"),
    [
        ("http://127.0.0.1:8085/", 8080, True),
        ("http://127.0.0.1:8080/", 8080, False),
        ("http://localhost/", 8080, True),
        ("https://news.example/", 8080, False),
        ("http://news.example:8085/", 8080, True),
        ("http://news.example:8080/", 8080, False),
        ("http://localhost/", 80, False),
        ("http://[::1]:1/", 2, True),
    ],
)
def test_check_warns_of_an_address_that_leads_nowhere(
    tmp_path: Path, base_url: str, port: int, doubted: bool
) -> None:
    (tmp_path / "config.toml").write_text(f'[service]\nbase_url = "{base_url}"\n[serve]\nport = {port}\n')
    found = list(doubts.doubts(load(tmp_path / "config.toml", {})))
    assert [path for path, _ in found] == ([("service", "base_url")] if doubted else [])


@pytest.mark.parametrize(
    ("folders", "named"),
    [(1, "“F0”"), (5, "“F0”, “F1”, “F2”, “F3”, “F4”"), (7, "“F0”, “F1”, “F2”, “F3”, “F4” and 2 more")],
)
def test_import_says_which_folders_are_no_topic(tmp_path: Path, folders: int, named: str) -> None:
    text = "".join(
        f'<outline text="F{n}"><outline xmlUrl="https://a.example/{n}"/></outline>' for n in range(folders)
    )
    (tmp_path / "config.toml").write_text(A)
    (tmp_path / "in.opml").write_bytes(body(text))
    said = f"in.opml: no topic here is named like {named}; --topics-from-folders makes them\n"
    assert said in cli(tmp_path, "sources", "import", "in.opml").stderr
    assert "--topics-from-folders" not in cli(tmp_path, "sources", "import", "in.opml").stderr, (
        "nothing is new"
    )


def test_check_names_reading_lists_that_were_not_read_yet(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(A + '[[sources]]\nid = "club"\nopml = "club.opml"\n')
    (tmp_path / "club.opml").write_text(
        '<opml version="2.0"><body><outline type="rss" text="C" xmlUrl="https://c.example/feed"/></body></opml>'
    )
    unread = "the sources of 1 reading list (club) come in with the first `aggregator run`\n"
    assert cli(tmp_path, "check").stderr == f"config.toml: good: 1 source, 0 topics\n{unread}"
    assert json.loads(cli(tmp_path, "check", "--json").stdout)["lists_not_read"] == ["club"]
    settings = load(tmp_path / "config.toml", {})
    settings.database.parent.mkdir(exist_ok=True)
    lists.sync(settings, 1_800_000_000)
    assert cli(tmp_path, "check").stderr == "config.toml: good: 2 sources, 0 topics\n"


def test_check_strict(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(A + '[[topics]]\nid = "t"\n')
    done = cli(tmp_path, "check")
    assert (
        "config.toml:5: topics[0].id:" in done.stderr and "good: 1 source, 1 topic, 1 warning" in done.stderr
    )
    assert "config.toml:5: topics[0].id:" in cli(tmp_path, "check", "--strict", "-q", code=2).stderr
    (tmp_path / "config.toml").write_text(A)
    assert "good: 1 source, 0 topics\n" in cli(tmp_path, "check", "--strict").stderr


@pytest.mark.parametrize(
    "text",
    [
        '# """\nk = 1',
        'x = 1 # """\nk = 1',
        'x = "\\"\\"\\" # "\nk = 1',
        'x = \'"""\'\nk = 1',
        'x = """a""" # \'\'\'\nk = 1',
        'x = """a\nk = 2"""\nk = 1',
    ],
)
def test_lines_are_right_whatever_quotation_marks_stand_above(text: str) -> None:
    assert lines.find(text)[("k",)] == text.count("\n") + 1
