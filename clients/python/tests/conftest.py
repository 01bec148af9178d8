"""The real server over loopback: SLX_BINARY names its binary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import world
from servers import Server

import slx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_configure() -> None:
    binary = os.environ.get("SLX_BINARY")
    if not binary or not os.access(binary, os.X_OK):
        raise pytest.UsageError(f"SLX_BINARY must name the slx binary to test with, not {binary!r}")


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADDRESS", "TENANT", "TOKEN_FILE", "CA", "CLIENT_CERT", "CLIENT_KEY"):
        monkeypatch.delenv(f"SLX_{name}", raising=False)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests share, each with a tenant of its own."""
    with Server(tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def client(shared: Server, request: pytest.FixtureRequest) -> Iterator[slx.Client]:
    """A client of a tenant that has terms and no incidents."""
    with shared.client(tenant=request.node.name[:100]) as client:
        world.put_terms(client)
        yield client


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of a test's own, which end with it."""
    started: list[Server] = []

    def start_one(*flags: str, name: str = "data", port: int = 0) -> Server:
        started.append(Server(tmp_path / name, *flags, port=port))
        return started[-1]

    yield start_one
    for server in started:
        server.kill()
