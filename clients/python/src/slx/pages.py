"""Lists, whose pages are fetched as they are read."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from slx.decode import Answer
from slx.stamps import Stamp

T = TypeVar("T", bound=Answer)


class Pages(Generic[T]):
    """A list, from its first item to its last, whose pages come as they are needed."""

    def __init__(self, answer: type[T], name: str, fetch: Callable[[str], Any]) -> None:
        """Reads the field `name` of the pages that `fetch` gives for their tokens."""
        self._answer = answer
        self._name = name
        self._fetch = fetch
        self._first: Any = None

    @property
    def stamp(self) -> Stamp:
        """What the first page rests on: watch `after` this, and nothing is missed."""
        return Stamp.of(self._first_page().stamp)

    def __iter__(self) -> Iterator[T]:
        page = self._first_page()
        while True:
            for message in getattr(page, self._name):
                yield self._answer.of(message)
            if not page.next_page_token:
                return
            page = self._fetch(page.next_page_token)

    def _first_page(self) -> Any:  # noqa: ANN401
        if self._first is None:
            self._first = self._fetch("")
        return self._first
