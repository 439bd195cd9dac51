"""REST of exams: what is shown to whom (contract §4.1, §4.3)."""

import pytest


@pytest.mark.contract("4.1/2", "4.1/3")
async def test_trades_are_listed_active_ones_first_of_all(api):
    client = api()
    assert [t["code"] for t in (await client.get("/exams/trades")).json()] == ["ELEC"]
    everything = await client.get("/exams/trades", params={"active_only": False})
    assert [t["code"] for t in everything.json()] == ["ELEC", "OLD"]
    assert (await client.get("/exams/trades/1")).json()["name"] == "Electrician"


@pytest.mark.contract("4.1/3/unknown", "4.1/10/unknown", "4.1/16/unknown")
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


@pytest.mark.contract("4.1/7")
async def test_question_banks_bring_their_trade(api):
    [bank] = (await api().get("/exams/question-banks", params={"trade_id": 1})).json()
    assert bank["trade"]["code"] == "ELEC"
    assert (await api().get("/exams/question-banks?trade_id=2")).json() == []


@pytest.mark.contract(
    "4.3/no-keys/16",
    "4.3/type/one",
    "4.3/type/several",
    "4.3/type/true-false",
    "4.3/options",
    "4.3/marks",
)
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


@pytest.mark.contract("4.1/16")
async def test_staff_sees_keys_and_stored_types(api, world):
    body = (await api(7, "admin").get(f"/exams/{world.objective}")).json()
    assert body["questions"][0]["correct_answer"] == ["B"]
    assert body["questions"][0]["question_type"] == "multiple_choice"
    assert body["questions"][0]["explanation"] == "because"


@pytest.mark.contract("4.3/no-keys/9", "4.3/no-keys/10", "4.3/no-keys/16", "4.1/10/who")
@pytest.mark.parametrize("role", ["student", "proctor", "technician", "grader", "hall_auth"])
async def test_nobody_but_staff_sees_a_key_anywhere(api, world, role):
    client = api(7, role)
    listed = (await client.get("/exams/questions")).json()
    single = (await client.get(f"/exams/questions/{world.choice}")).json()
    paper = (await client.get(f"/exams/{world.objective}")).json()
    for question in [*listed, single, *paper["questions"]]:
        assert question["correct_answer"] == []
        assert question["explanation"] is None


@pytest.mark.contract("4.3/exams", "4.3/questions", "4.3/before-begin")
async def test_a_draft_is_hidden_until_one_holds_an_attempt(api, world):
    client = api()
    response = await client.get(f"/exams/{world.draft}")
    assert (response.status_code, response.json()["detail"]) == (404, "Exam not found")
    assert (await client.get(f"/exams/questions/{world.unseen}")).status_code == 404
    world.attempt("not_started", exam=world.draft)
    assert (await client.get(f"/exams/{world.draft}")).status_code == 200
    assert (await client.get(f"/exams/questions/{world.unseen}")).status_code == 200
    assert (await api(world.other).get(f"/exams/{world.draft}")).status_code == 404


@pytest.mark.contract("4.3/exams", "4.3/questions")
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


