"""What our services say of themselves in OpenAPI is what they do, whatever they are sent.

schemathesis makes requests out of each operation's description, valid ones and invalid ones, at
objects that are there and at ids that are not (`each_alone`); and stories, in which one operation
takes what another one answered (`in_a_row`). The same seed sends the same, as far as ids allow.
"""

import contextlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import FlakyStrategyDefinition, Unsatisfiable
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from abuse.scene import PASSWORD, Scene
from abuse.tally import Tally

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CALLERS = {
    "auth": ["admin", "student owner"],
    "attempts": ["admin", "student owner"],
    "proctoring": ["admin", "student owner", "proctor"],
}
TURNS = [(service, name) for service, names in CALLERS.items() for name in names]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
ENDS_THE_LOGIN = "POST /api/v1/auth/logout"
_FEW = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
_STEPS = 12
_SEEDS = 10
_SECONDS = 20


@dataclass(frozen=True)
class Objects:
    """Ids of what is there, by the names that paths give them."""

    ids: dict[str, Any]
    watched: dict[str, Any]
    """Of an attempt of which proctoring has something in each of its tables."""


async def objects_of(scene: Scene) -> Objects:
    return Objects(await known_objects(scene), await watched_attempt(scene))


async def known_objects(scene: Scene) -> dict[str, Any]:
    """Make objects that are there; return their ids by the names that paths give them."""
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


async def watched_attempt(scene: Scene) -> dict[str, Any]:
    """Make an attempt of which proctoring has something in each of its tables; return its ids."""
    attempt_id = scene.attempt()
    proctor, owner = (str(scene.actors[name].token) for name in ("proctor", "student owner"))
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


async def tell(scene: Scene, token: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await scene.http.request(method, f"/proctoring{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def known_to(operation: Any, scene: Scene, objects: Objects) -> dict[str, Any]:
    """Return ids that are there; of proctoring each operation that changes something has its own.

    So what one has ended, the next one does not stumble over.
    """
    _, _, path = operation.path.partition("/proctoring")
    if not path:
        return objects.ids
    if operation.method == "get":
        return objects.watched
    if "{review_id}" in path:
        state = {"decision": "open", "appeal": "decided", "appeal-decision": "appealed"}
        return objects.watched | {"review_id": scene.review(state[path.rpartition("/")[2]])}
    claimed = path.endswith(("/hand-over", "/take-over"))
    attempt_id = scene.claimed_attempt() if claimed else scene.attempt()
    known = objects.watched | {"attempt_id": attempt_id, "attempt_ids": [attempt_id]}
    return known | ({"id": scene.action(attempt_id)} if "{id}" in path else {})


@dataclass(frozen=True)
class Bearer(AuthBase):
    """Shows a token last of all: schemathesis makes tokens up, or takes ours away, and would hear
    401 of most operations.
    """

    token: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass
class Caller:
    """Somebody at one door; an operation that ends his login gets a login of its own."""

    scene: Scene
    name: str
    base: str
    spare_id: int
    """A user whom requests may change and erase instead of those who ask them."""
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, case: Any) -> Any:
        """Send a case and return the answer."""
        if case.path_parameters.get("user_id") in self._needed:
            case.path_parameters["user_id"] = self.spare_id
        ends = f"{case.operation.method.upper()} {case.operation.path}" == ENDS_THE_LOGIN
        token = self._new_token() if ends else self.scene.actors[self.name].token
        self.session.auth = Bearer(str(token))
        return case.call(base_url=self.base, session=self.session, timeout=_SECONDS)

    @property
    def _needed(self) -> set[int]:
        return {self.scene.admin_id, *(actor.user_id for actor in self.scene.actors.values())}

    def _new_token(self) -> str:
        body = {"username": self.scene.actors[self.name].username, "password": PASSWORD}
        url = f"{self.scene.platform.service_url('auth')}/api/v1/auth/login"
        return str(requests.post(url, json=body, timeout=_SECONDS).json()["access_token"])


def each_alone(
    caller: Caller, schema: Any, objects: Objects, mode: GenerationMode, examples: int, tally: Tally
) -> None:
    """Send `examples` of each operation with ids out of the air, and as many with known ones."""
    for result in schema.get_all_operations():
        operation = result.ok()
        there = known_to(operation, caller.scene, objects)
        known = {p.name: there[p.name] for p in operation.path_parameters if p.name in there}
        ways = [({}, {}), ({"path_parameters": known}, there)]
        for path, named in ways if known or operation.body else ways[:1]:
            strategy = operation.as_strategy(generation_mode=mode, **path)
            _send(strategy, caller, named, examples, tally)


def _send(
    strategy: Any, caller: Caller, named: dict[str, Any], examples: int, tally: Tally
) -> None:
    @seeded(tally.seed)
    @settings(_FEW, max_examples=examples)
    @given(case=strategy)
    def send(case: Any) -> None:
        name_known(case, named)
        _judge(case, caller.ask(case), tally)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
        send()


def in_a_row(caller: Caller, schema: Any, stories: int, tally: Tally) -> None:
    """Play stories of up to a dozen steps, each taking what earlier ones have answered.

    A platform that has been told a story answers otherwise the next time, which hypothesis takes
    for a test that does not know what it wants: the stories that are left get another seed.
    """
    begun = 0

    class Story(schema.as_state_machine()):  # type: ignore[misc]  # made of the description
        def setup(self) -> None:
            nonlocal begun
            begun += 1

        def call(self, case: Any, **_: Any) -> Any:
            return caller.ask(case)

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            _judge(case, response, tally)

    for turn in range(_SEEDS):
        told = settings(_FEW, max_examples=stories - begun, stateful_step_count=_STEPS)
        with contextlib.suppress(FlakyStrategyDefinition):
            seeded(tally.seed + turn)(Story).run(settings=told)
            return
        if begun >= stories:
            return
    tally.violations.append(f"{_SEEDS} seeds told {begun} of {stories} stories")


def _judge(case: Any, answer: Any, tally: Tally) -> None:
    wrong = ""
    try:
        case.validate_response(answer, checks=CHECKS)
    except (Failure, FailureGroup) as failure:
        told = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
        wrong = "; ".join(str(each).partition("\n\n")[0] for each in told)
        wrong = f"{wrong} ({case.as_curl_command()[:600]})"
    tally.saw(f"{case.operation.method.upper()} {case.operation.path}", answer.status_code, wrong)


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
