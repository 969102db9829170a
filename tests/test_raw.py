"""What a source said is there again byte for byte, whatever becomes of the texts that it is packed beside."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from aggregator.store import entries, lookup, open_writer, raw
from tests.helpers import NOW, change, entry, put

LONG = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(60_000))  # nothing comes twice soon
SAID = '{"summary":"He said \\"no\\",\\nthen left","title":"Łódź"}'
TEXTS: list[tuple[str, tuple[str, str, str | None, str]]] = [
    ("nothing at all", ("", "", None, "")),
    ("nothing but words", (SAID, "", None, "")),
    ("quotes, line ends, letters", (SAID, "Łódź", "https://x.example/1", 'He said "no",\nthen left')),
    ("longer than zlib looks back", (json.dumps({"content": LONG}), "T", None, f"<p>{LONG}</p>")),
    ("title and link longer than that", (SAID, LONG, f"https://x.example/{LONG}", SAID)),
]


@pytest.mark.parametrize(
    ("said", "title", "link", "content"), [row for _, row in TEXTS], ids=[n for n, _ in TEXTS]
)
def test_what_was_packed_is_unpacked(said: str, title: str, link: str | None, content: str) -> None:
    data = raw.packed(said, title, link, content)
    assert raw.unpacked(data, title, link, content) == said
    anew = raw.packed_anew(data, title, link, content, f"{title}!", "https://y.example/", "<p>Other</p>")
    assert raw.unpacked(anew, f"{title}!", "https://y.example/", "<p>Other</p>") == said


def test_what_the_texts_say_takes_no_bytes() -> None:
    words = " ".join(f"word{number * 7919 % 1000}" for number in range(300))
    said = json.dumps({"title": words, "content": [{"value": f'<p class="a">{words}</p>'}]})
    assert (
        len(raw.packed(said, words, None, f"<p>{words}</p>")) < 150 < 500 < len(zlib.compress(said.encode()))
    )


def test_what_earlier_programs_packed_is_read() -> None:
    """The dictionary is a part of every store: it never changes."""
    data = bytes.fromhex(
        "78bbcb031280ab460a018f5485e2c4cc148518a5bcfc18259d98bc928cd43c859cd4b412258403a1994ea916004a9c154f"
    )
    assert raw.unpacked(data, "Łódź", "https://x.example/1", "<p>Ferry</p>") == SAID


def test_damage_is_noticed_and_stops_no_edit() -> None:
    data = raw.packed(SAID, "A", None, "B")
    with pytest.raises(zlib.error):
        raw.unpacked(data, "A", None, "C")
    assert raw.packed_anew(data, "A", None, "C", "D", None, "E") == data


def test_it_follows_the_entry(tmp_path: Path) -> None:
    made = entry(
        "a",
        "1",
        "Ferry sinks",
        "Ninety were rescued",
        link="https://x.example/1",
        raw='{"title":"Ferry sinks"}',
    )
    edited = entry(
        "a", "1", "Ferry sank", "All were rescued", link="https://x.example/2", raw='{"title":"Ferry sank"}'
    )
    with open_writer(tmp_path / "t.db") as store:
        put(store, made)
        assert lookup.said(store, 1) == made.raw
        for column in ("title", "link", "content"):  # as no program of ours does
            change(store, f"UPDATE entry SET {column} = 'Other words'")
            assert lookup.said(store, 1) == made.raw, column
        assert put(store, edited, at=NOW + 60).updated == 1
        assert lookup.said(store, 1) == edited.raw


def test_a_held_edit_brings_what_it_said(tmp_path: Path) -> None:
    with open_writer(tmp_path / "t.db") as store:
        for number in range(30):  # so many that it is in debt
            last = entry("a", "1", f"Ferry sinks, {number} rescued", raw=f'{{"title":"{number}"}}')
            put(store, last, at=NOW + number)
        assert lookup.said(store, 1) != last.raw
        assert entries.pay(store, NOW + 10 * 86_400, lambda one: True) == 1
        assert lookup.said(store, 1) == last.raw