EVERYBODY = ["student", "proctor", "technician", "grader", "hall_auth", "hall_in_charge", "admin"]


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/exams/trades", marks=pytest.mark.contract("4.1/2/who")),
        pytest.param("/exams/trades/1", marks=pytest.mark.contract("4.1/3/who")),
        pytest.param("/exams/question-banks", marks=pytest.mark.contract("4.1/7/who")),
        pytest.param("/exams/questions", marks=pytest.mark.contract("4.1/9/who")),
        pytest.param("/exams/questions/11", marks=pytest.mark.contract("4.1/10/who")),
        pytest.param("/exams/", marks=pytest.mark.contract("4.1/15/who")),
        pytest.param("/exams/21", marks=pytest.mark.contract("4.1/16/who")),
    ],
)
async def test_anybody_who_is_signed_in_reads(api, path, role):
    assert (await api(7, role).get(path)).status_code == 200


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        pytest.param(
            "/exams/trades",
            ["active_only=maybe"],
            marks=pytest.mark.contract("4.1/2/paging"),
        ),
        pytest.param(
            "/exams/question-banks",
            ["trade_id=x"],
            marks=pytest.mark.contract("4.1/7/paging"),
        ),
        pytest.param(
            "/exams/questions",
            ["question_bank_id=x", "difficulty=odd", "question_type=riddle"],
            marks=pytest.mark.contract("4.1/9/paging"),
        ),
        pytest.param(
            "/exams/",
            ["trade_id=x", "status_filter=open"],
            marks=pytest.mark.contract("4.1/15/paging"),
        ),
    ],
)
async def test_lists_come_in_pages_and_bad_queries_are_422(api, tidy, path, filters):
    staff = api(7, "admin")
    for code in ("P1", "P2"):
        trade = await staff.post("/exams/trades", json={"name": code, "code": code})
        bank = {"name": code, "trade_id": trade.json()["id"]}
        assert (await staff.post("/exams/question-banks", json=bank)).status_code == 201
    whole = (await staff.get(path)).json()
    assert len(whole) >= 3
    assert (await staff.get(f"{path}?skip=1&limit=2")).json() == whole[1:3]
    for query in ["skip=-1", "limit=0", "limit=1001", *filters]:
        response = await staff.get(f"{path}?{query}")
        assert response.status_code == 422, query
        assert response.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


@pytest.mark.contract("4.1/9", "4.1/15")
async def test_lists_are_filtered_by_what_they_belong_to(api, tidy):
    staff = api(7, "admin")
    trade = (await staff.post("/exams/trades", json={"name": "W", "code": "W"})).json()["id"]
    bank = await staff.post("/exams/question-banks", json={"name": "W", "trade_id": trade})
    question = {
        "question_bank_id": bank.json()["id"],
        "question_text": "Is it?",
        "question_type": "true_false",
        "correct_answer": ["true"],
        "difficulty": "hard",
    }
    made = (await staff.post("/exams/questions", json=question)).json()
    exam = {"title": "W", "duration_minutes": 5, "total_marks": 1, "passing_marks": 1}
    added = (await staff.post("/exams/", json=exam | {"trade_id": trade})).json()
    for query in (f"question_bank_id={bank.json()['id']}", "difficulty=hard"):
        assert (await staff.get(f"/exams/questions?{query}")).json() == [made]
    kinds = (await staff.get("/exams/questions?question_type=true_false")).json()
    assert [q["id"] for q in kinds] == [tidy.truth, made["id"]]
    assert (await staff.get(f"/exams/?trade_id={trade}")).json() == [added]
    assert (await staff.get(f"/exams/?trade_id={trade}&status_filter=published")).json() == []


@pytest.mark.contract("4.3/reads", "4.3/type/essay", "4.3/type/short", "4.3/options")
async def test_the_exam_page_finds_what_it_reads(api, tidy):
    exam = {"title": "Words", "trade_id": 1, "duration_minutes": 45, "total_marks": 12}
    links = [{"question_id": q} for q in (tidy.foreign, tidy.short, tidy.choice)]
    body = exam | {"passing_marks": 6, "exam_code": "WORDS", "questions": links}
    staff = api(7, "admin")
    made = (await staff.post("/exams/", json=body)).json()
    await staff.put(f"/exams/{made['id']}", json={"status": "published"})
    shown = (await api().get(f"/exams/{made['id']}")).json()
    assert shown | exam | {"id": made["id"], "passing_marks": 6, "exam_code": "WORDS"} == shown
    assert shown["trade"]["name"] == "Electrician"
    essay, short, choice = shown["questions"]
    assert (essay["question_type"], short["question_type"]) == ("long_answer", "short_answer")
    read = ("id", "question_text", "question_type", "marks", "negative_marks", "options")
    options = {"A": "Earth wire", "B": "Neutral wire", "C": "Line wire"}
    found = (tidy.choice, f"Question {tidy.choice}?", "mcq_single", 4.0, 1.0, options)
    assert tuple(choice[name] for name in read) == found
