"""What a source said of an entry, every element, in few bytes: most of it stands in the entry's own texts.

It is compressed against these texts (a dictionary in the sense of zlib: what it repeats of them is a
reference). So `packed` and `unpacked` have to be given the same ones; where they change in the database, a
trigger packs anew what was said, and no other program can change them without it. zlib itself tells a wrong
dictionary.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

# What `parse` gives for an RSS item of the usual kind. Never changed: every store was packed with it.
_USUAL = (
    '{"author":"","author_detail":{"name":""},"authors":[{"name":""}],"comments":"","content":[{"base":"",'
    '"language":null,"type":"text/html","value":""}],"dates":[["pubdate","Mon, 01 Jan 2024 00:00:00 +0000"]],'
    '"guidislink":false,"id":"https://www.","link":"https://www.","links":[{"href":"https://www.","rel":'
    '"alternate","type":"text/html"}],"media_content":[{"height":"","medium":"image","type":"image/jpeg",'
    '"url":"https://","width":""}],"media_thumbnail":[{"url":"https://"}],"permalink":"false","published":"",'
    '"published_parsed":[2024,1,1,0,0,0,0,1,0],"summary":"","summary_detail":{"base":"","language":null,'
    '"type":"text/html","value":""},"tags":[{"label":null,"scheme":null,"term":""}],"title":"",'
    '"title_detail":{"base":"","language":null,"type":"text/plain","value":""},"updated":"",'
    '"updated_parsed":[2024,'
)
_as_json = json.JSONEncoder(ensure_ascii=False).encode
_REACH = 32_768  # bytes that zlib looks back


def packed(raw: str, title: str, link: str | None, content: str) -> bytes:
    """`raw` beside these texts of its entry."""
    press = zlib.compressobj(3, zdict=_beside(title, link, content))
    return press.compress(raw.encode()) + press.flush()


def unpacked(data: bytes, title: str, link: str | None, content: str) -> str:
    """What `packed` made with the same texts. Raises zlib.error for others."""
    press = zlib.decompressobj(zdict=_beside(title, link, content))
    return (press.decompress(data) + press.flush()).decode()


def packed_anew(
    data: bytes, title: str, link: str | None, content: str, title_now: str, link_now: str | None, now: str
) -> bytes:
    """The same words beside other texts: (title, link, content) as they were, and as they are. What can't be
    read stays as it is.
    """
    with suppress(zlib.error):
        return packed(unpacked(data, title, link, content), title_now, link_now, now)
    return data


def _beside(title: str, link: str | None, content: str) -> bytes:
    """The dictionary: the texts as JSON writes them, so that they are found as they are."""
    texts = _as_json("\n".join((content[:_REACH], title, link or "")))
    return (texts + _USUAL).encode()[-_REACH:]
