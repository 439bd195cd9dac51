"""Statements over REST: pages, who may, addresses."""

import pytest

HOME = {"home": "https://exams.example.org"}


@pytest.fixture
def staff(api, tidy):
    return api(7, "hall_in_charge")


async def pages(client, exam: int, **query) -> list[dict]:
    """Follow `more` to its end."""
    answer = await client.get(f"/exams/{exam}/statements", params=HOME | query)
    found = []
    while True:
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Experience-API-Version"] == "1.0.3"
        body = answer.json()
        found.append(body)
        if not body["more"]:
            return found
        answer = await client.get(body["more"].removeprefix("/api/v1"))


async def test_closed_attempts_are_told_page_by_page_and_running_ones_are_not(staff, tidy):
    tidy.sweep()
    closed = [tidy.attempt("submitted", student=100 + n) for n in range(3)]
    tidy.attempt("in_progress", student=200)
    [asked, *_] = tidy.run(
        "SELECT question_id FROM attempts.exam_questions WHERE exam_id = :id", id=tidy.objective
    )
    tidy.answer(closed[0], asked["question_id"], '["B"]')
    found = await pages(staff, tidy.objective, limit=2)
    assert [len(page["statements"]) for page in found] == [7, 3]
    told = [statement for page in found for statement in page["statements"]]
    assert [each["actor"]["account"]["name"] for each in told if "initialized" in str(each)] == [
        "100",
        "101",
        "102",
    ]
    again = [
        s for page in await pages(staff, tidy.objective, limit=100) for s in page["statements"]
    ]
    assert again == told


async def test_an_exam_that_is_not_there_is_not_found(staff):
    answer = await staff.get("/exams/999999/statements", params=HOME)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "home", ["", "exams.example.org", "javascript://x", "https://a b", "https://x/?q", "https://-"]
)
async def test_only_an_address_can_be_home(staff, tidy, home):
    answer = await staff.get(f"/exams/{tidy.objective}/statements", params={"home": home})
    assert answer.status_code == 422


async def test_a_slash_at_the_end_of_home_makes_no_other_statements(staff, tidy):
    tidy.sweep()
    tidy.attempt("submitted")
    plain, slashed = [
        (await staff.get(f"/exams/{tidy.objective}/statements", params={"home": home})).json()
        for home in ("https://exams.example.org", "https://exams.example.org/")
    ]
    assert plain == slashed
    assert plain["statements"]
