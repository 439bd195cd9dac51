"""The REST edge for administrators: people and centers."""

from typing import Annotated

from chassis.access import AnyCaller, From, require
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request

from auth.audit import Author
from auth.errors import AdminsOnly
from auth.people import Change, NewPerson, RoleName, Wanted
from auth.roster import Roster
from auth.schemas import CenterIn, CenterShape, Line, PersonChange, PersonIn, User
from auth.sign_in import SignIn

router = APIRouter(prefix="/api/v1/auth", tags=["people"])

MAX_ID = 2**31 - 1
_MAX_SKIP = 2**63 - 1


def _roster(request: Request) -> Roster:
    roster: Roster = request.app.state.roster
    return roster


async def _admin(caller: AnyCaller, request: Request) -> Caller:
    """Let administrators pass whose login stands and who still are what their token says."""
    require(caller, RoleName.ADMIN.value)
    deeds: SignIn = request.app.state.sign_in
    account = await deeds.holder(caller.user_id, caller.login_id)
    if RoleName.ADMIN not in account.role_names:
        raise AdminsOnly
    return caller


Admin = Annotated[Caller, Depends(_admin)]


async def _author(caller: Admin, origin: From) -> Author:
    return Author(caller.user_id, origin)


People = Annotated[Roster, Depends(_roster)]
By = Annotated[Author, Depends(_author)]
"""The administrator who does something, and from where."""
Skip = Annotated[int, Query(ge=0, le=_MAX_SKIP)]
Limit = Annotated[int, Query(ge=1, le=1000)]
UserId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID)]
CenterId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
Text = Annotated[Line | None, Query(min_length=1, max_length=100)]


@router.get("/users")
async def users(
    _: Admin,
    people: People,
    skip: Skip = 0,
    limit: Limit = 100,
    role: RoleName | None = None,
    center_id: CenterId = None,
    q: Text = None,
) -> list[User]:
    """List users by id: all, or by role, by center, by a part of what they are called (`q`)."""
    found = await people.users(Wanted(skip, limit, role, center_id, q))
    return [User.of(account) for account in found]


@router.post("/users", status_code=201)
async def add_user(author: By, people: People, body: PersonIn) -> User:
    """Add a user; without a password he can only come in by hall ticket."""
    columns = await people.hashed(body.columns())
    person = NewPerson(**columns, roles=frozenset(body.roles))
    return User.of(await people.add(person, by=author))


@router.get("/users/{user_id}")
async def user(_: Admin, people: People, user_id: UserId) -> User:
    """Show a user."""
    return User.of(await people.show(user_id))


@router.patch("/users/{user_id}")
async def change_user(author: By, people: People, user_id: UserId, body: PersonChange) -> User:
    """Change what is given.

    Deactivation ends all logins at once, in every service; a role that is taken away or a new
    secret ends them too; a role that is added appears with the next token.
    """
    columns = await people.hashed(body.columns())
    roles = None if body.roles is None else frozenset(body.roles)
    return User.of(await people.change(user_id, Change(columns, roles), by=author))


@router.get("/centers")
async def centers(
    _: Admin, people: People, skip: Skip = 0, limit: Limit = 100
) -> list[CenterShape]:
    """List centers by id."""
    return [CenterShape.model_validate(c) for c in await people.centers(skip, limit)]


@router.post("/centers", status_code=201)
async def add_center(author: By, people: People, body: CenterIn) -> CenterShape:
    """Add a center."""
    added = await people.add_center(body.model_dump(), by=author)
    return CenterShape.model_validate(added)
