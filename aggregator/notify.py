"""Tells one thing through Apprise, as a program: it may hang where an address does, and is ended from outside
then.

In, on the standard input: JSON with `address`, `title`, `text`, `html` ("": none). Out: on the standard error
what went wrong, and the exit code 1. The address is a secret: it is no argument, which others could read.
"""

from __future__ import annotations

import json
import logging
import sys


def main() -> int:
    try:
        import apprise
    except ImportError:
        return _failed("needs the package apprise: install feed-aggregator[notify]")
    logging.disable()  # it names addresses
    said = json.load(sys.stdin)
    told = apprise.Apprise()
    if not told.add(said["address"]):
        return _failed("is no address that Apprise knows")
    form = apprise.NotifyFormat.HTML if said["html"] else apprise.NotifyFormat.TEXT
    is_taken = told.notify(title=said["title"], body=said["html"] or said["text"], body_format=form)
    return 0 if is_taken else _failed("was not taken")


def _failed(words: str) -> int:
    sys.stderr.write(words)
    return 1


if __name__ == "__main__":
    sys.exit(main())
