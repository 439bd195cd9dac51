"""Contract §8.1 on the whole platform: staff speak to a student on whichever node he is."""

import pytest
from chassis.waiting import eventually

WARNING = {"type": "warning", "message": "Please sit still", "warning_code": "SIT"}


def is_warning(frame):
    return frame["type"] == "warning"


@pytest.mark.contract("8.1/all-nodes", "9.5/broadcast")
async def test_what_an_administrator_says_reaches_the_student_on_every_node_and_the_audit(
    platform, student, admin
):
    path = f"attempts/{student.attempt_id}"
    nodes = [platform.service_url("realtime", number) for number in (1, 2)]
    async with (
        student.socket_at(nodes[0], path) as first,
        student.socket_at(nodes[1], path) as second,
        student.socket(path) as somewhere,
        admin.socket_at(nodes[0], f"exams/{student.exam_id}/monitor") as board,
        admin.socket_at(nodes[1], f"exams/{student.exam_id}/monitor") as other_board,
        admin.speaker(student.attempt_id) as speaker,
    ):
        sockets = [first, second, somewhere]
        for each in (board, other_board):  # the speaker is on one of the two, and counts as it does
            await eventually(lambda b=each: shows_sockets(b, student.attempt_id, 3), 20)
        await speaker.send(**WARNING)
        ack = await speaker.until(lambda f: f["type"] == "broadcast_ack")
        assert ack["recipients"] == len(sockets)
        assert speaker.frames == [ack]
        shown = [dict(await socket.until(is_warning)) for socket in sockets]
        positions = [frame.pop("position") for frame in shown]
        assert shown == [WARNING] * len(sockets)
        assert positions == [positions[0]] * len(sockets)
        assert positions[0]["sequence"] > first.frames[0]["position"]["sequence"]
    wanted = {"attempt_id": student.attempt_id, "event_type": "broadcast"}
    found = await admin.http.get("/attempts/audit", params=wanted)
    [entry] = found.raise_for_status().json()
    assert (entry["user_id"], entry["success"]) == (admin.user["id"], True)
    assert entry["ip_address"] == "127.0.0.1"
    assert "websockets" in entry["user_agent"]
    assert '"Please sit still"' in entry["details"]["frame"]


def shows_sockets(board, attempt_id: int, count: int) -> bool:
    """Say whether a board has been told of so many sockets of an attempt, as the nodes are."""
    told = [f["data"] for f in board.of_type("delta") if f["attempt_id"] == attempt_id]
    snapshots = [row for f in board.of_type("snapshot") for row in f["attempts"]]
    told += [row for row in snapshots if row["attempt_id"] == attempt_id]
    return any(data.get("socket_count") == count for data in told)
