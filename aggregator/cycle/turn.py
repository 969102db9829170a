"""One cycle: all stages, or nothing where there is nothing to do, which costs next to nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aggregator.config import Config
from aggregator.cycle import asleft, due
from aggregator.cycle.due import Wanted
from aggregator.cycle.report import Report, Watch
from aggregator.errors import Stopped
from aggregator.publish import Folder, Written
from aggregator.stop import Stop
from aggregator.store import Store

if TYPE_CHECKING:
    from aggregator.cycle.network import Network
    from aggregator.mailbox import Mailbox


def run(
    config: Config,
    store: Store,
    wanted: Wanted | None,
    now: int,
    stop: Stop | None = None,
    watch: Watch | None = None,
    network: Network | None = None,
    mailbox: Mailbox | None = None,
) -> Report:
    """One cycle; `wanted` None polls nothing (`--offline`). Ends soon, with what it has, once `stop` is set;
    the next one goes on from there. `network`: what a daemon keeps from cycle to cycle; `mailbox`: what hubs
    bring to it.
    """
    report, stop = Report(now), stop or Stop()
    if mailbox is None and due.nothing(config, store, wanted, now):
        there = asleft.files(config, store, now) or len(Folder(config.output).names())
        report.written = Written(unchanged=there)
        return report
    from aggregator import heap

    with heap.seldom_collected():
        from aggregator.cycle.network import opened
        from aggregator.cycle.stages import Stages  # all that polling, folding and publishing need

        with suppress(Stopped), store.until(stop.overdue), opened(stop, network) as way_out:
            Stages(config, store, report, stop, watch or Watch(), way_out, mailbox).run(wanted)
    return report
