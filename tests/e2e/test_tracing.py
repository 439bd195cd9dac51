"""One trace from a browser's fetch to the frame on the board: REST, gRPC, outbox, bus, socket."""

import json
import secrets

import pytest
from chassis.waiting import eventually

WANTED = {"answer_saved", "status_changed"}
AROUND_A_GROUP = "/oep.attempts.v1.AttemptsService/BatchGetAttempts"


@pytest.fixture
def spans(platform):
    """Read what the processes have written of one trace, by the spans' names."""

    def read(trace_id):
        found = {}
        for file in platform.layout.traces.glob("*.jsonl"):
            for line in file.read_text().splitlines():
                for resource in json.loads(line)["resourceSpans"]:
                    attributes = resource["resource"]["attributes"]
                    about = {a["key"]: next(iter(a["value"].values())) for a in attributes}
                    for scope in resource["scopeSpans"]:
                        for span in scope["spans"]:
                            if span["traceId"] == trace_id:
                                here = span | {"node": about["service.instance.id"]}
                                found.setdefault(span["name"], []).append(here)
        return found

    return read


def attributes(span):
    return {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}


async def traced(spans, trace_id, *names):
    async def complete():
        found = spans(trace_id)
        return found if all(name in found for name in names) else None

    return await eventually(complete, 10)


async def test_an_event_is_one_trace_from_the_fetch_to_the_socket(student, proctor, spans):
    trace_id, browser = secrets.token_hex(16), secrets.token_hex(8)
    async with proctor.socket(f"exams/{student.exam_id}/monitor") as board:
        await board.until(lambda f: f["type"] == "snapshot")
        event = student.event("copy_paste_attempt")
        headers = {"traceparent": f"00-{trace_id}-{browser}-01"}
        answer = await student.http.post("/proctoring/events", json=event, headers=headers)
        assert answer.status_code == 201
        frame = await board.until(
            lambda f: (
                f["type"] == "delta"
                and f["kind"] == "event"
                and f["data"]["event"]["event_id"] == event["event_id"]
            )
        )
    found = await traced(spans, trace_id, "socket.deliver", AROUND_A_GROUP, "intake.write")
    [post] = found["POST /api/v1/proctoring/events"]
    [asked], [written] = found["intake.ask"], found["intake.write"]
    client, server = sorted(found[AROUND_A_GROUP], key=lambda span: span["node"], reverse=True)
    [published] = found["outbox.publish"]
    parents = {span["name"]: span["parentSpanId"] for span in (post, asked, written, published)}
    assert parents == {
        post["name"]: browser,
        "intake.ask": post["spanId"],
        "intake.write": post["spanId"],
        "outbox.publish": post["spanId"],
    }
    assert (client["node"], client["parentSpanId"]) == ("proctoring-1", asked["spanId"])
    assert (server["node"], server["parentSpanId"]) == ("attempts-1", client["spanId"])
    deliveries = found["socket.deliver"]
    assert {span["parentSpanId"] for span in deliveries} == {published["spanId"]}
    [shown] = [s for s in deliveries if int(attributes(s)["oep.sockets"]) > 0]
    assert int(attributes(shown)["oep.sequence"]) == frame["position"]["sequence"]
    assert int(shown["endTimeUnixNano"]) >= int(post["startTimeUnixNano"])


async def test_an_answer_and_a_submit_are_traced_to_the_socket_too(student, proctor, spans):
    trace_id = secrets.token_hex(16)
    async with proctor.socket(f"exams/{student.exam_id}/monitor") as board:
        await board.until(lambda f: f["type"] == "snapshot")
        student.http.headers["traceparent"] = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        assert (await student.save(student.question_ids[0], "hillside")).status_code == 200
        await student.submit()
        del student.http.headers["traceparent"]
    submit = "POST /api/v1/attempts/{attempt_id}/submit"
    save = "POST /api/v1/attempts/{attempt_id}/answers"
    found = await traced(spans, trace_id, submit, save, "socket.deliver", "outbox.publish")

    async def told():
        delivered = spans(trace_id)["socket.deliver"]
        return {attributes(span)["oep.fact"] for span in delivered} >= WANTED

    assert await eventually(told, 10)
    edges = {found[submit][0]["spanId"], found[save][0]["spanId"]}
    assert {span["parentSpanId"] for span in spans(trace_id)["outbox.publish"]} == edges


async def test_who_does_not_ask_for_it_is_not_traced(student, spans):
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"}
    answer = await student.http.post("/proctoring/events", json=student.event(), headers=headers)
    assert answer.status_code == 201
    asked = secrets.token_hex(16)
    headers = {"traceparent": f"00-{asked}-{secrets.token_hex(8)}-01"}
    await student.http.post("/proctoring/events", json=student.event(), headers=headers)
    await traced(spans, asked, "outbox.publish")
    assert spans(trace_id) == {}
