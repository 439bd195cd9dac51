"""The README's exam, from its creation to its results, as it stands there."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn
from attempts.app import create_app
from attempts.settings import Settings
from chassis.waiting import eventually
from oep_local.ports import free_port

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
async def base(urls, verifier, tidy):
    """The service on a port of its own; tokens read `<user id>:<role>`."""
    app = create_app(
        Settings(
            rest_port=0,
            grpc_port=0,
            nats_url="nats://127.0.0.1:1",
            jwks_url="http://127.0.0.1:1/jwks",
            auth_grpc="127.0.0.1:1",
            receipt_signing_secret="s" * 40,
            database_url=urls.app_url,
            names_timeout_seconds=0.2,
        )
    )
    port = free_port()
    config = uvicorn.Config(
        app, port=port, log_level="warning", ws="none", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, 10)
    app.state.verifier = verifier
    yield f"http://127.0.0.1:{port}/api/v1"
    server.should_exit = True
    await serving


async def test_the_exam_in_the_readme_can_be_sat(base, urls, tidy, tmp_path):
    [script] = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BASE": base,
        "STAFF": "7:admin",
        "STUDENT": "400:student",
        "STUDENT_ID": "400",
        "DATABASE_URL": urls.app_url,
        "NATS_URL": "nats://127.0.0.1:1",
        "JWKS_URL": "http://127.0.0.1:1/jwks",
        "AUTH_GRPC": "127.0.0.1:1",
        "RECEIPT_SIGNING_SECRET": "s" * 40,
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    # 4 + 2 by the machine, 3/4 of the rubric's 4; then the second question counts for nobody
    assert [line for line in lines if line in {"9.0", "7.0"}] == ["9.0", "7.0"]
    assert lines.index("submitted") < lines.index("graded")
    assert "1 attempts made, 0 students had one already" in done.stdout
    assert "graded" in lines
