"""The only SQL and the only writer of the database. `open_writer` gives a `Store`, `open_reader` a `Reader`; verbs are
in the modules.

`entries` what came in · `sources` what we know of sources · `stories` what is published · `folding` the state
of the levels of
sameness · `upkeep` retention, backup, checks · `schema` the tables, described.

In: values of `model`. Out: the same, with the ids that they have here. Start reading at `schema.sql`, then at `base.Store`.
"""

from aggregator.store.base import Reader, Store, Writer
from aggregator.store.opening import daemon_lock, open_reader, open_writer

__all__ = ["Reader", "Store", "Writer", "daemon_lock", "open_reader", "open_writer"]
