"""What our services say of themselves in OpenAPI is what they do, whatever they are sent.

schemathesis makes requests out of each operation's description, valid ones and invalid ones, at
objects that are there and at ids that are not. The seed is fixed: a run is like the one before.
`OEP_EXAMPLES=300` sends more of each kind, for as long as that takes.
"""

import contextlib
import os
import uuid
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
MORE = int(os.environ.get("OEP_EXAMPLES", "0"))
EXAMPLES = {"auth": MORE or 3, "attempts": MORE or 1, "proctoring": MORE or 1}
"""By operation, caller, kind of data, and kind of id."""
SECONDS = 300 * max(1, MORE // 3)

CALLERS = {
    "auth": ["admin", "student owner"],
    "attempts": ["admin", "student owner"],
    "proctoring": ["admin", "student owner", "proctor"],
}
TURNS = [(service, name) for service, names in CALLERS.items() for name in names]

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


@pytest.fixture(scope="session")
async def watched(scene) -> dict[str, Any]:
    """Return the ids of an attempt of which proctoring has something in each of its tables."""
    attempt_id = scene.attempt()
    proctor, owner = (scene.actors[name].token for name in ("proctor", "student owner"))
    types = ["tab_switch", "copy_paste_attempt", "window_focus", "tab_switch"]
    events = [
        {
            "attempt_id": attempt_id,
            "event_type": kind,
            "event_id": str(uuid.uuid4()),
            "client_sequence": 2 * number,
            "event_data": {"key": "c"},
        }
        for number, kind in enumerate(types)
    ]
    timing = {"attempt_id": attempt_id, "question_id": scene.question_id, "total_time_seconds": 5}
    about = f"/attempt/{attempt_id}"
    note = {"action_id": str(uuid.uuid4()), "action": "warn", "text": "Look at your screen"}
    chat = {"message_id": str(uuid.uuid4()), "text": "I need paper"}
    off = {"rule_ids": ["tab-switch"], "reason": "reads with a second screen"}
    results = (await tell(scene, owner, "POST", "/events/batch", {"events": events}))["results"]
    event_ids = [result["event"]["id"] for result in results]
    await tell(scene, owner, "POST", "/question-timing", timing)
    await tell(scene, owner, "POST", f"{about}/hand")
    await tell(scene, owner, "POST", f"{about}/messages", chat)
    await tell(scene, proctor, "POST", f"{about}/actions", note)
    await tell(scene, proctor, "POST", f"{about}/claim")
    opening = {"reason": "a phone on the desk", "event_ids": event_ids[:2]}
    review = await tell(scene, proctor, "POST", f"{about}/reviews", opening)
    await tell(scene, scene.admin_token, "PUT", f"{about}/accommodations", off)
    await tell(scene, scene.admin_token, "POST", f"{about}/hold", {"reason": "a law suit"})
    return {
        "attempt_id": attempt_id,
        "exam_id": scene.exam_id,
        "question_id": scene.question_id,
        "user_id": scene.actors["student owner"].user_id,
        "review_id": review["id"],
        "event_ids": event_ids,
    }


async def tell(scene, token: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await scene.http.request(method, f"/proctoring{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def known_to(operation: Any, scene, ids: dict[str, Any], watched: dict[str, Any]) -> dict[str, Any]:
    """Return ids that are there; of proctoring each operation that changes something has its own.

    So what one has ended, the next one does not stumble over.
    """
    _, _, path = operation.path.partition("/proctoring")
    if not path:
        return ids
    if operation.method == "get":
        return watched
    if "{review_id}" in path:
        state = {"decision": "open", "appeal": "decided", "appeal-decision": "appealed"}
        return watched | {"review_id": scene.review(state[path.rpartition("/")[2]])}
    claimed = path.endswith(("/hand-over", "/take-over"))
    attempt_id = scene.claimed_attempt() if claimed else scene.attempt()
    known = watched | {"attempt_id": attempt_id, "attempt_ids": [attempt_id]}
    return known | ({"id": scene.action(attempt_id)} if "{id}" in path else {})


def operations(scene, service: str) -> list[Any]:
    base = scene.platform.service_url(service)
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    return [result.ok() for result in schema.get_all_operations()]


def known_ids(operation: Any, ids: dict[str, Any]) -> dict[str, Any]:
    return {p.name: ids[p.name] for p in operation.path_parameters if p.name in ids}


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("service", "name"), TURNS)
def test_a_service_keeps_to_its_description(scene, ids, watched, service, name, mode):
    base = scene.platform.service_url(service)
    token = scene.actors[name].token
    count, wrong = 0, []
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for operation in operations(scene, service):
            ends = f"{operation.method.upper()} {operation.path}" == ENDS_THE_LOGIN
            before = partial(log_in_anew, session, scene, name) if ends else do_nothing
            there = known_to(operation, scene, ids, watched)
            known = known_ids(operation, there)
            nobody, named = do_nothing_to, partial(name_known, ids=there)
            ways = [({}, nobody), ({"path_parameters": known}, named)]
            for path, change in ways if known or operation.body else ways[:1]:
                strategy = operation.as_strategy(generation_mode=mode, **path)
                try:
                    count += sent(strategy, EXAMPLES[service], base, session, before, change)
                except Exception as failure:  # noqa: BLE001  # whatever it is, all are told
                    wrong.append(failure)
            session.headers["Authorization"] = f"Bearer {token}"
    assert count
    if wrong:
        raise ExceptionGroup("what is answered is not what is described", wrong)


def name_known(case: Any, ids: dict[str, Any]) -> None:
    """Let numbers in the query and the body be those of objects that are there."""
    case.query = at_known(case.query, ids)
    case.body = at_known(case.body, ids)


def at_known(value: Any, ids: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [at_known(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: ids[name] if name in ids and type(each) is type(ids[name]) else at_known(each, ids)
        for name, each in value.items()
    }


def log_in_anew(session: requests.Session, scene, name: str) -> None:
    """Put a login of its own before a request that ends the one that it comes with."""
    body = {"username": scene.actors[name].username, "password": PASSWORD}
    url = f"{scene.platform.service_url('auth')}/api/v1/auth/login"
    token = requests.post(url, json=body, timeout=20).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"


def do_nothing() -> None:
    return


def do_nothing_to(_: Any) -> None:
    return


def sent(
    strategy: Any,
    examples: int,
    base: str,
    session: requests.Session,
    before: Callable[[], None],
    change: Callable[[Any], None],
) -> int:
    """Send what is made of one operation, and return how many requests that were."""
    count = 0

    @settings(FEW, max_examples=examples)
    @given(case=strategy)
    def send(case: Any) -> None:
        nonlocal count
        count += 1
        before()
        change(case)
        answer = case.call(base_url=base, session=session, timeout=20)
        case.validate_response(answer, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
        send()
    return count
