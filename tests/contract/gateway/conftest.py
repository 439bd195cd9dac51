"""Gateways with stub services behind them (`contract.gateway.rig`), as fixtures."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract.gateway.rig import Rig, Stub, generate, stubbed, wait_for


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One gateway for all tests that leave everything as it was."""
    made = stubbed(tmp_path_factory.mktemp("gateway"))
    try:
        made.knows_keys()
        yield made
    finally:
        made.stop()


@pytest.fixture
def own_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Make a gateway for a test that breaks something; numbers by name are replicas."""
    made: list[Rig] = []

    def make(*more: str, **options: Any) -> Rig:
        made.append(stubbed(tmp_path, *more, **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def regenerate() -> Callable[..., str]:
    """Run the generator once more, as somebody does who changes a gateway that runs."""
    return generate


@pytest.fixture
def make_stub() -> Iterator[Callable[..., Stub]]:
    """Start a service later than the gateway."""
    made: list[Stub] = []

    def make(name: str, jwks: dict[str, Any] | None, port: int) -> Stub:
        made.append(Stub(name, jwks, port))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], Any], str], Any]:
    return wait_for


@pytest.fixture(scope="session")
def is_problem() -> Callable[[httpx.Response, int, str], None]:
    """Fail unless an answer is the contract's problem JSON with exactly this status and detail."""

    def check(response: httpx.Response, status: int, detail: str) -> None:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert set(body) == {"type", "title", "status", "detail", "instance", "request_id"}
        assert (body["status"], body["detail"]) == (status, detail)
        assert body["instance"] == response.request.url.path
        assert body["request_id"] == response.headers["x-request-id"]

    return check
