"""WebSockets through the gateway: frames both ways, foreign pages refused, refusals unchanged."""

import json

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

PATHS = ["/api/v1/ws/attempts/1", "/api/v1/ws/admin/broadcast/1", "/api/v1/ws/exams/1/monitor"]


def url(rig, path: str) -> str:
    return f"ws://127.0.0.1:{rig.envoy.port}{path}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [None, "http://localhost:5173"])
def test_frames_pass_both_ways(rig, path, origin):
    with connect(url(rig, f"{path}?token=abc&since=4"), origin=origin) as socket:
        assert json.loads(socket.recv()) == {"upstream": "realtime", "query": "token=abc&since=4"}
        for text in ("one", "x" * 100_000):
            socket.send(text)
            assert socket.recv() == f"heard {text}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:5173.x"])
def test_a_foreign_page_gets_no_socket(rig, path, origin):
    with pytest.raises(InvalidStatus) as refusal, connect(url(rig, path), origin=origin):
        pass
    answer = refusal.value.response
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["detail"] == "Origin not allowed"


def test_the_subprotocol_and_the_close_code_come_through(rig):
    with connect(url(rig, PATHS[0]), subprotocols=["oep.v1"]) as socket:
        assert socket.subprotocol == "oep.v1"
        socket.recv()
        socket.send("too slow")
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4008, "reader too slow")


def test_a_refusal_of_realtime_comes_through(rig):
    with pytest.raises(InvalidStatus) as refusal, connect(url(rig, "/api/v1/ws/refused")):
        pass
    assert refusal.value.response.status_code == 403


def test_no_other_path_becomes_a_socket(rig):
    with pytest.raises(InvalidStatus) as refusal, connect(url(rig, "/api/v1/attempts/1")):
        pass
    assert refusal.value.response.status_code == 403


def test_a_socket_finds_the_replica_that_lives(own_rig):
    rig = own_rig(realtime=2)
    rig.stubs["realtime"][0].stop()
    for _ in range(6):
        with connect(url(rig, PATHS[0])) as socket:
            assert socket.recv()


def test_the_token_is_in_no_log(own_rig, wait_until):
    rig = own_rig()
    with connect(url(rig, f"{PATHS[0]}?token=very-secret")) as socket:
        socket.recv()
    rig.http.get("/api/v1/attempts/1?token=very-secret", headers=rig.bearer("very-secret"))
    rig.http.get(
        "/nothing?a=1&token=very-secret", headers={"Referer": "http://x/?token=very-secret"}
    )
    wait_until(lambda: len(rig.envoy.log_lines()) == 3, "three lines of log")
    assert "very-secret" not in rig.envoy.everything_logged()
    paths = {line["path"]: line["status"] for line in rig.envoy.log_lines()}
    assert paths == {PATHS[0]: 101, "/api/v1/attempts/1": 401, "/nothing": 404}
