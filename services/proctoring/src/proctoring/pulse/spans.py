"""Which span of time a pulse covers, cut into buckets that begin at the same instants for all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

MOST_BUCKETS = 120


@dataclass(frozen=True, slots=True)
class Spans:
    """Equal buckets one behind the other; the last one holds the moment of asking."""

    begins_at: datetime
    bucket_seconds: int
    bucket_count: int

    @classmethod
    def until(cls, now: datetime, *, bucket_seconds: int, bucket_count: int) -> Self:
        """Cut at multiples of the bucket since 1970: what clients count by themselves fits in."""
        newest = int(now.timestamp()) // bucket_seconds
        begins = (newest - bucket_count + 1) * bucket_seconds
        return cls(datetime.fromtimestamp(begins, UTC), bucket_seconds, bucket_count)

    @property
    def surely_before(self) -> datetime:
        """An event that was received before this has a lower id than all of these buckets.

        Ids are given when a group is written, instants when its posts arrive: as far apart as a
        post may wait in line.
        """
        return self.begins_at - timedelta(minutes=1)
