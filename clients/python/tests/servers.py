"""Servers: the real binary, started, killed and started again."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

import slx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LISTENS = re.compile(r"listening.*address=(\S+)")


def binary() -> str:
    return os.environ["SLX_BINARY"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server process over a data directory."""

    def __init__(self, data_dir: Path, *flags: str, port: int = 0) -> None:
        self._command = [binary(), "serve", "--data-dir", str(data_dir), *flags]
        self._log: list[str] = []
        self._run(port)

    @property
    def log(self) -> str:
        return "\n".join(self._log)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def client(self, **more: Any) -> slx.Client:
        return slx.Client(self.url, **{"tenant": "acme", **more})

    def kill(self) -> None:
        """As a crash would."""
        self._process.kill()
        self._process.wait()
        self._reading.join()

    def start_again(self) -> None:
        """On the same port, over what it has on disk."""
        self._run(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _run(self, port: int) -> None:
        environment = {"SLX_LISTEN": f"127.0.0.1:{port}", "RUST_LOG": "info"}
        self._process = subprocess.Popen(
            self._command, env=environment, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        lines = self._lines(iter(self._process.stderr))
        found = next((match for line in lines if (match := _LISTENS.search(line))), None)
        assert found, f"it does not listen: {self.log}"
        self.address = found[1]
        # Whoever does not read the log would stop the server once the pipe is full.
        self._reading = threading.Thread(target=lambda: [None for _ in lines])
        self._reading.start()

    def _lines(self, stderr: Iterator[str]) -> Iterator[str]:
        for line in stderr:
            self._log.append(line.rstrip())
            yield line
        if self._process.stderr is not None:
            self._process.stderr.close()
