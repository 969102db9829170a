"""The only door to the network (and to local files), see `Door`.

In: a `Request` and its `Limits`. Out: a `FetchResult`, whatever happens. Start reading at `door.Door.get`.
"""

from __future__ import annotations

from aggregator.fetch.door import Door
from aggregator.fetch.exchange import Trail

__all__ = ["Door", "Trail"]
