"""Every path through the real Envoy: who gets it, what the gateway answers alone."""

import re

import pytest

ROUTES = [
    ("POST", "/api/v1/auth/login", "auth"),
    ("POST", "/api/v1/auth/hall-ticket-login", "auth"),
    ("GET", "/api/v1/auth/me", "auth"),
    ("POST", "/api/v1/auth/refresh", "auth"),
    ("POST", "/api/v1/auth/logout", "auth"),
    ("GET", "/api/v1/exams/", "attempts"),
    ("GET", "/api/v1/exams/1", "attempts"),
    ("PUT", "/api/v1/exams/questions/7", "attempts"),
    ("DELETE", "/api/v1/exams/trades/7", "attempts"),
    ("POST", "/api/v1/exams/question-banks/3/import-csv", "attempts"),
    ("POST", "/api/v1/auth/users/import-csv", "auth"),
    ("GET", "/api/v1/attempts", "attempts"),
    ("GET", "/api/v1/attempts/", "attempts"),
    ("GET", "/api/v1/attempts/me?skip=0&limit=10", "attempts"),
    ("POST", "/api/v1/attempts/1/begin", "attempts"),
    ("GET", "/api/v1/transfers", "attempts"),
    ("POST", "/api/v1/transfers/1/approve", "attempts"),
    ("POST", "/api/v1/proctoring/events", "proctoring"),
    ("POST", "/api/v1/proctoring/question-timing", "proctoring"),
    ("GET", "/api/v1/proctoring/attempt/1/events", "proctoring"),
    ("GET", "/api/v1/proctoring/attempt/1/evidence", "proctoring"),
    ("GET", "/api/v1/proctoring/evidence-keys", "proctoring"),
    ("GET", "/api/v1/ws/attempts/1", "realtime"),
    ("GET", "/api/v1/ws/exams/1/monitor", "realtime"),
    ("GET", "/app", "web"),
    ("GET", "/app/", "web"),
    ("GET", "/app/staff/exams/1/board", "web"),
    ("GET", "/app/assets/room-4f2a.js", "web"),
]
NOBODYS = [
    "/nothing",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v1/authx",
    "/api/v1/auths/login",
    "/api/v1/attemptsx/1",
    "/api/v1/examsx",
    "/api/v1/proctoring-x",
    "/api/v1/wsx",
    "/api/v1//attempts/1",
    "//api/v1/attempts/1",
    "/API/v1/attempts/1",
    "/api/v2/attempts/1",
    "/api/api/v1/attempts/1",
    "/.well-known/jwks.json/",
    "/.well-known/other",
    "/metrics",
    "/health/ready",
    "/health/live",
    "/apps",
    "/api/rubrics",
    "/api/rubrics/attempt/1",
    "/api/rubrics/exam/2/feedback",
]


OWNS = {"exams": "attempts", "attempts": "attempts", "transfers": "attempts"}
OWNS |= {"auth": "auth", "proctoring": "proctoring"}


def test_every_operation_that_is_described_reaches_its_owner(rig):
    described = rig.http.get("/openapi.json").json()["paths"]
    paths = {path: item for path, item in described.items() if path.startswith("/api/v1/")}
    assert set(described) - set(paths) == {"/", "/health", "/.well-known/jwks.json"}
    wrong = []
    for path, item in paths.items():
        asked = re.sub(r"{[^}]+}", "1", path)
        for method in set(item) & {"get", "post", "put", "patch", "delete"}:
            answer = rig.http.request(method, asked, follow_redirects=True)
            seen = answer.json()
            if (seen.get("upstream"), seen.get("path")) != (OWNS[path.split("/")[3]], asked):
                wrong.append((method, path, answer.status_code, seen))
    assert len(paths) > 100
    assert not wrong


@pytest.mark.parametrize(("method", "path", "owner"), ROUTES)
def test_a_path_reaches_its_owner_unchanged(rig, method, path, owner):
    seen = rig.http.request(method, path).json()
    wanted, _, query = path.partition("?")
    assert (seen["upstream"], seen["method"]) == (owner, method)
    assert (seen["path"], seen["query"]) == (wanted, query)


def test_the_public_keys_come_from_auth(rig):
    assert rig.http.get("/.well-known/jwks.json").json() == rig.signer.jwks()


@pytest.mark.parametrize("path", NOBODYS)
def test_a_path_of_nobody_is_a_problem(rig, is_problem, path):
    url = f"http://127.0.0.1:{rig.envoy.port}{path}"
    is_problem(rig.http.get(url), 404, "Not Found")


def test_a_path_with_dots_belongs_to_where_they_lead(rig):
    seen = rig.http.get("/api/v1/auth/%2e%2e/attempts/1").json()
    assert (seen["upstream"], seen["path"]) == ("attempts", "/api/v1/attempts/1")


def test_a_hidden_slash_is_refused(rig):
    response = rig.http.get("/api/v1/auth%2f..%2fattempts")
    assert response.status_code == 400
    assert response.json()["detail"] == "Bad Request"


def test_a_redirect_keeps_the_public_host_and_the_query(rig):
    response = rig.http.get("/api/v1/exams?skip=1", headers={"Host": "api:8000"})
    assert response.status_code == 307
    assert response.headers["location"] == "http://api:8000/api/v1/exams/?skip=1"


def test_the_gateway_is_healthy(rig):
    body = rig.http.get("/health").json()
    assert (body["status"], body["service"]) == ("healthy", "gateway")
    assert body["version"]


def test_the_root_tells_where_to_go_on(rig):
    body = rig.http.get("/").json()
    assert {"message", "docs", "health"} <= set(body)
    for link in (body["docs"], body["health"]):
        assert rig.http.get(link).status_code == 200


def test_the_description_is_served_as_json(rig):
    response = rig.http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["openapi"].startswith("3.")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_documentation_asks_nobody_else(rig, path):
    response = rig.http.get(path)
    assert response.headers["content-type"].startswith("text/html")
    assert "http://" not in response.text
    assert "https://" not in response.text
    assert "/openapi.json" in response.text


@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/redoc", "/openapi.json"])
def test_own_pages_are_read_only(rig, is_problem, path):
    is_problem(rig.http.post(path), 405, "Method Not Allowed")
    assert rig.http.head(path).status_code == 200
