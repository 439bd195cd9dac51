"""What browsers get from the pages' server, asked for over real HTTP semantics."""

import httpx
import pytest
from oep_web.app import ASK_AGAIN, FOR_EVER, PagesMissing, create_app

SCRIPT = "export const text = 'a line that is worth packing';\n" * 40


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "staff").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>student</title>%NONCE%")
    (tmp_path / "staff" / "index.html").write_text("<title>staff</title>")
    (tmp_path / "assets" / "room-4f2a.js").write_text(SCRIPT)
    (tmp_path / "worker.js").write_text("keep()")
    return tmp_path


@pytest.fixture
async def client(folder):
    there = httpx.ASGITransport(create_app(folder))
    async with httpx.AsyncClient(transport=there, base_url="http://exam.example:8000") as client:
        yield client


@pytest.mark.parametrize("path", ["/app/", "/app/attempts", "/app/attempts/7", "/app/nothing/here"])
async def test_every_path_of_a_student_shows_the_student_page(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.text.startswith("<title>student</title>")


@pytest.mark.parametrize(("trace", "said"), [(False, "off"), (True, "on")])
async def test_a_page_is_told_whether_to_ask_for_traces(folder, trace, said):
    for name in ("index.html", "staff/index.html"):
        (folder / name).write_text('<meta name="oep-trace" content="%TRACE%" />')
    there = httpx.ASGITransport(create_app(folder, trace=trace))
    async with httpx.AsyncClient(transport=there, base_url="http://exam.example") as client:
        for path in ("/app/", "/app/staff/"):
            answer = await client.get(path)
            assert answer.text == f'<meta name="oep-trace" content="{said}" />'


@pytest.mark.parametrize("path", ["/app/staff", "/app/staff/", "/app/staff/exams/1/board"])
async def test_every_path_of_staff_shows_the_staff_page(client, path):
    assert (await client.get(path)).text == "<title>staff</title>"


async def test_the_bare_name_leads_to_the_pages(client):
    answer = await client.get("/app")
    assert (answer.status_code, answer.headers["location"]) == (308, "/app/")


async def test_a_page_is_asked_for_again_each_time(client):
    assert (await client.get("/app/")).headers["cache-control"] == ASK_AGAIN


async def test_a_built_file_is_kept_for_ever_and_travels_packed(client):
    answer = await client.get("/app/assets/room-4f2a.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == SCRIPT


async def test_a_file_that_is_not_there_is_a_404_that_nobody_keeps(client):
    answer = await client.get("/app/assets/room-0000.js")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/app/assets/../index.html", "/app/assets/%2e%2e/index.html", "/app/assets//etc/passwd"],
)
async def test_no_path_leaves_the_folder_of_built_files(client, path):
    answer = await client.get(path)
    assert "root:" not in answer.text
    assert answer.headers.get("cache-control") != FOR_EVER


async def test_a_page_may_run_nothing_but_what_came_with_it(client):
    policy = (await client.get("/app/")).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'self'"
    assert rules["connect-src"] == "'self' ws://exam.example:8000 wss://exam.example:8000"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in " ".join(rules.values())


async def test_only_style_sheets_with_the_number_of_this_answer_apply(client):
    numbers = set()
    for _ in range(2):
        answer = await client.get("/app/")
        number = answer.text.removeprefix("<title>student</title>")
        assert f"style-src 'self' 'nonce-{number}';" in answer.headers["content-security-policy"]
        numbers.add(number)
    assert len(numbers) == 2
    assert min(map(len, numbers)) >= 20


async def test_the_students_worker_is_asked_for_again_and_may_only_fetch(client, folder):
    answer = await client.get("/app/worker.js")
    assert (answer.text, answer.headers["cache-control"]) == ("keep()", ASK_AGAIN)
    assert answer.headers["content-type"].startswith("text/javascript")
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; connect-src 'self'"
    (folder / "worker.js").unlink()
    assert (await client.get("/app/worker.js")).status_code == 404


async def test_a_strange_host_does_not_get_into_the_policy(client):
    answer = await client.get("/app/", headers={"host": "evil.example; script-src *"})
    assert "evil" not in answer.headers["content-security-policy"]


async def test_pages_and_files_cannot_be_framed_or_mistaken(client):
    for path in ("/app/", "/app/assets/room-4f2a.js"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path


async def test_it_is_ready_when_it_answers(client):
    assert (await client.get("/health/ready")).text == "ok"


def test_without_built_pages_it_says_how_to_build_them(tmp_path):
    with pytest.raises(
        PagesMissing, match=r"no index.html and no staff/index.html: run `make web`"
    ):
        create_app(tmp_path)
