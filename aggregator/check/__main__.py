"""`python -m aggregator.check FOLDER`"""

from __future__ import annotations

import sys
from pathlib import Path

from aggregator.check.folder import folder, notes


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: scripts/check-feeds FOLDER")
    path = Path(sys.argv[1])
    findings = list(folder(path))
    for line in findings:
        print(line)
    for line in notes(path):
        print(f"note: {line}", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
