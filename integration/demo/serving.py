"""Serves an application on loopback in a thread, and ends it from within that thread."""

from __future__ import annotations

import threading
from typing import Any

import waitress

from integration.domain.errors import Misconfigured

HOST = "127.0.0.1"


class Serving:
    """`start(application)`, then `stop`; the port is taken from the beginning, a free one for 0.

    `Misconfigured("port_taken")` when another program has it.
    """

    def __init__(self, port: int = 0, **options: Any) -> None:
        self._map: dict[int, Any] = {}
        try:
            self._server = waitress.create_server(
                lambda *_: [], host=HOST, port=port, map=self._map, threads=8, **options
            )
        except OSError as error:
            raise Misconfigured("port_taken", host=HOST, port=port, why=error.strerror or "?") from error
        self._thread = threading.Thread(target=self._server.run, daemon=True, name="serving")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.effective_port)

    def start(self, application: Any) -> None:
        """Answer from now on."""
        self._server.application = application
        self._thread.start()

    def stop(self) -> None:
        """Finish the answers at hand, then close every socket in the thread that waits for them."""
        self._server.task_dispatcher.shutdown()
        if self._thread.is_alive():
            self._server.trigger.pull_trigger(lambda: self._server.asyncore.close_all(self._map))
            self._thread.join()
        self._server.asyncore.close_all(self._map)
