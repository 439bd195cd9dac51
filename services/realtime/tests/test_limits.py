"""What settings and constants promise together, and what some parts must not do at all."""

import ast
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import realtime
from realtime import leases
from realtime.settings import RealtimeSettings
from websockets.asyncio.client import connect

SOURCE = Path(realtime.__file__).parent
PURE = [
    "rfc6455",
    "resume",
    "ring",
    "channels",
    "sightings",
    "timing",
    "closing",
    "attention",
    "frames",
    "incoming",
    "broadcast",
    "boards/row",
    "boards/order",
]
IO = {"asyncio", "socket", "selectors", "threading", "subprocess", "os", "nats", "grpc", "httpx"}


@pytest.mark.parametrize("module", PURE)
def test_what_is_pure_knows_no_loop_no_socket_and_no_clock(module):
    """Only its own functions are called: nothing of it waits, and no time is asked for."""
    tree = ast.parse((SOURCE / f"{module}.py").read_text())
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in {"datetime.now", "time.time", "time.monotonic"}
    assert imported & (IO | {"time"}) == set()
    assert imported <= {*sys.stdlib_module_names, "realtime", "chassis", "msgspec"}


def default(name):
    return RealtimeSettings.model_fields[name].default


def test_by_default_a_lost_student_is_shown_within_six_seconds():
    """Silent from just behind a ping on: two pings without an answer, looked at with the third."""
    assert 3 * default("websocket_ping_seconds") <= 6


def test_a_dead_node_is_noticed_within_ten_seconds():
    """Its key runs out, is found missing, is still missing; each look comes a beat later."""
    looks = 2 * leases._BEAT_SECONDS
    assert leases._LEASE_SECONDS + leases._MISSING_SECONDS + looks <= 10


def test_by_default_a_stranger_has_five_seconds_and_a_user_eight_sockets():
    assert default("auth_seconds") == 5
    assert default("socket_limit") == 8
    assert default("ping_seconds") == 30
    assert default("time_push_seconds") <= 10


async def test_what_is_offered_to_compress_is_not_taken(world):
    attempt = world.attempt()
    token = world.tokens.token(attempt.student_id)
    url = f"ws://127.0.0.1:{world.port}/api/v1/ws/attempts/{attempt.attempt_id}?token={token}"
    async with connect(url, compression="deflate", proxy=None) as client:
        assert "permessage-deflate" in client.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        assert "connected" in await client.recv()


async def test_a_board_says_for_when_it_is_what_it_shows(world, monkeypatch):
    """While its line is behind, `as_of` stands back with it."""
    attempt = world.attempt()
    first = await world.board(attempt.exam_id)
    await first.frame("snapshot")
    line = world.node.feed.line(attempt.exam_id)
    now = world.node.keeper.now()
    monkeypatch.setattr(line, "behind_seconds", lambda: 30.0)
    behind = now - world.node.boards._boards[attempt.exam_id].as_of()
    assert timedelta(seconds=29) < behind < timedelta(seconds=30.1)
