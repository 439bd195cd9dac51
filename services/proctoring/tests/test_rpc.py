"""GetBoard: what a live board starts from."""

import pytest
from chassis import rpc
from chassis.waiting import eventually
from oep.proctoring.v1 import proctoring_pb2 as pb
from oep.proctoring.v1 import proctoring_pb2_grpc


@pytest.fixture
async def board(rig):
    async with rpc.channel(f"127.0.0.1:{rig.app.state.grpc_port}") as channel:
        stub = proctoring_pb2_grpc.ProctoringServiceStub(channel)

        async def ask(exam_id: int, **wanted: bool) -> pb.GetBoardResponse:
            request = pb.GetBoardRequest(exam_id=exam_id, **wanted)
            return await rpc.call(stub.GetBoard, request, seconds=5)

        yield ask


async def test_a_board_holds_the_tallies_of_its_exam_only(rig, board):
    first, client = rig.sits()
    second = rig.stub.add("expired", exam_id=first.exam_id)
    silent = rig.stub.add(exam_id=first.exam_id)
    for event_type in ("tab_switch", "fullscreen_exit", "answer_change", "tab_switch"):
        posted = {"attempt_id": first.attempt_id, "event_type": event_type}
        shown = (await client.post("/events", json=posted)).json()
    late = {"attempt_id": second.attempt_id, "event_type": "fullscreen_exit"}
    await rig.client(second.student_id).post("/events", json=late)
    timing = {"attempt_id": silent.attempt_id, "question_id": 1, "total_time_seconds": 7}
    await rig.client(silent.student_id).post("/question-timing", json=timing)
    answer = await board(first.exam_id)
    one, two = answer.tallies
    assert (one.attempt_id, one.info_count, one.warning_count, one.violation_count) == (
        first.attempt_id, 1, 2, 1,
    )  # fmt: skip
    assert one.last_event.event_type == "tab_switch"
    assert one.last_event.severity == pb.SEVERITY_WARNING
    assert one.last_event.received_at.ToJsonString() == shown["received_at"]
    assert (two.attempt_id, two.last_event.late) == (second.attempt_id, True)
    assert answer.as_of.seconds >= one.last_event.received_at.seconds
    assert list((await board(first.exam_id, without_tallies=True)).tallies) == []


async def test_a_board_has_the_scores_of_its_exam_only(rig, board):
    (sat, client), (other, others_client) = rig.sits(), rig.sits()
    silent = rig.stub.add(exam_id=sat.exam_id)
    for one, its_client in ((sat, client), (other, others_client)):
        posted = {"attempt_id": one.attempt_id, "event_type": "fullscreen_exit"}
        await its_client.post("/events", json=posted)
    posted = {"attempt_id": silent.attempt_id, "event_type": "window_focus"}
    await rig.client(silent.student_id).post("/events", json=posted)

    async def scores():
        return {each.attempt_id: each.score for each in (await board(sat.exam_id)).risks}

    assert await eventually(scores, seconds=20) == {sat.attempt_id: 4}
    assert list((await board(sat.exam_id, without_tallies=True)).risks) == []


@pytest.mark.parametrize("exam_id", [0, 2**40])
async def test_an_exam_without_events_has_an_empty_board(board, exam_id: int):
    assert list((await board(exam_id)).tallies) == []
