"""Lists of texts in requests."""

from collections.abc import Iterable


def texts(given: Iterable[str], name: str) -> list[str]:
    """The texts as a list. A single text, whose letters would each be one, is refused."""
    if isinstance(given, str):
        raise TypeError(f"{name}: a list of texts is wanted: write [{given!r}]")
    return list(given)
