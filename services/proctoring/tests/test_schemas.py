"""OpenAPI and the decoder say the same; the gateway alone names the client's address."""

import ipaddress
import json

import jsonschema
import pytest
from chassis.errors import Failure
from chassis.origins import Origin, origin
from hypothesis import given
from hypothesis import strategies as st
from proctoring import schemas
from proctoring.app import create_app
from proctoring.settings import Settings

NETWORKS = (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.1.0.0/16"))
OFFLINE = {
    "rest_port": 8103,
    "grpc_port": 8203,
    "database_url": "postgresql://nobody:x@127.0.0.1:1/nothing",
    "nats_url": "nats://127.0.0.1:1",
    "jwks_url": "http://127.0.0.1:1/",
    "attempts_grpc": "127.0.0.1:1",
    "auth_grpc": "127.0.0.1:1",
    "evidence_signing_secret": "describes itself, signs nothing at all",
}


@pytest.fixture(scope="module")
def openapi() -> dict:
    return create_app(Settings(**OFFLINE)).openapi()


def validator(openapi: dict, name: str) -> jsonschema.Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": openapi["components"]}
    return jsonschema.Draft202012Validator(schema)


def decodes(name: str, document: object) -> bool:
    body = json.dumps(document).encode()
    try:
        if name == "EventBody":
            schemas.event_draft(body, Origin())
        elif name == "TimingBody":
            schemas.timing_draft(body)
        else:
            for draft in schemas.event_drafts(body, Origin()):
                if isinstance(draft, Failure):
                    raise draft
    except Failure:
        return False
    return True


values = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**33)
    | st.sampled_from([2**63, 1.5, "info", "violation", "fatal", "tab_switch", "a", "A", "a\n", ""])
    | st.sampled_from([[], {}, {"key": "F12"}, "visit-1", "a b", "x" * 65])
)
FIELDS = {
    "EventBody": ["attempt_id", "event_type", "question_id", "event_data", "severity",
                  "client_sequence", "other"],
    "TimingBody": ["attempt_id", "question_id", "total_time_seconds", "answer_changed",
                   "visit_id", "other"],
}  # fmt: skip
GOOD = {
    "EventBody": {"attempt_id": 1, "event_type": "tab_switch"},
    "TimingBody": {"attempt_id": 1, "question_id": 2, "total_time_seconds": 3},
}


@given(st.sampled_from(list(FIELDS)), st.data())
def test_openapi_and_decoder_accept_the_same_bodies(openapi: dict, name: str, data: st.DataObject):
    change = data.draw(st.dictionaries(st.sampled_from(FIELDS[name]), values, max_size=2))
    document = GOOD[name] | change
    if data.draw(st.booleans()):
        document.pop(data.draw(st.sampled_from(sorted(document))))
    assert validator(openapi, name).is_valid(document) == decodes(name, document)


@pytest.mark.parametrize("size", [0, 1, 500, 501])
def test_openapi_and_decoder_agree_on_the_size_of_a_batch(openapi: dict, size: int):
    document = {"events": [GOOD["EventBody"]] * size}
    assert validator(openapi, "BatchBody").is_valid(document) == (1 <= size <= 500)
    assert decodes("BatchBody", document) == (1 <= size <= 500)


def test_openapi_is_made_without_any_connection_and_declares_every_route(openapi: dict):
    prefix = "/api/v1/proctoring"
    assert {
        (path, method)
        for path, item in openapi["paths"].items()
        for method, operation in item.items()
        if operation["tags"] == ["proctoring"]  # a concept's own routes are its own tests'
    } == {
        (f"{prefix}/events", "post"),
        (f"{prefix}/events/batch", "post"),
        (f"{prefix}/exams/{{exam_id}}/delivery", "get"),
        (f"{prefix}/question-timing", "post"),
        (f"{prefix}/attempt/{{attempt_id}}/events", "get"),
        (f"{prefix}/attempt/{{attempt_id}}/violations", "get"),
        (f"{prefix}/attempt/{{attempt_id}}/question-timings", "get"),
    }
    text = json.dumps(openapi)
    for name in ("EventBody", "TimingBody", "BatchBody", "ProctoringEvent", "QuestionTiming"):
        assert f"#/components/schemas/{name}" in text
        assert name in openapi["components"]["schemas"]


async def test_what_is_answered_fits_its_description(rig, openapi: dict):
    sat, client = rig.sits()
    event = await client.post("/events", json=GOOD["EventBody"] | {"attempt_id": sat.attempt_id})
    validator(openapi, "ProctoringEvent").validate(event.json())
    posted = GOOD["TimingBody"] | {"attempt_id": sat.attempt_id}
    timing = await client.post("/question-timing", json=posted)
    validator(openapi, "QuestionTiming").validate(timing.json())
    items = {"events": [GOOD["EventBody"] | {"attempt_id": n} for n in (sat.attempt_id, 0)]}
    batch = await client.post("/events/batch", json=items)
    validator(openapi, "BatchAnswer").validate(batch.json())
    reader = rig.client(5, "admin")
    summary = await reader.get(f"/attempt/{sat.attempt_id}/violations")
    validator(openapi, "ViolationSummary").validate(summary.json())


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "not an address", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        (None, "198.51.100.7", None),
    ],
)
def test_the_address_comes_from_a_trusted_peer(peer, header, expected):
    assert origin(peer, header, None, NETWORKS).ip_address == expected


def test_a_long_user_agent_is_cut():
    assert len(origin(None, None, "x" * 5_000, NETWORKS).user_agent or "") == 1_000


def test_trusted_proxies_are_read_from_text():
    settings = Settings(**OFFLINE, trusted_proxies="127.0.0.1, 10.1.0.0/16")
    assert settings.trusted_proxies == NETWORKS


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ('{"a":[', "]}")])
@pytest.mark.parametrize("levels", [32, 34, 900])
def test_event_data_has_a_depth_that_every_reader_of_evidence_can_take(opening, closing, levels):
    """Found by `make abuse ARGS=bombs`: 980 levels were taken in, and stand in the evidence."""
    times = levels // len(closing)
    data = opening * times + "1" + closing * times
    event = f'{{"attempt_id": 1, "event_type": "tab_switch", "event_data": {data}}}'.encode()
    if levels <= schemas.MAX_EVENT_DATA_DEPTH:
        assert schemas.event_draft(event, Origin()).event_data == data
    else:
        with pytest.raises(Failure, match="more than 32 levels deep"):
            schemas.event_draft(event, Origin())


def test_many_small_objects_side_by_side_are_not_deep():
    data = json.dumps({"all": [{"a": []}] * 200})
    event = f'{{"attempt_id": 1, "event_type": "tab_switch", "event_data": {data}}}'.encode()
    assert schemas.event_draft(event, Origin()).event_data == data.replace(" ", "")
