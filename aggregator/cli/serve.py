"""`serve` and `daemon`.

In: where to listen, how often to look. Out: a server, and cycles, until a signal. Start reading at
`daemon_command`.
"""

from __future__ import annotations

import signal

import click

from aggregator.cli.livepages import Holder
from aggregator.cli.service import Service, address, application, start
from aggregator.cli.settings import Settings, common
from aggregator.daemon import Daemon, notify
from aggregator.meters import Meters
from aggregator.server import Running
from aggregator.stop import Stop


@click.command("serve")
@click.option("--host", help="The address to listen on. [default: serve.host, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port. [default: serve.port, else 8080]")
@common()
def serve_command(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the output folder, /status, /search, /healthz and /metrics."""
    config = settings.load(secrets=False)
    given_host, given_port = config.serve or ("127.0.0.1", 8080)
    host, port = host or given_host, given_port if port is None else port
    running = start(application(Holder(config), Meters()), host, port)
    here = address(host, running.port)
    settings.say(f"serving {config.output} at {here} (stop with Ctrl-C)")
    if config.desk:
        settings.say(f"the desk is at {here}desk")
    _wait_for_the_end(running)
    running.close()


def _wait_for_the_end(running: Running) -> None:
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1):
        if not running.alive:
            raise RuntimeError("the web server ended by itself")


@click.command("daemon")
@click.option(
    "--tick",
    type=click.IntRange(1, 3600),
    default=5,
    show_default=True,
    help="Seconds between two looks at what is due.",
)
@click.option(
    "--accept", is_flag=True, help="Take over also a changed config that lacks most of its sources or topics."
)
@common()
def daemon_command(settings: Settings, tick: int, accept: bool) -> None:
    """Cycles on a schedule until SIGTERM or SIGINT; serves too when [serve] is there; reloads the config on
    SIGHUP and when it changes.
    """
    service = Service(settings, accept)
    try:
        service.start()
        Daemon(settings.path, service.turn, service.reload, tick).run()
    finally:
        service.close()
    notify("STATUS=stopped")
