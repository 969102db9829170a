"""The only SQL and the only writer of the database. `open_writer`/`open_reader` give a `Store`; verbs are in
the modules.

`entries` what came in · `sources` what we know of sources · `stories` what is published · `folding` the state
of the levels of
sameness · `upkeep` retention, backup, checks · `schema` the tables, described.
"""

from aggregator.store.base import Store, daemon_lock, open_reader, open_writer

__all__ = ["Store", "daemon_lock", "open_reader", "open_writer"]
