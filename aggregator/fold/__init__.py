"""New entries into stories and events: item, then text, then event. Decisions are `dedupe` and `cluster`; the
state is the store's.

Work follows the number of new entries: candidates come from postings of a story's heaviest words, only they
are loaded.

In: what waits in the store. Out: members of stories and events there, and how many. Start reading at `fold`,
then at `batch.Batch.run`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from aggregator import dedupe, heap
from aggregator.batches import batches
from aggregator.fold.batch import Batch, Windows
from aggregator.fold.by_hand import join, know
from aggregator.fold.cache import FoldCache
from aggregator.model import Folded
from aggregator.stop import Stop
from aggregator.store import Store, members, queue

__all__ = ["BATCH", "Windows", "fold", "join", "know"]

BATCH = 2000  # entries that are compared together
TRANSACTION = 5 * BATCH  # entries that are written together: the same pages come again from batch to batch


def fold(
    store: Store,
    windows: Windows,
    titles: dict[str, str],
    progress: Callable[[int], None] | None = None,
    stop: Stop | None = None,
) -> Folded:
    """Fold everything that waits, in the order (published, id). `titles` of sources help to clean headlines.

    Ends after the batch in hand once `stop` is set: what was folded until then is kept.
    """
    waiting = queue.pending(store)
    done = _folded(store, windows, waiting, FoldCache(store, titles), progress or _nobody, stop or Stop())
    if len(waiting) > BATCH:  # what was remembered was more than all other stages need
        dedupe.forget()
        store.give_back()
        heap.give_back()
    return done


def _nobody(_: int) -> None:
    """Is told how far it is."""


def _folded(
    store: Store,
    windows: Windows,
    waiting: Sequence[int],
    memory: FoldCache,
    progress: Callable[[int], None],
    stop: Stop,
) -> Folded:
    done = Folded()
    with _no_collection():
        for taken in batches(waiting, TRANSACTION):
            with store.transaction() as writer:
                for part in batches(taken, BATCH):
                    found = members.entries(writer, part, dedupe.BODY_CHARACTERS)
                    Batch(writer, windows, memory, done, found).run()
                    memory.bound()
                    progress(len(part))
                    if stop.is_set():
                        break
                memory.flush(writer)
            if stop.is_set():
                break
    done.troubles += memory.asker.troubles
    return done


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing here makes cycles of references, and looking for them among what is remembered takes a tenth of
    the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            if gc.get_freeze_count():  # within `heap.seldom_collected`: nor is all of it looked through now
                gc.freeze()
            gc.enable()
