"""The content policy of everything that a browser may show is judged as it is served."""

import httpx
import pytest
from abuse.content_policy import flaws, parsed
from oep_web.app import create_app


def policy_of(answer) -> str:
    [policy] = answer.headers.get_list("content-security-policy")
    return policy


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/health", "/nothing"])
def test_what_the_gateway_says_itself_has_no_flaw(rig, path):
    assert flaws(policy_of(rig.http.get(path))) == []


@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_what_a_service_says_has_no_flaw(rig, status):
    headers = {"X-Stub-Status": str(status)}
    assert flaws(policy_of(rig.http.get("/api/v1/attempts/1", headers=headers))) == []


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "staff").mkdir()
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "staff/index.html"):
        (tmp_path / name).write_text("<title>page</title>")
    (tmp_path / "worker.js").write_text("keep()")
    return httpx.ASGITransport(create_app(tmp_path))


@pytest.mark.parametrize("host", ["exam.example", "127.0.0.1:8000", "x; script-src *"])
@pytest.mark.parametrize("path", ["/app/", "/app/staff/"])
async def test_a_page_has_no_flaw_whatever_host_is_asked_for(pages, path, host):
    async with httpx.AsyncClient(transport=pages, base_url="http://x") as http:
        answer = await http.get(path, headers={"Host": host})
    assert flaws(policy_of(answer)) == []
    assert answer.headers["x-content-type-options"] == "nosniff", "'self' may be asked for scripts"


async def test_a_worker_has_no_flaw(pages):
    async with httpx.AsyncClient(transport=pages, base_url="http://x") as http:
        answer = await http.get("/app/worker.js")
    assert flaws(policy_of(answer), is_document=False) == []


# The judge itself

GOOD = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("policy", "flaw"),
    [
        (f"{GOOD}; script-src 'unsafe-inline'", "script-src 'unsafe-inline'"),
        (f"{GOOD}; script-src 'self' 'unsafe-eval'", "script-src 'unsafe-eval'"),
        (f"{GOOD}; script-src *", "script-src *"),
        (f"{GOOD}; script-src https:", "script-src https:"),
        (f"{GOOD}; script-src https://*.example", "script-src https://*.example"),
        (f"{GOOD}; script-src data:", "script-src data:"),
        (f"{GOOD}; script-src cdn.jsdelivr.net", "script-src cdn.jsdelivr.net"),
        (
            f"{GOOD}; script-src https://ajax.googleapis.com",
            "script-src https://ajax.googleapis.com",
        ),
        (f"{GOOD}; object-src 'self'", "plug-ins are allowed"),
        (f"{GOOD}; style-src 'unsafe-inline'", "style-src 'unsafe-inline'"),
        (GOOD.replace("base-uri 'none'; ", ""), "no base-uri"),
        (GOOD.replace("form-action 'none'; ", ""), "no form-action"),
        (GOOD.replace("; frame-ancestors 'none'", ""), "no frame-ancestors"),
        (GOOD.replace("default-src 'none'; ", ""), "no default-src"),
        (GOOD.replace("default-src 'none'; ", ""), "script-src *"),
    ],
)
def test_a_flaw_is_found(policy, flaw):
    assert flaw in flaws(policy)


def test_a_directive_that_stands_twice_is_no_policy():
    assert flaws(GOOD) == []
    with pytest.raises(ValueError, match="stands twice"):
        parsed(f"{GOOD}; base-uri *")
