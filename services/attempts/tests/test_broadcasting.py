"""RecordBroadcast: the entry that must be there before anything is said (contract §8.1, §9.5)."""

import uuid

import pytest
from attempts import auditing
from chassis.errors import Invalid, NotFound
from chassis.rpc import call
from oep.attempts.v1 import attempts_pb2 as pb

FRAME = '{"type":"warning","message":"\\u0000 \U0001f642 quiet, please"}'


def broadcast(attempt_id: int, **changes) -> pb.RecordBroadcastRequest:
    said = {
        "broadcast_id": str(uuid.uuid4()),
        "attempt_id": attempt_id,
        "actor_id": 9,
        "frame_json": FRAME,
        "ip_address": "10.0.0.3",
        "user_agent": "Firefox",
    }
    return pb.RecordBroadcastRequest(**(said | changes))


async def record(stub, request: pb.RecordBroadcastRequest) -> None:
    await call(stub.RecordBroadcast, request, seconds=10)


def entries(world, attempt_id: int) -> list[dict]:
    return world.run(
        "SELECT event_type, event_category, user_id, exam_id, ip_address, user_agent, success,"
        " error_message, details FROM attempts.audit_logs WHERE attempt_id = :id ORDER BY place",
        id=attempt_id,
    )


def flaw_in(world, chain: str) -> object:
    with world.db.transaction() as session:
        return auditing.flaw_in(session, chain)


@pytest.mark.contract("9.5/broadcast")
@pytest.mark.parametrize("status", ["not_started", "in_progress", "submitted"])
async def test_a_broadcast_is_audited_with_who_whence_and_what(stub, world, status):
    attempt_id = world.attempt(status)
    request = broadcast(attempt_id)
    await record(stub, request)
    [entry] = entries(world, attempt_id)
    assert entry == {
        "event_type": "broadcast",
        "event_category": "attempt",
        "user_id": 9,
        "exam_id": world.row(attempt_id)["exam_id"],
        "ip_address": "10.0.0.3",
        "user_agent": "Firefox",
        "success": True,
        "error_message": None,
        "details": {"broadcast_id": request.broadcast_id, "frame": FRAME},
    }


async def test_the_same_broadcast_is_audited_once(stub, world):
    attempt_id = world.attempt()
    request = broadcast(attempt_id)
    for _ in range(3):
        await record(stub, request)
    assert len(entries(world, attempt_id)) == 1
    await record(stub, broadcast(attempt_id))
    assert len(entries(world, attempt_id)) == 2


async def test_one_that_may_have_reached_nobody_is_an_entry_of_its_own(stub, world):
    attempt_id = world.attempt()
    request = broadcast(attempt_id)
    await record(stub, request)
    request.failure = "The message bus does not answer"
    await record(stub, request)
    await record(stub, request)
    sent, failed = entries(world, attempt_id)
    assert (sent["success"], failed["success"]) == (True, False)
    assert failed["event_type"] == "broadcast_failed"
    assert failed["error_message"] == "The message bus does not answer"


async def test_the_entries_are_in_the_attempts_chain(stub, world):
    attempt_id = world.attempt()
    for _ in range(3):
        await record(stub, broadcast(attempt_id))
    assert await world.db.run(flaw_in, world, f"attempt:{attempt_id}") is None
    places = world.run(
        "SELECT place FROM attempts.audit_logs WHERE chain = :chain ORDER BY place",
        chain=f"attempt:{attempt_id}",
    )
    assert [row["place"] for row in places] == [1, 2, 3]


async def test_an_attempt_that_is_not_there_is_not_found(stub):
    with pytest.raises(NotFound):
        await record(stub, broadcast(999_999))


@pytest.mark.parametrize(
    "changes",
    [
        {"broadcast_id": ""},
        {"broadcast_id": "no uuid"},
        {"frame_json": ""},
        {"frame_json": "x" * 16_385},
        {"frame_json": '{"type":"\0"}'},
        {"failure": ""},
        {"failure": "x" * 1_001},
    ],
)
async def test_what_is_out_of_bounds_is_refused(stub, world, changes):
    attempt_id = world.attempt()
    with pytest.raises(Invalid):
        await record(stub, broadcast(attempt_id, **changes))
    assert entries(world, attempt_id) == []
