"""Months, quarters, years and other stretches of time over which clocks are counted."""

from dataclasses import dataclass
from datetime import datetime

from slx.decode import Answer


@dataclass(frozen=True, kw_only=True)
class Period(Answer):
    """A stretch of time."""

    #: "2026-10", "2026-Q3" or "2026"; empty: it has no name.
    name: str
    start_time: datetime
    #: This instant is no part of it.
    end_time: datetime
