"""How an audit is read over REST: the filters of a list and what an entry shows."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from chassis.audit import Entry, Logged
from chassis.audit_store import Wanted

_MAX_ID = 2**63 - 1


def _in_utc(moment: datetime) -> datetime:
    """Read a moment without an offset as UTC (contract §2.1); Postgres knows not every offset."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # a day off the calendar; nothing lies between that and its end
        ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return ends[moment.year > 1]


Moment = Annotated[datetime | None, AfterValidator(lambda at: at and _in_utc(at)), Query()]
AboutId = Annotated[int | None, Query(ge=-_MAX_ID, le=_MAX_ID)]


async def _wanted(  # FastAPI passes them by name
    skip: Annotated[int, Query(ge=0, le=_MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    event_type: Annotated[str | None, Query(pattern=r"^[a-z_]{1,50}$")] = None,
    since: Moment = None,
    until: Moment = None,
    success: Annotated[bool | None, Query()] = None,
) -> Wanted:
    return Wanted(skip, limit, event_type, since, until, success)


Filter = Annotated[Wanted, Depends(_wanted)]


class EntryBody(BaseModel):
    """An entry as it is stored, with its place in its chain."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    event_type: str
    event_category: str
    description: str
    user_id: int | None
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    success: bool
    error_message: str | None
    created_at: datetime
    chain: str
    place: int
    hash: str

    @classmethod
    def of(cls, logged: Logged[Entry]) -> Self:
        """Show an entry; what it is about besides are fields of subclasses."""
        entry = logged.entry
        taken = cls.model_fields.keys() & vars(entry).keys()
        return cls(
            **{name: getattr(entry, name) for name in taken},
            id=logged.id,
            ip_address=entry.origin.ip_address,
            user_agent=entry.origin.user_agent,
            success=entry.success,
            created_at=logged.created_at,
            chain=entry.chain,
            place=logged.place,
            hash=logged.hash,
        )
