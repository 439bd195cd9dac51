"""`oep verify` on evidence bundles; that every change is found, the tests of proctoring show.

The bundle in `data` was written by the service and is never written anew: whatever was exported
once has to be readable by every later version.
"""

import contextlib
import functools
import http.server
import json
import threading
from pathlib import Path

import pytest
from oep_local import verify_evidence
from oep_local.__main__ import app
from typer.testing import CliRunner

DATA = Path(__file__).parent / "data"
BUNDLE, KEYS = str(DATA / "evidence.json"), str(DATA / "evidence-keys.json")
CHECKS = ("sections", "chain", "payloads", "delivery", "signatures")
FIVE_HOLD = [["holds", name] for name in CHECKS]


def verified(*words: str) -> tuple[int, str]:
    """Do what `oep verify` does with its words; return its exit code and what it says."""
    done = CliRunner().invoke(app, ["verify", *words])
    return done.exit_code, done.output


def verdicts(output: str) -> list[list[str]]:
    return [line.split(":")[0].split() for line in output.splitlines()]


@pytest.fixture
def changed(tmp_path):
    """Return a function that writes a copy of the bundle with one text replaced."""

    def write(old: str, new: str) -> str:
        text = (DATA / "evidence.json").read_text()
        assert old in text
        (tmp_path / "changed.json").write_text(text.replace(old, new, 1))
        return str(tmp_path / "changed.json")

    return write


@contextlib.contextmanager
def platform():
    """Publish the keys where the platform does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_there = self.path == "/api/v1/proctoring/evidence-keys"
            self.send_response(200 if is_there else 404)
            self.end_headers()
            self.wfile.write(Path(KEYS).read_bytes() if is_there else b"{}")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_bundle_is_told_from_a_receipt_and_holds():
    code, output = verified(BUNDLE, "--keys", KEYS)
    assert (code, verdicts(output)) == (0, FIVE_HOLD)
    assert "1 were erased, as 1 removal records say" in output


def test_the_keys_may_come_from_where_the_platform_publishes_them():
    with platform() as url:
        assert verified(BUNDLE, "--url", url)[0] == 0
        assert verified(BUNDLE, "--keys", f"{url}/api/v1/proctoring/evidence-keys")[0] == 0
        code, output = verified(BUNDLE, "--keys", f"{url}/elsewhere")
    assert (code, "cannot be read: HTTP Error 404" in output) == (1, True)


def test_without_keys_the_origin_counts_as_unchecked():
    code, output = verified(BUNDLE)
    assert (code, verdicts(output)[0]) == (1, ["NOT", "CHECKED", "signatures"])
    assert verdicts(output)[1:] == FIVE_HOLD[:4]


def test_a_changed_bundle_ends_with_one_and_says_what_was_changed(changed):
    code, output = verified(changed('"severity": "warning"', '"severity": "info"'), "--keys", KEYS)
    assert code == 1
    assert "FAILS        sections: 'events' is not what was exported" in output
    assert "FAILS        chain: event 1 is not what was recorded" in output


def test_a_later_version_is_not_taken_for_this_one(changed):
    code, output = verified(changed('"type": "oep.evidence.v1"', '"type": "oep.evidence.v2"'))
    assert (code, "this checks oep.evidence.v1 only" in output) == (1, True)


def test_the_expert_needs_one_short_file_and_nothing_of_ours():
    source = Path(verify_evidence.__file__).read_text()
    assert len(source.splitlines()) < 150
    assert "oep_local" not in source


def test_what_is_no_json_is_said_in_one_line(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text((DATA / "evidence.json").read_text()[:900])
    assert verify_evidence.main([str(path)]) == 1
    assert verified(str(path)) == (1, "the file is not JSON, or says something twice\n")


def test_the_data_are_what_the_tests_think_they_are():
    bundle = json.loads(Path(BUNDLE).read_text())
    assert (bundle["type"], len(bundle["events"])) == ("oep.evidence.v1", 6)
