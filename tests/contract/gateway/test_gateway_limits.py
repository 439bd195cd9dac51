"""What the gateway keeps from the services: false identities, floods, and their own absence."""

import json
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

AWAY = "Service temporarily unavailable"
FORGED = {
    "X-User-Id": "1",
    "X-User-Roles": "admin",
    "X-Oep-Anything": "1",
    "X-Auth-Request-User": "admin",
    "X-Envoy-Original-Path": "/api/v1/auth/me",
    "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
    "X-Envoy-Retry-On": "5xx",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "10.9.9.9",
    "X-Client-IP": "10.9.9.9",
    "True-Client-IP": "10.9.9.9",
    "Forwarded": "for=10.9.9.9",
    "X_User_Id": "1",
}


def test_claimed_identities_are_dropped(rig):
    seen = rig.http.get("/api/v1/attempts/1", headers=FORGED).json()["headers"]
    assert set(seen).isdisjoint(name.lower() for name in FORGED)


def test_the_services_see_the_real_address_alone(rig):
    forged = {"X-Forwarded-For": "10.9.9.9, 10.8.8.8", "X-Forwarded-Proto": "https"}
    seen = rig.http.get("/api/v1/attempts/1", headers=forged).json()["headers"]
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")


def test_a_request_has_one_new_id_for_everybody(rig):
    claimed = str(uuid.uuid4())
    response = rig.http.get("/api/v1/attempts/1", headers={"X-Request-ID": claimed})
    [made] = response.headers.get_list("x-request-id")
    assert made != claimed
    assert response.json()["headers"]["x-request-id"] == made
    assert str(uuid.UUID(made)) == made


def test_no_answer_names_its_software(rig):
    for path in ("/api/v1/attempts/1", "/health", "/nothing"):
        names = set(rig.http.get(path).headers)
        assert "server" not in names
        assert not {name for name in names if name.startswith("x-envoy")}


@pytest.mark.parametrize(
    ("path", "mebibytes", "status"),
    [
        ("/api/v1/attempts/1/submit", 0.9, 200),
        ("/api/v1/attempts/1/submit", 1.1, 413),
        ("/api/v1/proctoring/attempt/1/snapshots", 0.5, 200),
        ("/api/v1/proctoring/attempt/1/snapshots", 1.1, 413),
        ("/api/v1/auth/login", 1.1, 413),
        ("/api/v1/exams/question-banks/3/import-csv", 9.9, 200),
        ("/api/v1/exams/question-banks/3/import-package", 8.1, 200),
        ("/api/v1/auth/users/import-csv", 4.1, 200),
        ("/api/v1/exams/question-banks/3/import-csv", 10.1, 413),
        ("/api/v1/exams/question-banks/3/import-gift", 10.1, 413),
        ("/api/v1/exams/question-banks/3/import-other", 1.1, 413),
        ("/api/v1/exams/question-banks/3/4/import-csv", 1.1, 413),
    ],
)
def test_a_body_has_a_limit(rig, is_problem, path, mebibytes, status):
    response = rig.http.post(path, content=b"x" * int(mebibytes * 2**20))
    if status == 413:
        is_problem(response, 413, "Content Too Large")
    else:
        assert response.json()["bytes"] == int(mebibytes * 2**20)


def test_the_token_is_judged_before_the_size(rig, is_problem):
    response = rig.http.post(
        "/api/v1/attempts/1/submit", content=b"x" * 2**21, headers=rig.bearer("nonsense")
    )
    is_problem(response, 401, "Could not validate credentials")


def test_huge_headers_are_refused(rig):
    response = rig.http.get("/api/v1/attempts/1", headers={"X-Big": "x" * 65_536})
    assert response.status_code == 431
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["title"], problem["status"]) == ("Request Header Fields Too Large", 431)
    assert problem["request_id"]


def test_a_head_that_is_none_is_refused_with_a_problem(rig):
    """Contract §2.2: also what is refused before it is a request has an id to ask after."""
    with socket.create_connection(("127.0.0.1", rig.envoy.port), timeout=10) as raw:
        raw.sendall(b"GET /api/v1/attempts/1 HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n")
        head, _, body = whole(raw).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    problem = json.loads(body)
    assert (problem["detail"], problem["status"]) == ("Bad Request", 400)
    assert problem["request_id"]


