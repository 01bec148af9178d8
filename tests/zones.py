"""Prints what Python's zoneinfo knows of every zone from 2000 to 2099, out of the newest tzdata
package alone. The first line is `version<TAB>2026f`; each further line is a change of offset,
`zone<TAB>unix second<TAB>offset in seconds`, the first of a zone standing for 2000-01-01.

A zone's offset is looked up at 00:00 and 12:00 UTC of each day, and where two in a row differ the
second of the change is found by halving. Zones whose data are the same are looked up once.
"""

import hashlib
import importlib.resources
import zoneinfo
from datetime import UTC, datetime

import tzdata

HALF_DAY = 12 * 60 * 60
BEGIN = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


def main() -> None:
    zoneinfo.reset_tzpath(to=())
    print("version", tzdata.IANA_VERSION, sep="\t")
    changes_of_data: dict[bytes, list[tuple[int, int]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        data = digest(name)
        if data not in changes_of_data:
            changes_of_data[data] = list(changes(zoneinfo.ZoneInfo(name)))
        for second, offset in changes_of_data[data]:
            print(name, second, offset, sep="\t")


def digest(name: str) -> bytes:
    file = importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    return hashlib.sha256(file.read_bytes()).digest()


def changes(zone: zoneinfo.ZoneInfo):
    before = offset_at(zone, BEGIN)
    yield BEGIN, before
    for second in range(BEGIN + HALF_DAY, END + 1, HALF_DAY):
        after = offset_at(zone, second)
        if after != before:
            yield first_second(zone, second - HALF_DAY, second), after
        before = after


def first_second(zone: zoneinfo.ZoneInfo, before: int, after: int) -> int:
    """The second of the one change between two seconds."""
    offset_before = offset_at(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(zone, middle) == offset_before:
            before = middle
        else:
            after = middle
    return after


def offset_at(zone: zoneinfo.ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return offset.days * 86_400 + offset.seconds


main()
