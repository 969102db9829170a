"""How many readers one machine serves: requests a second for a topic's feed, as gzip (200) and unchanged
(304), beside nginx on the same file where that is installed; then what 1,000 clients that are idle, slow or
never read cost the others.

    scripts/bench serve [--seconds S] [--clients N] [--crowd N] [--plot FILE.svg]

The server runs in a process of its own, the clients in another; both on this machine, so that on few cores
the figure is what is left beside the clients. Connections are kept open where the server keeps them: waitress
closes them after each 304.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import plot

EVERY = 15 * 60  # seconds between two polls of a subscriber
SERVER = """
import pathlib, sys
from aggregator.server import Running
from aggregator.web import Application
running = Running(Application(pathlib.Path(sys.argv[1]), None, "https://desk.example/"), "127.0.0.1", 0)
print(running.port, flush=True)
sys.stdin.read()
running.close()
"""
NGINX = """
worker_processes auto; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; gzip_static on; keepalive_requests 1000000; types {{ application/atom+xml atom; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/public; }}
}}
"""


def feed(entries: int = 50) -> bytes:
    """A feed as large as a topic's is: fifty stories of about 2 kB, words by chance."""
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(5000)]
    texts = (" ".join(rng.choices(words, k=300)) for _ in range(entries))
    body = "".join(
        f"<entry><id>urn:x:{n}</id><content>{text}</content></entry>" for n, text in enumerate(texts)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{body}</feed>\n'.encode()


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[tuple[int, int]]:
    """(port, process id) of this project's server."""
    command = [sys.executable, "-c", SERVER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.stdin.close()
            process.wait(20)


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    with subprocess.Popen(["nginx", "-c", str(settings), "-p", str(folder)]) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def asked(wire: socket.socket, request: bytes) -> tuple[bytes, bytes]:
    """(head, body) of one answer."""
    wire.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        part = wire.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        got += part
    head, body = got.split(b"\r\n\r\n", 1)
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    wanted = int(lengths[0]) if lengths and b" 304 " not in head else 0
    parts = [body]
    missing = wanted - len(body)
    while missing > 0:
        parts.append(wire.recv(min(missing, 262_144)))
        missing -= len(parts[-1])
    return head, b"".join(parts)


def rate(port: int, request: bytes, status: bytes, clients: int, seconds: float) -> float:
    """Requests a second that `clients` connections get answered, each with this status."""
    counts = [0] * clients
    until = time.monotonic() + seconds

    def ask(number: int) -> None:
        while time.monotonic() < until:
            with socket.create_connection(("127.0.0.1", port)) as wire:
                head = b""
                while time.monotonic() < until and b"connection: close" not in head.lower():
                    head, _ = asked(wire, request)
                    assert head.split(b" ", 2)[1] == status, head
                    counts[number] += 1

    begun = time.monotonic()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(counts) / (time.monotonic() - begun)


def get(*more: str) -> bytes:
    return "\r\n".join(["GET /topic.atom HTTP/1.1", "Host: desk.example", *more, "", ""]).encode()


def rates(port: int, clients: int, seconds: float) -> dict[str, float]:
    packed = get("Accept-Encoding: gzip")
    with socket.create_connection(("127.0.0.1", port)) as wire:
        head, body = asked(wire, packed)
    assert gzip.decompress(body).startswith(b"<feed")
    etag = next(line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"etag: "))
    unchanged = get("Accept-Encoding: gzip", f"If-None-Match: {etag.decode()}")
    return {
        "gzip 200": rate(port, packed, b"200", clients, seconds),
        "304": rate(port, unchanged, b"304", clients, seconds),
    }


def resident(process: int) -> float:
    """MB of memory that a process has."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


CROWDS = {
    "idle": b"",
    "slow (half a request)": b"GET /topic.atom HTTP/1.1\r\nHost: desk.ex",
    "never reading (3 asked for)": get() * 3,
}


def crowd(port: int, process: int, sent: bytes, size: int) -> tuple[float, float]:
    """(seconds until the slowest of five others was answered, MB more) while so many clients hold on."""
    wires: list[socket.socket] = []
    before, slowest = resident(process), 0.0
    try:
        for _ in range(size):
            wire = socket.create_connection(("127.0.0.1", port), timeout=60)
            wires.append(wire)
            with contextlib.suppress(OSError):
                wire.sendall(sent)
        for _ in range(5):
            begun = time.monotonic()
            with socket.create_connection(("127.0.0.1", port), timeout=90) as wire:
                asked(wire, get("Accept-Encoding: gzip"))
            slowest = max(slowest, time.monotonic() - begun)
        return slowest, resident(process) - before
    finally:
        for wire in wires:
            wire.close()


def main() -> None:
    asks = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asks.add_argument("--seconds", type=float, default=5.0, help="for each figure (default 5)")
    asks.add_argument("--clients", type=int, default=8, help="connections at once (default 8)")
    asks.add_argument("--crowd", type=int, default=1000, help="clients that hold on (default 1000)")
    asks.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the requests a second")
    given = asks.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        public = folder / "public"
        public.mkdir()
        folder.chmod(0o755)
        body = feed()
        for file, content in (("topic.atom", body), ("topic.atom.gz", gzip.compress(body, 9, mtime=0))):
            (public / file).write_bytes(content)
            os.utime(public / file, (1_700_000_000, 1_700_000_000))
        print(
            f"a feed of {len(body):,} bytes, {(public / 'topic.atom.gz').stat().st_size:,} packed; {given.clients} clients"
        )
        servers = {"aggregator": ours(public), **({"nginx": nginx(folder)} if shutil.which("nginx") else {})}
        for server, running in servers.items():
            with running as (port, process):
                found[server] = rates(port, given.clients, given.seconds)
                for answer, value in found[server].items():
                    print(
                        f"{server:12} {answer:9} {value:8,.0f} /s = {value * EVERY:,.0f} subscribers that poll every 15 minutes"
                    )
                if server != "aggregator":
                    continue
                for kind, sent in CROWDS.items():
                    seconds, more = crowd(port, process, sent, given.crowd)
                    print(
                        f"{given.crowd} clients {kind}: others waited {seconds:.2f} s at most, {more:+.0f} MB"
                    )
        if "nginx" not in found:
            print("nginx is not installed: nothing to compare with")
    if given.plot:
        answers = {f"{server}: {name}": value for server, row in found.items() for name, value in row.items()}
        plot.bars(given.plot, "Requests a second", answers, "/s")


if __name__ == "__main__":
    main()
