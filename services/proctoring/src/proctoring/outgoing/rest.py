"""REST of webhooks: administrators manage endpoints, those who run the halls see how they stand."""

from datetime import timedelta
from typing import Annotated

from chassis.access import requires
from chassis.database import Database
from chassis.tokens import Caller
from fastapi import APIRouter, Depends, Path, Query, Request

from proctoring.edge import EVERYWHERE, Limit
from proctoring.outgoing.keeping import Keeping
from proctoring.outgoing.queue import DeliveryState
from proctoring.outgoing.schemas import (
    DeliveryShape,
    EndpointBody,
    EndpointShape,
    ReplayBody,
    ReplayedShape,
    RotateBody,
    SecretShape,
    TriedShape,
)

router = APIRouter(prefix="/api/v1/proctoring/webhooks", tags=["webhooks"])

MAX_ID = 2**63 - 1
Admin = Annotated[Caller, Depends(requires("admin"))]
Staff = Annotated[Caller, Depends(requires(*EVERYWHERE))]
EndpointId = Annotated[int, Path(alias="id", ge=1, le=MAX_ID)]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_ID)]
Before = Annotated[int, Query(ge=1, le=MAX_ID, description="only ids below this one")]
Only = Annotated[DeliveryState | None, Query()]


@router.get("")
async def get_endpoints(request: Request, _: Staff) -> list[EndpointShape]:
    """Return all endpoints and how they stand."""
    found = await _database(request).run(_keeping(request).every)
    return [EndpointShape.of(each) for each in found]


@router.post("", status_code=201)
async def post_endpoint(request: Request, caller: Admin, body: EndpointBody) -> SecretShape:
    """Make an endpoint that hears what happens from now on; its secret is shown this once."""
    made = await _database(request).run(_keeping(request).add, body.wish(), caller.user_id)
    return SecretShape.with_secret(made)


@router.get("/{id}")
async def get_endpoint(request: Request, _: Staff, endpoint_id: EndpointId) -> EndpointShape:
    return EndpointShape.of(await _database(request).run(_keeping(request).find, endpoint_id))


@router.put("/{id}")
async def put_endpoint(
    request: Request, caller: Admin, endpoint_id: EndpointId, body: EndpointBody
) -> EndpointShape:
    """Say anew what it is; one that was failing is tried again at once."""
    change = _keeping(request).change
    found = await _database(request).run(change, endpoint_id, body.wish(), caller.user_id)
    return EndpointShape.of(found)


@router.delete("/{id}", status_code=204)
async def delete_endpoint(request: Request, caller: Admin, endpoint_id: EndpointId) -> None:
    """Remove an endpoint and all that was, or was to be, told to it."""
    await _database(request).run(_keeping(request).remove, endpoint_id, caller.user_id)


@router.post("/{id}/secret")
async def rotate_secret(
    request: Request, caller: Admin, endpoint_id: EndpointId, body: RotateBody
) -> SecretShape:
    """Give it a new secret, shown this once; for a while the one before signs, too."""
    overlap = timedelta(hours=body.overlap_hours)
    rotate = _keeping(request).rotate
    made = await _database(request).run(rotate, endpoint_id, overlap, caller.user_id)
    return SecretShape.with_secret(made)


@router.post("/{id}/test", status_code=202)
async def try_endpoint(request: Request, _: Admin, endpoint_id: EndpointId) -> TriedShape:
    """Send it a message of type `webhook.tried`."""
    delivery_id = await _database(request).run(_keeping(request).attempt, endpoint_id)
    return TriedShape(delivery_id=delivery_id)


@router.get("/{id}/deliveries")
async def get_deliveries(
    request: Request,
    _: Staff,
    endpoint_id: EndpointId,
    state: Only = None,
    before: Before = MAX_ID,
    limit: Limit = 100,
) -> list[DeliveryShape]:
    """Return what was and is to be told to it, the newest first."""
    found = await _database(request).run(
        _keeping(request).deliveries, endpoint_id, state=state, before=before, limit=limit
    )
    return [DeliveryShape.of(each) for each in found]


@router.post("/{id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay_delivery(
    request: Request, _: Admin, endpoint_id: EndpointId, delivery_id: DeliveryId
) -> ReplayedShape:
    """Send one message again, under the id that it had."""
    await _database(request).run(_keeping(request).replay_one, endpoint_id, delivery_id)
    return ReplayedShape(count=1)


@router.post("/{id}/replay", status_code=202)
async def replay_since(
    request: Request, _: Admin, endpoint_id: EndpointId, body: ReplayBody
) -> ReplayedShape:
    """Send everything again that happened since an instant, or only what was given up."""
    replay = _keeping(request).replay
    count = await _database(request).run(
        replay, endpoint_id, body.since, only_failed=body.only_failed
    )
    return ReplayedShape(count=count)


def _keeping(request: Request) -> Keeping:
    keeping: Keeping = request.app.state.webhooks
    return keeping


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
