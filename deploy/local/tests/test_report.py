"""`oep report`: a whole file or none, and the platform's own words when there is none."""

import http.server
import io
import json
import threading

import pytest
from oep_local.asking import Gateway as Caller
from oep_local.asking import OutOfReach
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.report import Form, NoReport, fetch
from rich.console import Console

WHO = ("ada", "secret")


class Gateway(http.server.BaseHTTPRequestHandler):
    """Logs in whoever knows the password and gives one report, whole or broken off."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_POST(self) -> None:  # the standard library's name
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = given == {"username": "ada", "password": "secret"}
        body = {"access_token": "t"} if known else {"detail": "Incorrect username or password"}
        self._say(200 if known else 401, json.dumps(body).encode())

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "/attempt/503/" in self.path:
            self._say(503, b'{"detail": "Too many reports"}', ("Retry-After", "10"))
        elif "/attempt/404/" in self.path:
            self._say(404, b'{"detail": "Exam attempt not found"}')
        else:
            name = ("Content-Disposition", 'attachment; filename="../attempt-7-report.pdf"')
            is_broken = "/attempt/500/" in self.path
            self._say(200, b"%PDF-", name, claimed=99 if is_broken else None)

    def _say(self, status: int, body: bytes, *headers: tuple[str, str], claimed=None) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(claimed or len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    handler = type("Handler", (Gateway,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked = handler.asked
    yield server
    server.shutdown()
    server.server_close()


def get(gateway, path: str, output: str | None = None, who=WHO, form: Form = Form.PDF) -> str:
    url = f"http://127.0.0.1:{gateway.server_port}"
    console = Console(file=io.StringIO())
    return fetch(Caller(url, *who), path, form, output, console)


def test_a_report_is_saved_under_the_servers_name_and_only_here(gateway, tmp_path):
    assert get(gateway, "attempt/7/report") == "attempt-7-report.pdf"
    assert (tmp_path / "attempt-7-report.pdf").read_bytes() == b"%PDF-"
    assert gateway.asked == ["/api/v1/proctoring/attempt/7/report?format=pdf"]


def test_a_file_that_is_there_is_overwritten_only_when_it_is_named(gateway, tmp_path):
    (tmp_path / "attempt-7-report.pdf").write_text("old")
    with pytest.raises(NoReport, match="is there already; say where to with -o"):
        get(gateway, "attempt/7/report")
    assert get(gateway, "attempt/7/report", "attempt-7-report.pdf", form=Form.CSV)
    assert (tmp_path / "attempt-7-report.pdf").read_bytes() == b"%PDF-"


def test_standard_output_takes_it_too(gateway, capfdbinary):
    assert get(gateway, "attempt/7/report", "-") == "standard output"
    assert capfdbinary.readouterr().out == b"%PDF-"


@pytest.mark.parametrize(
    ("path", "who", "words", "code"),
    [
        (
            "attempt/7/report",
            ("ada", "no"),
            r"Incorrect username or password \(401\)",
            Exit.REFUSED,
        ),
        ("attempt/404/report", WHO, r"Exam attempt not found \(404\)", Exit.NOT_FOUND),
        ("attempt/503/report", WHO, r"Too many reports \(503\); come back in 10 s", Exit.FAILED),
        ("attempt/500/report", WHO, "broke off or does not answer", Exit.NOTHING_RUNS),
    ],
)
def test_why_there_is_none_is_said_and_no_file_is_left(gateway, tmp_path, path, who, words, code):
    with pytest.raises(RunnerError, match=words) as refusal:
        get(gateway, path, who=who)
    assert refusal.value.code is code
    assert list(tmp_path.iterdir()) == []


def test_a_platform_that_is_not_there_and_a_folder_that_is_not_are_named(gateway, tmp_path):
    with pytest.raises(OutOfReach, match="does not answer"):
        fetch(Caller("http://127.0.0.1:1", *WHO), "exams/1/report", Form.PDF, None, Console())
    with pytest.raises(NoReport, match="cannot be written"):
        get(gateway, "attempt/7/report", str(tmp_path / "nowhere" / "x.pdf"))
