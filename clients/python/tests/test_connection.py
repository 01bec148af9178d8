"""Who is connected to, who connects, and what is trusted."""

from __future__ import annotations

import logging
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import trustme
import world
from servers import binary

import slx
from slx.connection import parse
from slx.credentials import Bearer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import Server


def test_only_http_becomes_plaintext_and_only_https_is_spoken_beside_it() -> None:
    for address in ("127.0.0.1:7459", "http://127.0.0.1:7459", "HTTP://127.0.0.1:7459/"):
        assert parse(address) == ("127.0.0.1:7459", "127.0.0.1", False)
    assert parse("HTTPS://slx.example.com") == ("slx.example.com:443", "slx.example.com", True)
    assert parse("http://[::1]:7459") == ("[::1]:7459", "::1", False)
    for address in ("ftp://h:1", "grpc://h:1", "://h:1", "unix:///x"):
        with pytest.raises(ValueError, match="write https://HOST:PORT or http://HOST:PORT"):
            slx.Client(address)
    for address in ("http://", "http://h:port", "http://h:1/path", "http://me@h:1", "http://h:1?a"):
        with pytest.raises(ValueError, match="is not an address"):
            slx.Client(address)


def test_what_is_not_given_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, shared: Server
) -> None:
    with slx.Client() as client:
        assert repr(client) == "slx.Client('http://127.0.0.1:7459', tenant='default')"
    monkeypatch.setenv("SLX_ADDRESS", shared.url)
    monkeypatch.setenv("SLX_TENANT", "from the environment")
    with slx.Client() as client:
        world.put_terms(client)
        assert client.tenant == "from the environment"
        assert client.status().version == slx.__version__
    with slx.Client(tenant="given") as client:
        assert client.tenant == "given"
    monkeypatch.setenv("SLX_CA", "authority.pem")
    with pytest.raises(ValueError, match=r"is plaintext, where certificates say nothing"):
        slx.Client()


def test_a_token_in_plaintext_is_warned_of_unless_it_stays_here(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="slx"):
        slx.Client("http://localhost:1", token="secret").close()
        assert caplog.text == ""
        slx.Client("http://slx.example.com:1", token="secret").close()
    assert "the token travels to http://slx.example.com:1 in plaintext" in caplog.text
    assert "secret" not in caplog.text


def test_a_token_is_one_token(tmp_path: Path) -> None:
    for text in ("", " \n", "two tokens", "naïve"):
        with pytest.raises(ValueError, match="token does not hold one token"):
            Bearer(text)
    with pytest.raises(ValueError, match="give one of them"):
        Bearer("token", tmp_path / "token")
    with pytest.raises(FileNotFoundError):
        Bearer(token_file=tmp_path / "token")
    assert not Bearer().is_set


def test_a_token_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    bearer = Bearer(token_file=file)
    assert bearer.metadata() == (("authorization", "Bearer first"),)
    (tmp_path / "next").write_text("second\n")
    (tmp_path / "next").rename(file)
    assert bearer.metadata() == (("authorization", "Bearer second"),)
    # While it is replaced by other means, the last one holds.
    file.write_text("")
    assert bearer.metadata() == (("authorization", "Bearer second"),)
    file.unlink()
    assert bearer.metadata() == (("authorization", "Bearer second"),)
    file.write_text("third")
    assert bearer.metadata() == (("authorization", "Bearer third"),)


@pytest.fixture
def secured(tmp_path: Path, start: Callable[..., Server]) -> Server:
    """A server that speaks TLS and wants certificates and tokens."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "stranger.pem"))
    for name, identity in (("server", "localhost"), ("client", "client.example.com")):
        issued = authority.issue_cert(identity)
        issued.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        for place, part in enumerate(issued.cert_chain_pems):
            part.write_to_path(str(tmp_path / f"{name}.pem"), append=place > 0)
    for name, scopes in (("itsm", "record,administer,read"), ("reader", "read")):
        subprocess.run(
            [
                binary(),
                "token",
                "new",
                "--name",
                name,
                "--tenant",
                "acme",
                "--scope",
                scopes,
                "--output",
                tmp_path / f"{name}.token",
                "--add-to",
                tmp_path / "identities.toml",
            ],
            check=True,
            capture_output=True,
        )
    return start(
        "--identities",
        str(tmp_path / "identities.toml"),
        "--tls-certificate",
        str(tmp_path / "server.pem"),
        "--tls-key",
        str(tmp_path / "server.key"),
        "--client-ca",
        str(tmp_path / "authority.pem"),
    )


def test_tls_and_tokens(secured: Server, tmp_path: Path) -> None:
    address = f"https://localhost:{secured.port}"
    trusted = {
        "ca": tmp_path / "authority.pem",
        "certificate": tmp_path / "client.pem",
        "key": tmp_path / "client.key",
        "tenant": "acme",
    }
    with slx.Client(address, token_file=tmp_path / "itsm.token", **trusted) as client:  # type: ignore[arg-type]
        world.put_terms(client)
        client.record(world.waited_for_the_client())
        assert client.evaluate("INC1").clocks[0].outcome is slx.Outcome.BREACHED

    reader_token = (tmp_path / "reader.token").read_text()
    with slx.Client(address, token=reader_token, **trusted) as client:  # type: ignore[arg-type]
        assert client.evaluate("INC1").clocks[0].outcome is slx.Outcome.BREACHED
        with pytest.raises(slx.PermissionDenied):
            client.record(world.waited_for_the_client())
        watch = client.watch(heartbeat_interval=timedelta(seconds=1))
        with watch:
            assert next(iter(watch.messages())).resume_token
    with slx.Client(address, **trusted) as client, pytest.raises(slx.Unauthenticated):  # type: ignore[arg-type]
        client.evaluate("INC1")

    soon = timedelta(seconds=0.5)
    strangers = [
        {**trusted, "ca": tmp_path / "stranger.pem"},
        {**trusted, "ca": None},
        {**trusted, "certificate": None, "key": None},
    ]
    for stranger in strangers:
        with (
            slx.Client(address, token=reader_token, timeout=soon, **stranger) as client,  # type: ignore[arg-type]
            pytest.raises((slx.Unavailable, slx.DeadlineExceeded)),
        ):
            client.evaluate("INC1")
    with pytest.raises(ValueError, match="one is nothing without the other"):
        slx.Client(address, certificate=tmp_path / "client.pem")
