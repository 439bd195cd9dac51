"""REST of exams: what is shown to whom (contract §4.1, §4.3)."""

import pytest


async def test_trades_are_listed_active_ones_first_of_all(api):
    client = api()
    assert [t["code"] for t in (await client.get("/exams/trades")).json()] == ["ELEC"]
    everything = await client.get("/exams/trades", params={"active_only": False})
    assert [t["code"] for t in everything.json()] == ["ELEC", "OLD"]
    assert (await client.get("/exams/trades/1")).json()["name"] == "Electrician"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/exams/trades/99", "Trade not found"),
        ("/exams/questions/99", "Question not found"),
        ("/exams/99", "Exam not found"),
    ],
)
async def test_what_is_unknown_is_named(api, path, words):
    response = await api().get(path)
    assert (response.status_code, response.json()["detail"]) == (404, words)


async def test_question_banks_bring_their_trade(api):
    [bank] = (await api().get("/exams/question-banks", params={"trade_id": 1})).json()
    assert bank["trade"]["code"] == "ELEC"
    assert (await api().get("/exams/question-banks?trade_id=2")).json() == []


async def test_a_students_exam_has_no_key_and_types_that_his_page_can_draw(api, world):
    body = (await api().get(f"/exams/{world.objective}")).json()
    assert [q["question_type"] for q in body["questions"]] == [
        "mcq_single",
        "mcq_multiple",
        "true_false",
    ]
    assert all(q["correct_answer"] == [] and q["explanation"] is None for q in body["questions"])
    assert [q["marks"] for q in body["questions"]] == [4.0, 6.0, 4.0], "after override"
    assert body["questions"][0]["options"] == {
        "A": "Earth wire",
        "B": "Neutral wire",
        "C": "Line wire",
    }
    assert (body["exam_code"], body["trade"]["name"]) == ("E21", "Electrician")


async def test_staff_sees_keys_and_stored_types(api, world):
    body = (await api(7, "admin").get(f"/exams/{world.objective}")).json()
    assert body["questions"][0]["correct_answer"] == ["B"]
    assert body["questions"][0]["question_type"] == "multiple_choice"
    assert body["questions"][0]["explanation"] == "because"


@pytest.mark.parametrize("role", ["student", "proctor", "technician", "grader", "hall_auth"])
async def test_nobody_but_staff_sees_a_key_anywhere(api, world, role):
    client = api(7, role)
    listed = (await client.get("/exams/questions")).json()
    single = (await client.get(f"/exams/questions/{world.choice}")).json()
    paper = (await client.get(f"/exams/{world.objective}")).json()
    for question in [*listed, single, *paper["questions"]]:
        assert question["correct_answer"] == []
        assert question["explanation"] is None


async def test_a_draft_is_hidden_until_one_holds_an_attempt(api, world):
    client = api()
    response = await client.get(f"/exams/{world.draft}")
    assert (response.status_code, response.json()["detail"]) == (404, "Exam not found")
    assert (await client.get(f"/exams/questions/{world.unseen}")).status_code == 404
    world.attempt("not_started", exam=world.draft)
    assert (await client.get(f"/exams/{world.draft}")).status_code == 200
    assert (await client.get(f"/exams/questions/{world.unseen}")).status_code == 200
    assert (await api(world.other).get(f"/exams/{world.draft}")).status_code == 404


async def test_lists_hold_only_what_may_be_seen(api, world):
    seen = [e["id"] for e in (await api().get("/exams/")).json()]
    assert seen == [world.objective, world.written, world.over]
    everything = [e["id"] for e in (await api(7, "admin").get("/exams/")).json()]
    assert world.draft in everything
    questions = [q["id"] for q in (await api().get("/exams/questions")).json()]
    assert world.foreign not in questions
    assert world.unseen not in questions


async def test_lists_filter(api, world):
    client = api(7, "admin")
    drafts = (await client.get("/exams/?status_filter=draft")).json()
    assert [e["id"] for e in drafts] == [world.draft]
    essays = (await client.get("/exams/questions?question_type=essay")).json()
    assert [q["id"] for q in essays] == [world.foreign]
    assert (await client.get("/exams/questions?difficulty=hard")).json() == []
    assert (await client.get("/exams/?status_filter=open")).status_code == 422


async def test_nobody_reads_exams_without_a_token(api):
    response = await api().get("/exams/", headers={"Authorization": ""})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
