"""`python -m aggregator.check [--any-order] FOLDER`"""

from __future__ import annotations

import sys
from pathlib import Path

from aggregator.check.feeds import OUT_OF_ORDER
from aggregator.check.folder import folder, notes


def main() -> None:
    given = sys.argv[1:]
    any_order = given[:1] == ["--any-order"]  # of feeds with sort = "sources"
    given = given[any_order:]
    if len(given) != 1 or not Path(given[0]).is_dir():
        sys.exit("usage: scripts/check-feeds [--any-order] FOLDER")
    path = Path(given[0])
    findings = [line for line in folder(path) if not (any_order and line.endswith(OUT_OF_ORDER))]
    for line in findings:
        print(line)
    for line in notes(path):
        print(f"note: {line}", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