def whole(raw: socket.socket) -> bytes:
    """Return all that the gateway says before it closes the connection."""
    return b"".join(iter(lambda: raw.recv(4096), b""))


def test_two_requests_in_one_are_refused(rig):
    """Two lengths in one head are how a request is smuggled past a gateway."""
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    with socket.create_connection(("127.0.0.1", rig.envoy.port), timeout=10) as raw:
        raw.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("name", ["auth", "attempts", "proctoring", "realtime"])
def test_a_service_that_is_away_is_a_503_to_come_back_to(own_rig, is_problem, name):
    rig = own_rig()
    rig.stubs[name][0].stop()
    path = {"auth": "auth/me", "realtime": "ws/attempts/1"}.get(name, f"{name}/1")
    response = rig.http.get(f"/api/v1/{path}", headers={"Origin": "http://localhost:5173"})
    is_problem(response, 503, AWAY)
    assert response.headers["retry-after"] == "2"
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"


def test_who_finds_a_service_full_is_told_at_once_to_come_back(own_rig, is_problem, wait_until):
    """Nobody waits behind requests that a busy service holds, and the other services serve on."""
    rig = own_rig("--limit=upstream-requests=2")
    rig.stubs["attempts"][0].free.clear()
    path = "/api/v1/attempts/1"
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(rig.http.get, path) for _ in range(2)]
        stat = "cluster.attempts.upstream_rq_active"
        wait_until(lambda: rig.envoy.stat(stat) == 2, "two requests wait for attempts")
        refused = rig.http.get(path, headers={"Origin": "http://localhost:5173"})
        is_problem(refused, 503, AWAY)
        assert refused.headers["retry-after"] == "2"
        assert not {name for name in refused.headers if name.startswith("x-envoy")}
        assert rig.http.get("/api/v1/auth/me").status_code == 200
        rig.stubs["attempts"][0].free.set()
        assert [each.result().status_code for each in held] == [200, 200]


def test_a_service_says_its_own_503_in_its_own_words(rig):
    response = rig.http.get("/api/v1/attempts/1", headers={"X-Stub-Status": "503"})
    assert response.headers["retry-after"] == "9"
    assert response.json()["upstream"] == "attempts"


def test_a_single_replica_serves_again_when_it_is_back(own_rig, make_stub, is_problem, wait_until):
    rig = own_rig()
    port = rig.stubs["proctoring"][0].port
    rig.stubs["proctoring"][0].stop()
    for _ in range(5):
        is_problem(rig.http.post("/api/v1/proctoring/events"), 503, AWAY)
    stat = "cluster.proctoring.membership_healthy"
    wait_until(lambda: rig.envoy.stat(stat) == 0, "proctoring is known to be away")
    make_stub("proctoring", None, port)
    assert rig.http.post("/api/v1/proctoring/events").json()["upstream"] == "proctoring"


def test_no_request_is_lost_while_one_of_two_replicas_is_away_and_it_is_left_out(
    own_rig, wait_until
):
    rig = own_rig(attempts=2)
    rig.stubs["attempts"][0].stop()
    answers = [rig.http.post("/api/v1/attempts/1/answers").status_code for _ in range(30)]
    assert set(answers) == {200}
    stat = "cluster.attempts.membership_healthy"
    wait_until(lambda: rig.envoy.stat(stat) == 1, "one replica of two is asked")
    ejected = "cluster.attempts.outlier_detection.ejections_enforced_total"
    assert rig.envoy.stat(ejected) > 0, "by what happened to requests, not by health checks alone"


def test_who_answers_with_failures_is_asked_on(own_rig):
    """A 503 is a service's own word: to leave its replicas out would make one fault a whole one."""
    rig = own_rig(attempts=2)
    for _ in range(10):
        answer = rig.http.get("/api/v1/attempts/1", headers={"X-Stub-Status": "503"})
        assert answer.json()["upstream"] == "attempts"
    assert rig.envoy.stat("cluster.attempts.outlier_detection.ejections_enforced_total") == 0
    assert rig.envoy.stat("cluster.attempts.membership_healthy") == 2
