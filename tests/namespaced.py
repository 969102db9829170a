"""Redirects that lead away from loopback, followed in a network namespace that has nothing else: `unshare -rn python -m tests.namespaced`."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import sys

from aggregator.fetch import Door
from aggregator.model import Limits, Request
from tests.hostile import Hostile

IFF_UP = 1


def alone() -> bool:
    """Whether there is no interface but `lo`, which is then brought up."""
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", IFF_UP) + bytes(22))  # SIOCSIFFLAGS
    return True


def main() -> None:
    if not alone():
        sys.exit("not in a namespace of its own: nothing is followed")
    found: dict[str, str] = {}
    with Hostile(outside=True) as server:
        limits = Limits(timeout=3.0, allow_hosts=(f"127.0.0.1:{server.port}",))
        for name in server.table:
            with Door() as door:
                failure = door.get(Request(server.url(name)), limits).failure
            found[name] = failure.kind if failure else "ok"
        wanted = {name: case.wanted for name, case in server.table.items()}
        print(json.dumps({"found": found, "wanted": wanted, "canary": len(server.canary_log)}), flush=True)
    os._exit(0)  # resolvers that wait for an answer are left behind


if __name__ == "__main__":
    main()
