"""What all routes of this service share: parts of the app, paging, and who counts as staff."""

from dataclasses import dataclass
from typing import Annotated

from chassis.access import requires
from chassis.database import Database
from chassis.origins import Network, Origin, origin
from chassis.tokens import Caller
from fastapi import Depends, Path, Query, Request

from attempts.allowing import Allowing
from attempts.auth_client import Names
from attempts.authoring import Authoring
from attempts.authorising import Authorising
from attempts.composing import Composing
from attempts.lifecycle import Lifecycle
from attempts.marking import Marking
from attempts.moving import Moving
from attempts.reading import Reading
from attempts.releasing import Releasing
from attempts.saving import Saving
from attempts.starting import Starting
from attempts.steering import Steering

MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Parts:
    """The deeds that routes call, and the database whose threads they run on."""

    database: Database
    reading: Reading
    lifecycle: Lifecycle
    saving: Saving
    marking: Marking
    authoring: Authoring
    composing: Composing
    moving: Moving
    starting: Starting
    steering: Steering
    allowing: Allowing
    authorising: Authorising
    releasing: Releasing
    names: Names
    trusted_proxies: tuple[Network, ...]


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


App = Annotated[Parts, Depends(_parts)]


async def _origin(request: Request, app: App) -> Origin:
    return origin(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        request.headers.get("user-agent"),
        app.trusted_proxies,
    )


From = Annotated[Origin, Depends(_origin)]
HallInCharge = Annotated[Caller, Depends(requires("hall_in_charge"))]
Student = Annotated[Caller, Depends(requires("student"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
Staff = Annotated[Caller, Depends(requires("admin", "hall_in_charge"))]
Overseer = Annotated[Caller, Depends(requires("admin", "hall_in_charge", "proctor"))]
Grader = Annotated[Caller, Depends(requires("admin", "hall_in_charge", "grader"))]
Skip = Annotated[int, Query(ge=0, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=1000)]
PathId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID)]
QueryId = Annotated[int | None, Query(ge=-MAX_ID, le=MAX_ID)]


def is_staff(caller: Caller) -> bool:
    return caller.has_any("admin", "hall_in_charge")


def sees_attempts(caller: Caller) -> bool:
    """Say whether the caller may look at attempts that are not his own."""
    return caller.has_any("admin", "hall_in_charge", "proctor")


def seen_by(caller: Caller) -> int | None:
    """Return whose eyes narrow what is shown: everybody's who is not staff."""
    return None if is_staff(caller) else caller.user_id
