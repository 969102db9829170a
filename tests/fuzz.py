"""Mutated feeds through parse → store → fold → publish. `scripts/fuzz [ROUNDS] [SEED]`; in short form in test_whole.py."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from aggregator import check, cycle
from aggregator.model import FetchResult, Limits, PollResult, Source, SourceState
from aggregator.parse import parse
from aggregator.store import entries, open_writer
from tests.helpers import NOW, config
from tests.test_parse import ATOM, RSS

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example/", "authors": [{"name": "A", "url": "https://j.example/a"}],
"items": [{"id": "1", "url": "https://j.example/1", "title": "One", "content_html": "<p>text <b>bold</b></p>", "date_published": "2026-01-02T03:04:05Z", "tags": ["x", "y"]},
{"id": 2, "external_url": "https://k.example/2", "content_text": "plain\\n\\ntext", "attachments": [{"url": "https://j.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12, "duration_in_seconds": 3}]}]}"""
RDF = """<?xml version="1.0" encoding="iso-8859-1"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel rdf:about="https://r.example/"><title>R</title><sy:updatePeriod>hourly</sy:updatePeriod></channel>
<item rdf:about="https://r.example/1"><title>One &amp; only</title><link>https://r.example/1</link><dc:date>2026-01-02T03:04:05+01:00</dc:date><description>&lt;p&gt;text</description></item></rdf:RDF>"""
TOKENS = (
    b"<",
    b">",
    b"&",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"&#0;",
    b"&#xFFFE;",
    b"\x00",
    b"\xff",
    b"javascript:",
    b"<script>",
    b"\xed\xa0\x80",
    b"xml:base='::'",
    b"&lt;img onerror=",
    b"\x1b[2J",
    b"&#xD800;",
    b"\\ud800",
    b"\\u0000",
    b"1e999",
    b'encoding="undefined"',
    b"<item>",
    b"</item>",
    b"<guid>1</guid>",
    b"\xff\xfe",
    b"<skipHours><hour>1</hour></skipHours>",
    b"-9999999999999999999",
    b"null",
    b"[]",
    b"{}",
)


def mutated(rng: random.Random) -> bytes:
    body = bytearray(rng.choice([RSS, RSS, ATOM, ATOM, JSON, RDF]).encode())
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(body))
        choice = rng.random()
        if choice < 0.4:
            body[at : at + rng.randint(0, 6)] = rng.choice(TOKENS)
        elif choice < 0.7:
            body[at] = rng.randrange(256)
        else:
            end = min(len(body), at + rng.randint(1, 60))
            body[at:at] = body[at:end]
    return bytes(body)


def rounds(count: int, seed: int, folder: Path) -> list[str]:
    """What broke: nothing, one hopes."""
    rng = random.Random(seed)
    settings = config(
        folder, '[[sources]]\nid = "f"\nurl = "https://f.example/feed"\n[publish]\nlimit = 1000\n'
    )
    with open_writer(settings.database) as store:
        for number in range(count):
            parsed = parse(
                settings.sources[0],
                FetchResult("https://f.example/feed", NOW, 200, (), mutated(rng)),
                Limits(),
            )
            memory = SourceState(polled=NOW)
            polled = PollResult("f", NOW, memory, parsed.feed, parsed.entries)
            entries.absorb(
                store,
                Source("f", url="https://f.example/feed"),
                polled,
                lambda new, m=memory: m,  # type: ignore[misc]  # bound in the loop
                lambda e: True,
                lambda m: None,
            )
            if number % 50 == 49 or number == count - 1:
                cycle.run(settings, store, None, NOW + number)
    return list(check.folder(settings.output))


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as place:
        broken = rounds(many, int(sys.argv[2]) if len(sys.argv) > 2 else 1, Path(place))
    print("\n".join(broken) or f"{many} rounds, nothing broke")
    sys.exit(bool(broken))
