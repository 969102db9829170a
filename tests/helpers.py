"""Small makers of values and of configs for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aggregator.config import Config, load
from aggregator.model import Entry, PollResult, Source, SourceState
from aggregator.parse import normal
from aggregator.store import Store, entries

NOW = 1_790_000_000


def entry(
    source: str,
    guid: str,
    title: str,
    text: str = "",
    at: int = NOW - 3600,
    link: str | None = None,
    **more: Any,
) -> Entry:
    """An entry as parsed: in our normal form, without what the store adds."""
    made = Entry(
        source=source,
        key="",
        guid=guid,
        title=title,
        text=text,
        content=f"<p>{text}</p>" if text else "",
        link=link,
        published=at,
        raw="{}",
    )
    return normal.finish(replace(made, **more))


def change(store: Store, query: str, *values: object) -> None:
    """What no verb of the store does."""
    with store.transaction() as writer:
        writer.run(query, values)


def put(store: Store, *found: Entry, at: int = NOW) -> entries.Absorbed:
    """Absorb these as one poll a source."""
    total = entries.Absorbed()
    for source in dict.fromkeys(one.source for one in found):
        mine = tuple(one for one in found if one.source == source)
        memory = SourceState(polled=at, succeeded=at, state="ok", state_since=at)
        polled = PollResult(source, at, memory, entries=mine)
        done = entries.absorb(
            store,
            Source(source, url=f"https://{source}.example/feed"),
            polled,
            lambda new, m=memory: m,  # type: ignore[misc]  # bound in the loop
            lambda e: True,
            lambda m: None,
        )
        total = entries.Absorbed(total.new + done.new, total.updated + done.updated)
    return total


def config(folder: Path, body: str, service: str = "") -> Config:
    """A config.toml in this folder, loaded."""
    path = folder / "config.toml"
    path.write_text(
        f'[service]\ntitle = "Test desk"\nbase_url = "https://desk.example/"\n{service}\n{body}',
        encoding="utf-8",
    )
    return load(path, {})
