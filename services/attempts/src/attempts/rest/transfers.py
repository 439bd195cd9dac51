"""/api/v1/transfers: moving a running attempt to another workstation (contract §8.3)."""

from typing import Annotated

from chassis.access import AnyCaller
from fastapi import APIRouter, Query, status

from attempts.auth_client import People
from attempts.moving import Decision, Wish
from attempts.rest.shared import MAX_ID, App, From, HallInCharge, PathId, QueryId, Staff
from attempts.schemas.transfers import (
    AuditBody,
    Text,
    TransferBody,
    TransferDecisionBody,
    TransferListBody,
    TransferRequestBody,
)
from attempts.store.transfers import Filter
from attempts.transfer import HALL_STAFF, Decider, TransferStatus

router = APIRouter(prefix="/api/v1/transfers", tags=["transfers"])

_LARGEST_PAGE = 100

Workstation = Annotated[Text | None, Query(max_length=100)]
Page = Annotated[int, Query(ge=1, le=MAX_ID // _LARGEST_PAGE)]


@router.post("/request", status_code=status.HTTP_201_CREATED)
async def request_transfer(
    caller: AnyCaller, app: App, came_from: From, body: TransferRequestBody
) -> TransferBody:
    """Ask for a move; it waits for a hall in-charge."""
    people = await app.names.of([caller.user_id])
    wish = Wish(
        body.attempt_id,
        body.to_workstation,
        body.reason,
        caller.user_id,
        _shown(people, caller.user_id),
        caller.roles,
        came_from,
    )
    return TransferBody.of(await app.database.run(app.moving.request, wish))


@router.post("/{transfer_id}/approve")
async def decide(
    caller: HallInCharge,
    app: App,
    came_from: From,
    transfer_id: PathId,
    body: TransferDecisionBody,
) -> TransferBody:
    """Approve, which moves the attempt at once, or reject."""
    student_id = await app.database.run(app.moving.student_of, transfer_id)
    people = await app.names.known([caller.user_id, student_id])
    decision = Decision(
        transfer_id,
        _decider(people, caller.user_id),
        people.center(student_id),
        body.approved,
        body.reason,
        came_from,
    )
    return TransferBody.of(await app.database.run(app.moving.decide, decision))


@router.get("")
async def list_transfers(
    caller: AnyCaller,
    app: App,
    status_filter: Annotated[TransferStatus | None, Query()] = None,
    exam_id: QueryId = None,
    attempt_id: QueryId = None,
    from_workstation: Workstation = None,
    to_workstation: Workstation = None,
    page: Page = 1,
    page_size: Annotated[int, Query(ge=1)] = 20,
) -> TransferListBody:
    """List transfers, newest first: all for the hall's staff, of own attempts for others."""
    wanted = Filter(
        student_id=None if caller.has_any(*HALL_STAFF) else caller.user_id,
        status=status_filter,
        exam_id=exam_id,
        attempt_id=attempt_id,
        from_workstation=from_workstation,
        to_workstation=to_workstation,
    )
    size = min(page_size, _LARGEST_PAGE)
    found = await app.database.run(app.moving.transfers, wanted, (page - 1) * size, size)
    shown = [TransferBody.of(transfer) for transfer in found.transfers]
    return TransferListBody(transfers=shown, total=found.total, page=page, page_size=size)


@router.get("/audit/{transfer_id}")
async def get_audit(_: Staff, app: App, transfer_id: PathId) -> list[AuditBody]:
    """Show who did what about a transfer, oldest first, with names as far as auth tells them."""
    trail = await app.database.run(app.moving.trail, transfer_id)
    users = [logged.entry.user_id for logged in trail]
    people = await app.names.of(user for user in users if user is not None)
    return [
        AuditBody.named(logged, "" if user is None else people.username(user))
        for logged, user in zip(trail, users, strict=True)
    ]


@router.get("/{transfer_id}")
async def get_transfer(caller: AnyCaller, app: App, transfer_id: PathId) -> TransferBody:
    transfer = await app.database.run(
        app.moving.transfer, transfer_id, caller.user_id, sees_all=caller.has_any(*HALL_STAFF)
    )
    return TransferBody.of(transfer)


def _decider(people: People, user_id: int) -> Decider:
    return Decider(user_id, _shown(people, user_id), people.roles(user_id), people.center(user_id))


def _shown(people: People, user_id: int) -> str:
    """Return the user name that a student is shown; auth may be away."""
    return people.username(user_id) or f"user {user_id}"
