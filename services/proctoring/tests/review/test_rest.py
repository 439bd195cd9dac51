"""Reviews over REST: who sees and does what, in which words, and nothing that is not his."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from chassis.bus import EVENTS
from chassis.waiting import eventually
from proctoring.review.reasons import Decision, ReasonCode

CONFIRM = {
    "decision": "confirmed",
    "reason_code": "forbidden_material",
    "explanation": "A phone lay on the desk",
    "internal_note": "internal: ask the hall for the video",
}
CLEAR = {"decision": "cleared", "reason_code": "no_breach", "explanation": "Nothing was seen"}
UPHOLD = {"decision": "upheld", "explanation": "It was a phone", "internal_note": "internal 2"}
OVERTURN = {"decision": "overturned", "explanation": "It was a calculator"}
APPEAL = {"text": "It was my calculator"}


class Case:
    """A student with an event, and colleagues of his exam."""

    def __init__(self, rig, exam_id: int = 0) -> None:
        self.rig = rig
        self.sat = rig.stub.add("submitted", exam_id=exam_id)
        self.student = rig.client(self.sat.student_id)
        here = self.sat.exam_id
        self.proctor = rig.member("proctor", assigned=[("proctor", here)])
        self.grader = rig.member("grader", assigned=[("grader", here)])
        self.third = rig.member("grader", assigned=[("grader", here)])
        self.admin = rig.member("admin")
        self.elsewhere = rig.member("proctor", "grader", assigned=[("proctor", here + 1)])

    async def event(self) -> dict:
        self.rig.stub.set_status(self.sat, "in_progress")
        posted = {
            "attempt_id": self.sat.attempt_id,
            "event_type": "fullscreen_exit",
            "question_id": 2,
        }
        event = (await self.student.post("/events", json=posted)).raise_for_status().json()
        self.rig.stub.set_status(self.sat, "submitted")
        return event

    async def opened(self, **more) -> dict:
        body = {"reason": "internal: he looked away"} | more
        answer = await self.proctor.post(f"/attempt/{self.sat.attempt_id}/reviews", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def decided(self, body: dict = CONFIRM, **more) -> dict:
        path = f"/reviews/{(await self.opened(**more))['id']}/decision"
        return (await self.grader.post(path, json=body)).raise_for_status().json()

    async def appealed(self) -> dict:
        path = f"/reviews/{(await self.decided())['id']}/appeal"
        return (await self.student.post(path, json=APPEAL)).raise_for_status().json()

    async def own_view(self):
        return await self.student.get(f"/attempt/{self.sat.attempt_id}/review")


@pytest.fixture
def a(rig) -> Case:
    return Case(rig)


async def test_a_review_is_opened_with_events_as_grounds_and_a_day_to_decide(a):
    event = await a.event()
    review = await a.opened(event_ids=[event["id"], event["id"]])
    assert review["attempt_id"] == a.sat.attempt_id
    assert (review["exam_id"], review["student_id"]) == (a.sat.exam_id, a.sat.student_id)
    assert (review["state"], review["outcome"], review["version"]) == ("open", None, 1)
    assert review["ground_ids"] == [event["id"]]
    assert review["decision_due_at"] > review["opened_at"]


async def test_the_risk_is_kept_as_it_was_when_the_review_was_opened(a):
    place = f"/attempt/{a.sat.attempt_id}/risk"

    async def assessed(sequence: int) -> dict | None:
        found = (await a.proctor.get(place)).raise_for_status().json()
        return found if found["as_of_sequence"] == sequence else None

    event = await a.event()
    seen = await eventually(lambda: assessed(1), 15)
    review = await a.opened()
    await a.event()
    later = await eventually(lambda: assessed(2), 15)
    frozen = (await a.admin.get(f"/reviews/{review['id']}")).json()["risk"]
    assert frozen == review["risk"]
    assert (frozen["score"], frozen["rules_version"]) == (seen["score"], seen["rules_version"])
    assert frozen["as_of_sequence"] == 1 < later["as_of_sequence"]
    [share] = [each for each in frozen["contributions"] if each["rule_id"] == "fullscreen-exit"]
    assert (share["event_ids"], share["points"] > 0) == ([event["id"]], True)
    [opened] = (await a.admin.get(f"/reviews/{review['id']}/history")).json()["entries"]
    assert opened["details"]["risk"] == frozen


async def test_an_attempt_that_was_never_assessed_has_no_risk_to_keep(a):
    assert (await a.opened())["risk"] is None


@pytest.mark.parametrize("who", ["proctor", "grader", "admin"])
async def test_assigned_colleagues_and_administrators_open_decide_and_read(a, who):
    colleague = getattr(a, who)
    path = f"/attempt/{a.sat.attempt_id}/reviews"
    review = (await colleague.post(path, json={"reason": "seen"})).raise_for_status().json()
    place = f"/reviews/{review['id']}"
    (await colleague.get(place)).raise_for_status()
    decided = await colleague.post(f"{place}/decision", json=CONFIRM)
    assert decided.json()["state"] == "decided"
    history = (await colleague.get(f"{place}/history")).raise_for_status().json()
    assert history["is_intact"] is True
    assert [each["step"] for each in history["entries"]] == ["opened", "decided"]


async def test_who_is_not_assigned_neither_sees_nor_does_anything(a):
    review = await a.appealed()
    place = f"/reviews/{review['review_id']}"
    for answer in (
        await a.elsewhere.get(place),
        await a.elsewhere.get(f"{place}/history"),
        await a.elsewhere.post(f"{place}/decision", json=CLEAR),
        await a.elsewhere.post(f"{place}/appeal-decision", json=UPHOLD),
        await a.elsewhere.post(f"/attempt/{a.sat.attempt_id}/reviews", json={"reason": "x"}),
        await a.elsewhere.get("/reviews", params={"exam_id": a.sat.exam_id}),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (403, "Access denied")
    assert (await a.elsewhere.get("/reviews")).json() == []


@pytest.mark.parametrize("review_id", [1, 2**62])
async def test_without_a_colleagues_role_no_id_can_be_told_from_another(a, review_id):
    known = (await a.opened())["id"]
    for some_id in (review_id, known):
        for answer in (
            await a.student.get(f"/reviews/{some_id}"),
            await a.student.get(f"/reviews/{some_id}/history"),
            await a.student.post(f"/reviews/{some_id}/decision", json=CLEAR),
            await a.student.post(f"/reviews/{some_id}/appeal-decision", json=UPHOLD),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (403, "Access denied")
    for attempt_id in (a.sat.attempt_id, 999_999_999):
        answer = await a.student.post(f"/attempt/{attempt_id}/reviews", json={"reason": "x"})
        assert (answer.status_code, answer.json()["detail"]) == (403, "Access denied")


async def test_an_unknown_attempt_or_review_is_not_found_by_colleagues(a):
    answer = await a.admin.post("/attempt/999999999/reviews", json={"reason": "x"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Exam attempt not found")
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("POST", "/decision", CLEAR),
        ("POST", "/appeal-decision", UPHOLD),
    ):
        answer = await a.admin.request(method, f"/reviews/{2**62}{path}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Review not found")


async def test_grounds_of_another_attempt_are_refused_by_number(a, rig):
    foreign = await Case(rig).event()
    path = f"/attempt/{a.sat.attempt_id}/reviews"
    answer = await a.proctor.post(path, json={"reason": "x", "event_ids": [foreign["id"]]})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"These are no events of the attempt: {foreign['id']}"


async def test_who_opens_second_is_told_by_whom_it_was_done_by_name(a, rig):
    review = await a.opened()
    path = f"/attempt/{a.sat.attempt_id}/reviews"
    rig.auth.named(review["opened_by_id"], "Amara Okafor")
    answer = await a.admin.post(path, json={"reason": "me too"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "A review of this attempt is open already, by Amara Okafor"
    assert answer.json()["review_id"] == review["id"]
    async with rig.auth.away():
        answer = await a.admin.post(path, json={"reason": "me too"})
        assert answer.json()["detail"].endswith(f"by user {review['opened_by_id']}")

    async def is_back() -> bool:
        again = await a.admin.post(path, json={"reason": "me too"})
        return again.json()["detail"].endswith("by Amara Okafor")

    assert await eventually(is_back, 10)


async def test_who_decides_second_is_told_who_was_first(a):
    review = await a.decided()
    answer = await a.admin.post(f"/reviews/{review['id']}/decision", json=CLEAR)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:oep:problem:already-decided"
    assert answer.json()["decided_by_id"] == review["decided_by_id"]


async def test_a_decision_needs_a_reason_of_its_own_kind_and_the_answer_names_them(a):
    place = f"/reviews/{(await a.opened())['id']}/decision"
    for decision in Decision:
        for code in ReasonCode:
            if code.decision is decision:
                continue
            body = CLEAR | {"decision": decision.value, "reason_code": code.value}
            answer = await a.grader.post(place, json=body)
            assert answer.status_code == 422
            fitting = [each.value for each in ReasonCode if each.decision is decision]
            assert ", ".join(fitting) in answer.text


@pytest.mark.parametrize("words", ["", "  \n", "a\0b", "\ud800", "x" * 5_001, 7, None])
async def test_an_appeal_is_1_to_5000_characters_that_can_be_kept(a, words):
    path = f"/reviews/{(await a.decided())['id']}/appeal"
    sent = {"content": json.dumps({"text": words}), "headers": {"Content-Type": "application/json"}}
    assert (await a.student.post(path, **sent)).status_code == 422
    assert (await a.student.post(path, json={"text": "x" * 5_000})).status_code == 200


async def test_a_student_is_told_nothing_until_it_is_decided(a):
    none = await a.own_view()
    review = await a.opened()
    hidden = await a.own_view()
    appeal = await a.student.post(f"/reviews/{review['id']}/appeal", json=APPEAL)
    nonsense = await a.student.post(f"/reviews/{review['id']}/appeal", json={"text": ""})
    for answer in (none, hidden, appeal, nonsense):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Review not found")


async def test_a_student_sees_decision_reason_grounds_and_the_deadline(a):
    event = await a.event()
    review = await a.decided(event_ids=[event["id"]])
    shown = (await a.own_view()).json()
    assert (shown["state"], shown["decision"], shown["outcome"]) == (
        "decided",
        "confirmed",
        "confirmed",
    )
    assert shown["reason"] == "Material was used that is not allowed."
    assert shown["explanation"] == CONFIRM["explanation"]
    assert (shown["may_appeal"], shown["appeal_until"]) == (True, review["appeal_until"])
    [ground] = shown["grounds"]
    assert ground == {
        name: event[name]
        for name in (
            "id",
            "event_type",
            "severity",
            "event_timestamp",
            "received_at",
            "question_id",
        )
    }


async def test_the_time_for_an_appeal_is_counted_from_when_the_student_can_see_the_decision(a):
    review = await a.opened()
    hidden = await a.own_view()
    place = f"/reviews/{review['id']}/decision"
    decided = (await a.grader.post(place, json=CONFIRM)).raise_for_status().json()
    shown = (await a.own_view()).json()
    assert (hidden.status_code, shown["decision"]) == (404, "confirmed")
    until, at = (datetime.fromisoformat(decided[name]) for name in ("appeal_until", "decided_at"))
    assert until - at == timedelta(days=14)
    assert at >= datetime.fromisoformat(review["opened_at"])
    assert shown["appeal_until"] == decided["appeal_until"]


async def test_a_cleared_student_sees_that_and_has_nothing_to_appeal_against(a):
    review = await a.decided(CLEAR)
    shown = (await a.own_view()).json()
    assert (shown["state"], shown["outcome"], shown["may_appeal"]) == ("closed", "cleared", False)
    answer = await a.student.post(f"/reviews/{review['id']}/appeal", json=APPEAL)
    assert (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:oep:problem:nothing-to-appeal",
    )


async def test_a_student_never_reads_who_judged_or_what_they_noted(a):
    review = await a.appealed()
    place = f"/reviews/{review['review_id']}"
    (await a.third.post(f"{place}/appeal-decision", json=UPHOLD)).raise_for_status()
    known = (await a.admin.get(place)).json()
    shown = await a.own_view()
    people = [known[f"{step}_by_id"] for step in ("opened", "decided", "appeal_decided")]
    assert all(people)
    assert "internal" not in shown.text
    assert not any(f": {by}" in shown.text or f":{by}" in shown.text for by in people)
    keys = set(shown.json()) | set(shown.json()["appeal"])
    assert not [key for key in keys if "by_id" in key or "note" in key or key == "risk"]
    assert shown.json()["appeal"]["explanation"] == UPHOLD["explanation"]


async def test_a_new_review_is_hidden_behind_the_last_decision_until_it_is_decided(a):
    first = await a.decided(CLEAR)
    second = await a.opened()
    shown = (await a.own_view()).json()
    assert (shown["review_id"], shown["outcome"]) == (first["id"], "cleared")
    (await a.grader.post(f"/reviews/{second['id']}/decision", json=CONFIRM)).raise_for_status()
    shown = (await a.own_view()).json()
    assert (shown["review_id"], shown["outcome"]) == (second["id"], "confirmed")


async def test_another_student_finds_neither_the_decision_nor_where_to_appeal(a, rig):
    review = await a.decided()
    stranger = rig.client(10**6)
    for other in (stranger, a.proctor, a.admin):
        view = await other.get(f"/attempt/{a.sat.attempt_id}/review")
        appeal = await other.post(f"/reviews/{review['id']}/appeal", json=APPEAL)
        unknown = await other.post(f"/reviews/{2**62}/appeal", json=APPEAL)
        for answer in (view, appeal, unknown):
            assert (answer.status_code, answer.json()["detail"]) == (404, "Review not found")


async def test_a_student_appeals_once_and_sees_his_appeal(a):
    shown = await a.appealed()
    assert (shown["state"], shown["may_appeal"]) == ("appealed", False)
    assert shown["appeal"]["text"] == APPEAL["text"]
    assert shown["appeal"]["due_at"] > shown["appeal"]["appealed_at"]
    answer = await a.student.post(f"/reviews/{shown['review_id']}/appeal", json=APPEAL)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "You have appealed already; a decision can be appealed against once",
    )


async def test_an_appeal_after_the_deadline_is_refused_in_clear_words(a, desk):
    review = await a.decided()
    await asyncio.to_thread(desk.let_time_pass, review["id"])
    assert (await a.own_view()).json()["may_appeal"] is False
    answer = await a.student.post(f"/reviews/{review['id']}/appeal", json=APPEAL)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The time for an appeal ended on ")
    assert answer.json()["appeal_until"].endswith("Z")


async def test_an_appeal_is_decided_by_another_person_than_who_opened_or_decided(a):
    review = await a.appealed()
    place = f"/reviews/{review['review_id']}/appeal-decision"
    for judge in (a.proctor, a.grader):
        answer = await judge.post(place, json=OVERTURN)
        assert answer.status_code == 409
        assert "another person must decide" in answer.json()["detail"]
    decided = (await a.third.post(place, json=OVERTURN)).raise_for_status().json()
    assert (decided["state"], decided["outcome"]) == ("closed", "cleared")
    answer = await a.admin.post(place, json=UPHOLD)
    assert answer.json()["decided_by_id"] == decided["appeal_decided_by_id"]
    assert (await a.own_view()).json()["outcome"] == "cleared"


async def test_nobody_reviews_an_attempt_of_his_own_whatever_his_roles(a, rig):
    myself = rig.client(a.sat.student_id, "student", "admin")
    own = await myself.post(f"/attempt/{a.sat.attempt_id}/reviews", json={"reason": "x"})
    review = await a.opened()
    place = f"/reviews/{review['id']}"
    for answer in (
        own,
        await myself.get(place),
        await myself.get(f"{place}/history"),
        await myself.post(f"{place}/decision", json=CLEAR),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "Nobody reviews an attempt of his own; ask a colleague",
        )
    assert (await myself.get("/reviews", params={"attempt_id": a.sat.attempt_id})).json() == []


async def test_no_decision_touches_the_attempt(a, rig):
    before = rig.stub.known[a.sat.attempt_id].SerializeToString()
    review = await a.appealed()
    place = f"/reviews/{review['review_id']}/appeal-decision"
    (await a.third.post(place, json=UPHOLD)).raise_for_status()
    assert rig.stub.known[a.sat.attempt_id].SerializeToString() == before


async def test_lists_show_the_reviews_in_reach_filtered_and_in_pages(rig, desk):
    first = Case(rig)
    exam_id = first.sat.exam_id
    cases = [first, *(Case(rig, exam_id) for _ in range(4))]
    opened = await cases[0].opened()
    late = await cases[1].opened()
    await asyncio.to_thread(desk.let_time_pass, late["id"])
    decided = await cases[2].decided()
    appealed = (await cases[3].appealed())["review_id"]
    await asyncio.to_thread(desk.let_time_pass, appealed)
    cleared = await cases[4].decided(CLEAR)
    await Case(rig).opened()  # of another exam

    async def ids(client=cases[0].admin, **query) -> list[int]:
        answer = await client.get("/reviews", params={"exam_id": exam_id} | query)
        return [each["id"] for each in answer.raise_for_status().json()]

    everything = [cleared["id"], appealed, decided["id"], late["id"], opened["id"]]
    assert await ids() == everything
    assert await ids(skip=1, limit=2) == everything[1:3]
    assert await ids(state="open") == [late["id"], opened["id"]]
    assert await ids(state="closed") == [cleared["id"]]
    assert await ids(overdue="true") == [appealed, late["id"]]
    assert await ids(overdue="false") == [cleared["id"], decided["id"], opened["id"]]
    assert await ids(attempt_id=cases[2].sat.attempt_id) == [decided["id"]]
    assert await ids(cases[2].grader, mine="true") == [decided["id"]]
    assert await ids(cases[2].proctor, mine="true") == [decided["id"]]
    assert await ids(cases[0].admin, mine="true") == []
    reachable = await cases[0].proctor.get("/reviews", params={"limit": 1000})
    assert [each["id"] for each in reachable.json()] == everything


async def test_every_step_is_announced_without_a_word_of_anybody(a, bus):
    begin = (await bus.head(EVENTS)).sequence
    review = await a.appealed()
    place = f"/reviews/{review['review_id']}/appeal-decision"
    (await a.third.post(place, json=OVERTURN)).raise_for_status()

    async def told() -> list[dict]:
        head = await bus.head(EVENTS)
        subject = f"oep.v1.{a.sat.exam_id}.{a.sat.attempt_id}.review_changed"
        found = await bus.replay(EVENTS, [subject], begin, head.sequence)
        return [json.loads(each.data) for each in found] if len(found) == 4 else []

    notices = await eventually(told, 10)
    steps = [(n["data"]["state"], n["data"]["outcome"], n["data"]["version"]) for n in notices]
    assert steps == [
        ("open", None, 1),
        ("decided", "confirmed", 2),
        ("appealed", "confirmed", 3),
        ("closed", "cleared", 4),
    ]
    keys = {"review_id", "state", "outcome", "version", "student_id"}
    assert all(set(n["data"]) == keys for n in notices)


async def test_the_history_is_whole_and_shows_what_was_written(a):
    event = await a.event()
    review = await a.decided(event_ids=[event["id"]])
    (await a.student.post(f"/reviews/{review['id']}/appeal", json=APPEAL)).raise_for_status()
    history = (await a.admin.get(f"/reviews/{review['id']}/history")).json()
    assert (history["is_intact"], history["flawed_place"], history["changed"]) == (True, None, [])
    opened, decided, appealed = history["entries"]
    assert [ground["id"] for ground in opened["details"]["grounds"]] == [event["id"]]
    assert decided["texts"] == {
        "explanation": CONFIRM["explanation"],
        "internal_note": CONFIRM["internal_note"],
    }
    assert (appealed["by_id"], appealed["texts"]) == (
        a.sat.student_id,
        {"appeal_text": APPEAL["text"]},
    )
    assert appealed["previous_hash"] == decided["hash"]
