"""The token that says who calls, and where it comes from."""

import threading
from os import PathLike, stat_result
from pathlib import Path

Metadata = tuple[tuple[str, str], ...]


class Bearer:
    """A token that is sent with every call.

    One that is in a file is read again when the file changes: tokens are replaced, and those of
    identity providers soon expire.
    """

    def __init__(
        self, token: str | None = None, token_file: str | PathLike[str] | None = None
    ) -> None:
        if token is not None and token_file is not None:
            raise ValueError("token and token_file: give one of them")
        self._lock = threading.Lock()
        self._file = None if token_file is None else Path(token_file)
        self._seen: tuple[int, int, int] | None = None
        self._metadata: Metadata = ()
        if token is not None:
            self._metadata = _metadata(token, "token")
        if self._file is not None:
            self._read(self._file, self._file.stat())

    @property
    def is_set(self) -> bool:
        """Whether there is a token."""
        return bool(self._metadata)

    def metadata(self) -> Metadata:
        """What to send with a call."""
        if self._file is None:
            return self._metadata
        with self._lock:
            try:
                status = self._file.stat()
                if _identity(status) != self._seen:
                    self._read(self._file, status)
            except (OSError, ValueError):
                # It is being replaced: until it is there, the one before is as good as none.
                pass
            return self._metadata

    def _read(self, file: Path, status: stat_result) -> None:
        self._metadata = _metadata(file.read_text(), str(file))
        self._seen = _identity(status)


def _identity(status: stat_result) -> tuple[int, int, int]:
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _metadata(text: str, name: str) -> Metadata:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{name} does not hold one token")
    return (("authorization", f"Bearer {token}"),)
