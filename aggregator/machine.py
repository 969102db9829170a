"""What this machine has no more of, which is no fault of a source and is not booked as one: the source stays
due.
"""

from __future__ import annotations

import errno
import os

from aggregator.model import Failure

KIND = "machine"  # of such failures


def trouble(error: BaseException) -> Failure | None:
    """Where it says that no more files may be opened; connections count as such."""
    if not isinstance(error, OSError) or error.errno not in (errno.EMFILE, errno.ENFILE):
        return None
    return Failure(KIND, "not asked: too many files are open on this machine; raise `ulimit -n`")


def spent() -> Failure | None:
    """The same where a library does not say why it found nothing: one is opened."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return trouble(error)
    return None
