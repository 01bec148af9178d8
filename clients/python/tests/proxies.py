"""A network that breaks: what connects to it is connected to the server, until it is cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Passes bytes on, and cuts connections when it is made to."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._bytes_left: list[int] = []
        self._stalled: set[socket.socket] = set()
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Cuts all connections now."""
        with self._lock:
            self.cuts += 1
            for connection in self._open:
                # The client sees a reset, not an end.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def cut_after(self, *answered: int) -> None:
        """Cuts when the server has answered so many bytes more, then again after so many."""
        with self._lock:
            self._bytes_left = list(answered)

    def stall(self) -> None:
        """Passes nothing on any more over the connections there are, and closes none."""
        with self._lock:
            self._stalled.update(self._open)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open += [client, server]
            threading.Thread(
                target=self._pass_on, args=(client, server, False), daemon=True
            ).start()
            threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError), source:
            while passed := source.recv(16384):
                if source in self._stalled:
                    continue
                if is_answer and self._is_used_up(len(passed)):
                    # What the server did is done, and nobody hears of it.
                    self.cut()
                sink.sendall(passed)
            sink.shutdown(socket.SHUT_RDWR)

    def _is_used_up(self, passed: int) -> bool:
        with self._lock:
            if not self._bytes_left:
                return False
            self._bytes_left[0] -= passed
            if self._bytes_left[0] > 0:
                return False
            self._bytes_left.pop(0)
            return True
