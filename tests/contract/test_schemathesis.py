"""What auth and attempts say of themselves in OpenAPI is what they do, whatever they are sent.

schemathesis makes requests out of each operation's description, valid ones and invalid ones, at
objects that are there and at ids that are not. The seed is fixed: a run is like the one before.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = {"auth": 6, "attempts": 3}
"""By operation, caller, kind of data, and kind of id."""

FEW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
ENDS_THE_LOGIN = "POST /api/v1/auth/logout"
PASSWORD = "policy-policy"


@pytest.fixture(scope="session")
async def ids(scene) -> dict[str, Any]:
    """Objects that are there, by the names that paths give them."""
    attempt_id = scene.attempt()
    return {
        "attempt_id": attempt_id,
        "allowance_id": scene.allowance(attempt_id),
        "transfer_id": scene.transfer(attempt_id),
        "exam_id": scene.fresh_exam(),
        "question_id": scene.question(),
        "qbank_id": scene.bank(),
        "trade_id": scene.trade(),
        "user_id": (await scene.person("whoever", "technician")).user_id,
        "rubric_id": scene.rubric(),
        "role": "grader",
    }


def operations(scene, service: str) -> list[Any]:
    base = scene.platform.service_url(service)
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    return [result.ok() for result in schema.get_all_operations()]


def known_ids(operation: Any, ids: dict[str, Any]) -> dict[str, Any]:
    return {p.name: ids[p.name] for p in operation.path_parameters if p.name in ids}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", ["admin", "student owner"])
@pytest.mark.parametrize("service", EXAMPLES)
def test_a_service_keeps_to_its_description(scene, ids, service, name, mode):
    base = scene.platform.service_url(service)
    token = scene.actors[name].token
    count = 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for operation in operations(scene, service):
            ends = f"{operation.method.upper()} {operation.path}" == ENDS_THE_LOGIN
            before = partial(log_in_anew, session, scene, name) if ends else do_nothing
            known = known_ids(operation, ids)
            for path in [{}, {"path_parameters": known}] if known else [{}]:
                strategy = operation.as_strategy(generation_mode=mode, **path)
                count += sent(strategy, EXAMPLES[service], base, session, before)
            session.headers["Authorization"] = f"Bearer {token}"
    assert count


def log_in_anew(session: requests.Session, scene, name: str) -> None:
    """Put a login of its own before a request that ends the one that it comes with."""
    body = {"username": scene.actors[name].username, "password": PASSWORD}
    url = f"{scene.platform.service_url('auth')}/api/v1/auth/login"
    token = requests.post(url, json=body, timeout=20).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"


def do_nothing() -> None:
    return


def sent(
    strategy: Any,
    examples: int,
    base: str,
    session: requests.Session,
    before: Callable[[], None],
) -> int:
    """Send what is made of one operation, and return how many requests that were."""
    count = 0

    @settings(FEW, max_examples=examples)
    @given(case=strategy)
    def send(case: Any) -> None:
        nonlocal count
        count += 1
        before()
        answer = case.call(base_url=base, session=session, timeout=20)
        case.validate_response(answer, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
        send()
    return count
