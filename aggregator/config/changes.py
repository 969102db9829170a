"""What a changed config takes away: most of what there was is more likely half a file than a wish."""

from __future__ import annotations

from collections.abc import Collection

from aggregator.config.values import Config

FEW = 2  # of sources or topics: so many may go at once, whatever part of all they are
_NONE = "it has no source any more"


def sweeping(before: Config, after: Config) -> str | None:
    """What goes, in words, where that should be asked about first: all sources, all of several topics, or
    most of either. None: go ahead.
    """
    sources = _lost({one.id for one in before.sources}, {one.id for one in after.sources})
    if before.sources and not after.sources:
        several = f"it has none of the {len(before.sources)} sources any more"
        return several if len(before.sources) > 1 else _NONE
    if sources:
        return f"it lacks {sources} sources"
    topics = _lost({one.id for one in before.topics}, {one.id for one in after.topics})
    if len(before.topics) > 1 and not after.topics:
        return f"it has none of the {len(before.topics)} topics any more"
    return f"it lacks {topics} topics" if topics else None


def _lost(before: Collection[str], after: Collection[str]) -> str:
    gone = sorted(set(before) - set(after))
    if len(gone) <= FEW or 2 * len(gone) <= len(before):
        return ""
    shown = ", ".join(gone[:5]) + (" …" if len(gone) > 5 else "")
    return f"{len(gone)} ({shown}) of {len(before)}"
