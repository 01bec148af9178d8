"""A connection to a server, by the rules of the command line.

https:// speaks TLS, http:// plaintext, and nothing else becomes plaintext.
"""

import ipaddress
import logging
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc

from slx.credentials import Bearer

FilePath = str | PathLike[str]
ChannelOptions = Sequence[tuple[str, Any]]

DEFAULT_ADDRESS = "http://127.0.0.1:7459"
DEFAULT_TENANT = "default"

logger = logging.getLogger("slx")

_OPTIONS: ChannelOptions = (
    # There is one layer that sends again, and it is this package.
    ("grpc.enable_retries", 0),
    # A server that comes back is found within this, not within minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A connection that is gone without a word is noticed, also while a watch only listens.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Of the two, the one that grpc 1.85 goes by; a minute unless it is set.
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Answers have at most 4 MiB, unless the server is set otherwise.
    ("grpc.max_receive_message_length", 64 << 20),
    # As the command line, which knows no proxies. `options` of a client can say otherwise.
    ("grpc.enable_http_proxy", 0),
    # Two clients share no connection, nor its pauses.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True)
class Security:
    """Whom to trust, and who this is, as files in PEM."""

    ca: FilePath | None = None
    certificate: FilePath | None = None
    key: FilePath | None = None

    @property
    def is_set(self) -> bool:
        """Whether any of it says something."""
        return any(each is not None for each in (self.ca, self.certificate, self.key))


def from_environment(given: str | None, name: str, default: str) -> str:
    """What was given, or else what the environment says."""
    return given if given is not None else os.environ.get(name) or default


def file_from_environment(given: FilePath | None, name: str) -> FilePath | None:
    """The file that was given, or else that the environment names."""
    return given if given is not None else os.environ.get(name) or None


def open_channel(
    address: str, bearer: Bearer, security: Security, options: ChannelOptions = ()
) -> grpc.Channel:
    """A channel to a server; it connects with the first call."""
    target, host, has_tls = parse(address)
    all_options = list({**dict(_OPTIONS), **dict(options)}.items())
    if has_tls:
        return grpc.secure_channel(target, _tls(security), options=all_options)
    if security.is_set:
        raise ValueError(
            f"{address} is plaintext, where certificates say nothing: write https://..."
        )
    if bearer.is_set and not _is_local(host):
        logger.warning("the token travels to %s in plaintext: write https://...", address)
    return grpc.insecure_channel(target, options=all_options)


def parse(address: str) -> tuple[str, str, bool]:
    """What to connect to, its host, and whether it speaks TLS."""
    scheme, divider, rest = address.partition("://")
    if not divider:
        scheme, rest = "http", address
    if scheme.lower() not in ("http", "https"):
        raise ValueError(
            f"{address}: {scheme} is not a scheme of slx: write https://HOST:PORT or "
            "http://HOST:PORT"
        )
    has_tls = scheme.lower() == "https"
    parts = urlsplit(f"//{rest}")
    try:
        port = parts.port or (443 if has_tls else 80)
    except ValueError as error:
        raise ValueError(f"{address!r} is not an address: write http://HOST:PORT") from error
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{address!r} is not an address: write http://HOST:PORT")
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}", host, has_tls


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(security: Security) -> grpc.ChannelCredentials:
    if (security.certificate is None) != (security.key is None):
        raise ValueError("certificate and key: one is nothing without the other")
    return grpc.ssl_channel_credentials(
        root_certificates=_system_roots() if security.ca is None else _read(security.ca),
        private_key=None if security.key is None else _read(security.key),
        certificate_chain=None if security.certificate is None else _read(security.certificate),
    )


def _read(file: FilePath) -> bytes:
    return Path(file).read_bytes()


def _system_roots() -> bytes | None:
    """The authorities of the system; none: those that grpc brings."""
    context = ssl.create_default_context()
    found = context.get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode() or None
