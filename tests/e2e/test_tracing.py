"""One trace from a browser's fetch to the frame on the board: REST, gRPC, outbox, bus, socket."""

import json
import secrets

import pytest
from chassis.waiting import eventually

# Frames, of which a twentieth is traced: that none is happens once in two thousand runs.
MANY = 150
WANTED = {"answer_saved", "status_changed"}
SAVE = "POST /api/v1/attempts/{attempt_id}/answers"
SUBMIT = "POST /api/v1/attempts/{attempt_id}/submit"
AROUND_A_GROUP = "/oep.attempts.v1.AttemptsService/BatchGetAttempts"


@pytest.fixture
def written(platform):
    """Read all spans that the processes have written."""

    def read():
        for file in platform.layout.traces.glob("*.jsonl"):
            whole, _, _ = file.read_text().rpartition("\n")  # the last one may be half written
            for line in whole.splitlines():
                for resource in json.loads(line)["resourceSpans"]:
                    attributes = resource["resource"]["attributes"]
                    about = {a["key"]: next(iter(a["value"].values())) for a in attributes}
                    for scope in resource["scopeSpans"]:
                        for span in scope["spans"]:
                            yield span | {"node": about["service.instance.id"]}

    return read


@pytest.fixture
def spans(written):
    """Read what the processes have written of one trace, by the spans' names."""

    def read(trace_id):
        found = {}
        for span in written():
            if span["traceId"] == trace_id:
                found.setdefault(span["name"], []).append(span)
        return found

    return read


def attributes(span):
    return {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}


async def traced(spans, trace_id, is_whole):
    """Wait until what the processes have written, each in its own time, is the whole trace."""

    async def complete():
        found = spans(trace_id)
        return found if is_whole(found) else None

    return await eventually(complete, 20)


def nodes(found, name):
    return {span["node"] for span in found.get(name, ())}


def shown(found):
    """Return the deliveries that met a socket; nodes whose sockets hear others tell of theirs."""
    return [s for s in found.get("socket.deliver", ()) if int(attributes(s)["oep.sockets"]) > 0]


def is_posted_and_shown(found):
    alone = ("POST /api/v1/proctoring/events", "intake.ask", "intake.write", "outbox.publish")
    both = nodes(found, AROUND_A_GROUP) == {"proctoring-1", "attempts-1"}
    return both and all(name in found for name in alone) and bool(shown(found))


def parents(found, name):
    return {span["parentSpanId"] for span in found.get(name, ())}


def is_told_and_published(found):
    """Say whether both facts are at the sockets and as many edges' notices are known."""
    facts = {attributes(span)["oep.fact"] for span in found.get("socket.deliver", ())}
    edges = found.keys() >= {SAVE, SUBMIT} and len(parents(found, "outbox.publish")) > 1
    return facts >= WANTED and edges


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
    found = await traced(spans, trace_id, is_posted_and_shown)
    [post] = found["POST /api/v1/proctoring/events"]
    [asked], [written] = found["intake.ask"], found["intake.write"]
    client, server = sorted(found[AROUND_A_GROUP], key=lambda span: span["node"], reverse=True)
    [published] = found["outbox.publish"]
    under = {span["name"]: span["parentSpanId"] for span in (post, asked, written, published)}
    assert under == {
        post["name"]: browser,
        "intake.ask": post["spanId"],
        "intake.write": post["spanId"],
        "outbox.publish": post["spanId"],
    }
    assert (client["node"], client["parentSpanId"]) == ("proctoring-1", asked["spanId"])
    assert (server["node"], server["parentSpanId"]) == ("attempts-1", client["spanId"])
    assert parents(found, "socket.deliver") == {published["spanId"]}
    [delivered] = shown(found)
    assert int(attributes(delivered)["oep.sequence"]) == frame["position"]["sequence"]
    assert int(delivered["endTimeUnixNano"]) >= int(post["startTimeUnixNano"])


async def test_an_answer_and_a_submit_are_traced_to_the_socket_too(student, proctor, spans):
    trace_id = secrets.token_hex(16)
    async with proctor.socket(f"exams/{student.exam_id}/monitor") as board:
        await board.until(lambda f: f["type"] == "snapshot")
        student.http.headers["traceparent"] = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        assert (await student.save(student.question_ids[0], "hillside")).status_code == 200
        await student.submit()
        del student.http.headers["traceparent"]
        found = await traced(spans, trace_id, is_told_and_published)
    edges = {found[SUBMIT][0]["spanId"], found[SAVE][0]["spanId"]}
    assert parents(found, "outbox.publish") == edges


async def test_a_save_over_a_socket_is_a_trace_of_its_own_to_the_board(student, written, spans):
    """One of the share that is traced unasked; there is no other way to ask on a socket."""
    question = student.question_ids[0]
    async with student.socket(f"attempts/{student.attempt_id}") as line:
        for sequence in range(1, MANY + 1):
            save = {"question_id": question, "answer": f"word {sequence}", "sequence": sequence}
            await line.send(type="checkpoint", message_id=f"m{sequence}", **save)
        await line.until(lambda f: f.get("message_id") == f"m{MANY}", 20)

    async def whole():
        begun = {span["traceId"] for span in written() if span["name"] == "socket.save"}
        for trace_id in begun:
            found = spans(trace_id)
            if {"outbox.publish", "socket.deliver"} <= found.keys():
                return found
        return None

    found = await eventually(whole, 20, every=0.5)
    [saved] = found["socket.save"]
    assert not saved.get("parentSpanId"), "it begins with the frame"
    assert parents(found, "outbox.publish") == {saved["spanId"]}
    assert parents(found, "socket.deliver") == {found["outbox.publish"][0]["spanId"]}
    facts = {attributes(span)["oep.fact"] for span in found["socket.deliver"]}
    assert facts == {"answer_saved"}


async def test_who_does_not_ask_for_it_is_not_traced(student, spans):
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"}
    answer = await student.http.post("/proctoring/events", json=student.event(), headers=headers)
    assert answer.status_code == 201
    asked = secrets.token_hex(16)
    headers = {"traceparent": f"00-{asked}-{secrets.token_hex(8)}-01"}
    await student.http.post("/proctoring/events", json=student.event(), headers=headers)
    await traced(spans, asked, lambda found: "outbox.publish" in found)
    assert spans(trace_id) == {}
