"""`python -m aggregator`, and the command `aggregator`."""

import gc
import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where whoever called us ignores it
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are loaded it would end in a traceback

from aggregator import heap

if gc.isenabled():  # not where whoever called us sees to that
    heap.collect_seldom()

from aggregator.cli import main

if __name__ == "__main__":
    main()
