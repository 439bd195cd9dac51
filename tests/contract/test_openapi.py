"""What the gateway says about the REST endpoints is what the services say, and all of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "deploy" / "gateway"

PROMISED = [
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/hall-ticket-login"),
    ("post", "/api/v1/auth/refresh"),
    ("get", "/api/v1/auth/me"),
    ("post", "/api/v1/auth/logout"),
    ("get", "/.well-known/jwks.json"),
    ("get", "/api/v1/exams/"),
    ("get", "/api/v1/exams/{exam_id}"),
    ("get", "/api/v1/exams/trades"),
    ("get", "/api/v1/exams/questions"),
    ("get", "/api/v1/exams/questions/{question_id}"),
    ("get", "/api/v1/attempts/me"),
    ("get", "/api/v1/attempts/{attempt_id}"),
    ("post", "/api/v1/attempts/{attempt_id}/begin"),
    ("get", "/api/v1/attempts/{attempt_id}/time-status"),
    ("post", "/api/v1/attempts/{attempt_id}/answers"),
    ("get", "/api/v1/attempts/{attempt_id}/answers"),
    ("post", "/api/v1/attempts/{attempt_id}/submit"),
    ("get", "/api/v1/attempts/{attempt_id}/result"),
    ("post", "/api/v1/exams/trades"),
    ("put", "/api/v1/exams/trades/{trade_id}"),
    ("delete", "/api/v1/exams/trades/{trade_id}"),
    ("post", "/api/v1/exams/question-banks"),
    ("post", "/api/v1/exams/questions"),
    ("put", "/api/v1/exams/questions/{question_id}"),
    ("delete", "/api/v1/exams/questions/{question_id}"),
    ("post", "/api/v1/exams/question-banks/{qbank_id}/import-csv"),
    ("post", "/api/v1/exams/"),
    ("put", "/api/v1/exams/{exam_id}"),
    ("delete", "/api/v1/exams/{exam_id}"),
    ("get", "/api/v1/exams/{exam_id}/export-qti"),
    ("post", "/api/v1/attempts/start"),
    ("post", "/api/v1/attempts/{attempt_id}/resume"),
    ("post", "/api/v1/attempts/{attempt_id}/cancel"),
    ("get", "/api/v1/attempts/statistics/{exam_id}"),
    ("post", "/api/v1/transfers/request"),
    ("post", "/api/v1/transfers/{transfer_id}/approve"),
    ("get", "/api/v1/transfers"),
    ("get", "/api/v1/transfers/{transfer_id}"),
    ("get", "/api/v1/transfers/audit/{transfer_id}"),
    ("post", "/api/v1/auth/users"),
    ("patch", "/api/v1/auth/users/{user_id}"),
    ("post", "/api/v1/proctoring/events"),
    ("post", "/api/v1/proctoring/events/batch"),
    ("post", "/api/v1/proctoring/question-timing"),
    ("get", "/api/v1/proctoring/attempt/{attempt_id}/events"),
    ("get", "/api/v1/proctoring/attempt/{attempt_id}/violations"),
    ("get", "/api/v1/proctoring/attempt/{attempt_id}/question-timings"),
]


@pytest.fixture(scope="module")
def committed() -> str:
    return (GATEWAY / "openapi.json").read_text()


def test_collecting_again_gives_no_difference(committed: str):
    said = "import runpy; print(runpy.run_path('collect.py')['collected'](), end='')"
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=GATEWAY, capture_output=True, text=True, check=True
    )
    assert done.stdout == committed, "run `make openapi` and commit what it writes"


@pytest.mark.parametrize(("method", "path"), PROMISED, ids=lambda word: word)
def test_what_is_promised_is_described(committed: str, method: str, path: str):
    assert method in json.loads(committed)["paths"][path]
