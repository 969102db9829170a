"""Processes of ours that know nothing of the program around us: forked from one clean server, without our
threads and locks, and without importing the `__main__` of whoever embeds us.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Sequence
from multiprocessing import context, forkserver, popen_forkserver, process, reduction, spawn, util
from typing import Any

# Bytes: a socket's path is 103 at most on any system, of which `/pymp-12345678/listener-12345678` are 32.
LONGEST_FOLDER = 71
# what a new process need not import
PRELOADED = ("aggregator.parse.feeds", "aggregator.parse.isolate", "pebble")


class _Popen(popen_forkserver.Popen):
    """As multiprocessing starts a process, but without importing the `__main__` of the program that embeds
    us: its size, its side effects and a missing `if __name__ == "__main__"` are none of a worker's business.
    """

    def _launch(self, process_obj: Any) -> None:
        message = self._message(process_obj)
        self.sentinel, pipe = forkserver.connect_to_new_process(
            self._fds  # type: ignore[attr-defined]  # typeshed leaves out what is private
        )
        still_here = os.dup(pipe)  # how the worker sees that we have ended
        self.finalizer = util.Finalize(self, _close, (still_here, self.sentinel))
        with open(pipe, "wb", closefd=True) as file:
            file.write(message.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)

    def _message(self, process_obj: Any) -> io.BytesIO:
        """What the server is to start, and with what."""
        prepared = spawn.get_preparation_data(process_obj._name)
        for key in ("init_main_from_name", "init_main_from_path"):
            prepared.pop(key, None)
        message = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(prepared, message)
            reduction.dump(process_obj, message)
        finally:
            context.set_spawning_popen(None)
        return message


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


class _Process(context.ForkServerProcess):
    def start(self) -> None:
        """Also from a process that multiprocessing calls a daemon, as the workers of a Dask cluster are, and
        which may have no children then: ours end when the pipe to them does, however that one ends.
        """
        config = process.current_process()._config  # type: ignore[attr-defined]  # typeshed leaves it out
        daemon = config.pop("daemon", None)
        try:
            super().start()
        finally:
            if daemon is not None:
                config["daemon"] = daemon

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        return _Popen(process_obj)


class Context(context.ForkServerContext):
    """Makes such processes, and what they share."""

    Process = _Process


def ensure_server(clean: Context, preloaded: Sequence[str] = PRELOADED) -> str:
    """Start the server where it does not run yet; returns its address, see `use_server`.

    It starts as `python -c`, which looks for modules in the present folder first: a folder there that is
    called `aggregator` (or a json.py) would be taken for ours. Not with this (Python 3.11 and newer).
    """
    _make_room_for_sockets()
    clean.set_forkserver_preload(list(preloaded))
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        _server().ensure_running()
    finally:  # other programs that we start are none of our business
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
    return str(_server()._forkserver_address)


def _make_room_for_sockets() -> None:
    """multiprocessing makes its sockets below the folder for temporary files (`TMPDIR`), whose path may be
    longer than the system takes for a socket.
    """
    config = process.current_process()._config  # type: ignore[attr-defined]  # typeshed leaves it out
    if config.get("tempdir") is None and len(os.fsencode(tempfile.gettempdir())) > LONGEST_FOLDER:
        config["tempdir"] = made = tempfile.mkdtemp(prefix="pymp-", dir="/tmp")
        util.Finalize(None, shutil.rmtree, (made, True), exitpriority=-100)


def use_server(address: str) -> None:
    """In a process that such a server made: its own processes come from the same one. (multiprocessing says
    that they do, and starts another server for each.)
    """
    server = _server()
    server._forkserver_address, server.ensure_running = address, lambda: None


def _server() -> Any:
    return forkserver._forkserver
