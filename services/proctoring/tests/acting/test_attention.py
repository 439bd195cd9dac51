"""GetBoard says what of an exam waits for somebody: claims, hands, live actions, unread words."""

import uuid

import pytest
from chassis import rpc
from oep.proctoring.v1 import proctoring_pb2 as pb
from oep.proctoring.v1 import proctoring_pb2_grpc


@pytest.fixture
async def board(rig):
    async with rpc.channel(f"127.0.0.1:{rig.app.state.grpc_port}") as channel:
        stub = proctoring_pb2_grpc.ProctoringServiceStub(channel)

        async def ask(exam_id: int) -> dict[int, pb.Attention]:
            request = pb.GetBoardRequest(exam_id=exam_id)
            answer = await rpc.call(stub.GetBoard, request, seconds=5)
            return {each.attempt_id: each for each in answer.attention}

        yield ask


async def test_a_board_learns_what_waits_and_forgets_what_was_seen_to(hall, board):
    (busy, student), _, (claimed, _) = hall.sits(), hall.sits(), hall.sits()
    user_id, proctor = hall.watcher()
    path = f"/attempt/{busy.attempt_id}"
    said = {"message_id": str(uuid.uuid4()), "text": "My mouse is broken"}
    sent = (await student.post(f"{path}/messages", json=said)).json()
    await student.post(f"{path}/hand")
    await hall.act(proctor, busy.attempt_id, action="warn")
    item = (await hall.act(proctor, busy.attempt_id))[busy.attempt_id]
    await proctor.post(f"/attempt/{claimed.attempt_id}/claim")

    found = await board(hall.exam_id)
    assert set(found) == {busy.attempt_id, claimed.attempt_id}
    one, two = found[busy.attempt_id], found[claimed.attempt_id]
    assert (one.live_action_count, one.unread_message_count) == (2, 1)
    assert one.HasField("hand_raised_at")
    assert not one.HasField("claimed_by_id")
    assert (two.claimed_by_id, two.claimed_by) == (user_id, f"proctor-{user_id}")
    assert two.HasField("claimed_at")

    await proctor.delete(f"{path}/hand")
    await proctor.post(f"{path}/messages/read", json={"up_to_id": sent["id"]})
    await student.post(f"{path}/actions/{item['action']['id']}/acknowledge")
    await proctor.delete(f"/attempt/{claimed.attempt_id}/claim")
    found = await board(hall.exam_id)
    assert set(found) == {busy.attempt_id}
    left = found[busy.attempt_id]
    assert (left.live_action_count, left.unread_message_count) == (1, 0)
    assert not left.HasField("hand_raised_at")


async def test_another_exams_board_learns_nothing_of_it(hall, board):
    sat, student = hall.sits()
    await student.post(f"/attempt/{sat.attempt_id}/hand")
    assert await board(hall.exam_id + 1_000_000) == {}
