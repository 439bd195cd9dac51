"""What a page of ours, of others and of nobody may do (contract §2.1)."""

import base64
import gzip
import hashlib
import re

import httpx
import pytest

OURS = [f"http://localhost:{port}" for port in (8000, 5173, 5174, 5175, 5176)]
FOREIGN = [
    "http://evil.example",
    "http://localhost:5177",
    "https://localhost:5173",
    "http://localhost:5173.evil.example",
    "http://localhost:51733",
    "null",
]
ANSWERS = [
    ("/api/v1/attempts/1", {}, 200),
    ("/api/v1/attempts/1", {"X-Stub-Status": "401"}, 401),
    ("/api/v1/attempts/1", {"X-Stub-Status": "422"}, 422),
    ("/api/v1/attempts/1", {"X-Stub-Status": "500"}, 500),
    ("/api/v1/attempts/1", {"X-Stub-Status": "503"}, 503),
    ("/api/v1/attempts/1", {"Authorization": "Bearer nonsense"}, 401),
    ("/api/v1/exams", {}, 307),
    ("/nothing", {}, 404),
    ("/api/rubrics/attempt/1", {"Authorization": "Bearer null"}, 404),
    ("/api/v1/auth%2flogin", {}, 400),
    ("/health", {}, 200),
    ("/openapi.json", {}, 200),
]

SAID_OF_ANSWERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), display-capture=(), microphone=(), geolocation=()",
}


@pytest.mark.parametrize("origin", OURS)
@pytest.mark.parametrize(("path", "headers", "status"), ANSWERS)
def test_our_page_may_read_every_answer(rig, origin, path, headers, status):
    response = rig.http.get(path, headers={**headers, "Origin": origin})
    assert response.status_code == status
    assert response.headers.get_list("access-control-allow-origin") == [origin]
    assert response.headers["access-control-allow-credentials"] == "true"
    exposed = response.headers["access-control-expose-headers"]
    assert exposed == "OEP-Load, Retry-After, X-Request-ID"
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(("path", "headers", "status"), ANSWERS)
def test_a_foreign_page_may_read_nothing(rig, origin, path, headers, status):
    response = rig.http.get(path, headers={**headers, "Origin": origin})
    assert response.status_code == status
    assert not has_cors(response)


def test_without_an_origin_there_is_nothing_to_allow(rig):
    assert not has_cors(rig.http.get("/health"))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/attempts/1/submit", "/api/rubrics/attempt/1", "/health"])
def test_a_preflight_needs_no_token_and_allows_what_it_asks(rig, method, path):
    response = preflight(rig, OURS[0], method, path)
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == OURS[0]
    assert response.headers["access-control-allow-credentials"] == "true"
    assert method in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "authorization,x-anything"


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_preflight_of_a_foreign_page_allows_nothing(rig, origin):
    assert not has_cors(preflight(rig, origin, "POST", "/api/v1/attempts/1/submit"))


def test_the_allowed_origins_can_be_chosen(own_rig):
    rig = own_rig("--origin=https://exam.example")
    allowed = rig.http.get("/health", headers={"Origin": "https://exam.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://exam.example"
    assert not has_cors(rig.http.get("/health", headers={"Origin": OURS[0]}))


@pytest.mark.parametrize(("path", "headers", "status"), ANSWERS)
def test_a_browser_may_do_nothing_with_an_answer_but_read_it(rig, path, headers, status):
    response = rig.http.get(path, headers=headers)
    assert response.status_code == status
    said = {name: response.headers.get_list(name) for name in SAID_OF_ANSWERS}
    assert said == {name: [value] for name, value in SAID_OF_ANSWERS.items()}
    [policy] = response.headers.get_list("content-security-policy")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def test_what_is_said_behind_the_gateway_stands(rig):
    """The pages' server allows the exam room its camera; a service may be stricter than we are."""
    own = {
        "X-Frame-Options": "SAMEORIGIN",
        "Permissions-Policy": "camera=(self), display-capture=(self)",
        "Content-Security-Policy": "default-src 'self'",
    }
    asked = {f"X-Stub-Say-{name}": value for name, value in own.items()}
    for path in ("/app/", "/api/v1/attempts/1"):
        response = rig.http.get(path, headers=asked)
        assert {name: response.headers.get_list(name) for name in own} == {
            name: [value] for name, value in own.items()
        }
        assert response.headers["x-content-type-options"] == "nosniff"


def test_the_pages_server_alone_decides_what_a_page_may_load(rig):
    """A policy on a worker's file binds the worker, so the gateway has none to add there."""
    assert "content-security-policy" not in rig.http.get("/app/assets/worker-1.js").headers
    assert "content-security-policy" in rig.http.get("/apps").headers


PACKED = ["/app/assets/room.js", "/api/v1/exams/1", "/docs", "/openapi.json"]
SECRET = ["/api/v1/auth/me", "/api/v1/attempts/1", "/api/v1/transfers", "/api/v1/proctoring/events"]
SECRET += ["/.well-known/jwks.json", "/api/v1/proctoring/attempt/1/evidence"]


@pytest.mark.parametrize("path", [*PACKED, *SECRET])
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", "")],
)
def test_answers_are_packed_where_no_secret_stands_beside_what_was_asked(
    rig, path, accepted, coding
):
    long = {"X-Reflected": "x" * 2_000}
    with rig.http.stream("GET", path, headers={"Accept-Encoding": accepted, **long}) as response:
        raw = b"".join(response.iter_raw())
    assert response.status_code == 200
    assert response.headers.get("content-encoding", "") == (coding if path in PACKED else "")
    if not coding or path in SECRET:
        assert raw[:1] in b"{<"
    elif coding == "gzip":
        assert len(gzip.decompress(raw)) > len(raw)
    assert ("Accept-Encoding" in response.headers["vary"]) or path in SECRET


def test_what_the_pages_server_would_pack_is_asked_for_plain(rig):
    seen = rig.http.get("/app/assets/room.js", headers={"Accept-Encoding": "gzip, br"}).json()
    assert "accept-encoding" not in seen["headers"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_documentation_may_run_what_is_in_it_and_nothing_else(rig, path):
    response = rig.http.get(path)
    [policy] = response.headers.get_list("content-security-policy")
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for tag in ("script", "style"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", response.text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert allowed[f"{tag}-src"] == f"'sha256-{digest}'"
    assert (allowed["default-src"], allowed["connect-src"]) == ("'none'", "'self'")
    assert not re.search(r"<[^>]+ (style|on\w+)=", response.text), "the policy refuses these"


def preflight(rig, origin: str, method: str, path: str) -> httpx.Response:
    asked = {"Method": method, "Headers": "authorization,x-anything"}
    headers = {f"Access-Control-Request-{name}": value for name, value in asked.items()}
    return rig.http.options(path, headers={**headers, "Origin": origin})


def has_cors(response: httpx.Response) -> bool:
    return any(name.startswith("access-control-") for name in response.headers)
