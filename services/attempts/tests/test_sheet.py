"""CSV sheets of questions (contract §4.2 CSV; §4.1 row 13)."""

import io

import pytest
from attempts.errors import InvalidContent, SheetTooLarge
from attempts.sheet import MAX_BYTES, MAX_ROWS, read

HEADER = (
    "question_text,question_type,option_a,option_b,option_c,option_d,"
    "correct_answer,explanation,difficulty,marks,negative_marks,tags"
)
GOOD = "Which?,multiple_choice,one,two,,,B,Because,easy,4,1,wires"


def sheet(*rows: str) -> bytes:
    return "\r\n".join([HEADER, *rows]).encode()


@pytest.mark.contract("4.2/csv/columns")
def test_a_row_becomes_a_question():
    [draft] = read(sheet(GOOD)).drafts
    assert draft == {
        "question_text": "Which?",
        "question_type": "multiple_choice",
        "options": {"A": "one", "B": "two"},
        "correct_answer": ["B"],
        "explanation": "Because",
        "difficulty": "easy",
        "marks": 4.0,
        "negative_marks": 1.0,
        "tags": ["wires"],
    }


@pytest.mark.contract("4.2/csv/options", "4.2/csv/defaults")
def test_empty_cells_take_the_defaults():
    [draft] = read(sheet("Which?,,one,,three,,A,,,,,")).drafts
    assert draft["options"] == {"A": "one", "C": "three"}, "keys stay with their columns"
    assert (draft["question_type"], draft["difficulty"]) == ("multiple_choice", "medium")
    assert (draft["marks"], draft["negative_marks"]) == (1.0, 0.0)
    assert (draft["explanation"], draft["tags"]) == (None, None)


@pytest.mark.contract("4.2/csv/lists")
def test_lists_are_separated_by_commas_and_trimmed():
    [draft] = read(sheet('Which?,,one,two,three,,"A , C",,,,," x, y ,"')).drafts
    assert (draft["correct_answer"], draft["tags"]) == (["A", "C"], ["x", "y"])


@pytest.mark.contract("4.2/csv/bom")
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_makes_no_difference(bom):
    content = bom + sheet("Ω?,short_answer,,,,,ohm,,,,,")
    assert read(content).drafts[0]["question_text"] == "Ω?"


@pytest.mark.contract("4.2/csv/no-key")
def test_a_row_without_a_key_is_taken_and_marked_by_hand():
    done = read(sheet("Why?,essay,,,,,,,,10,,", "Which?,,one,two,,,,,,,,"))
    assert [draft["correct_answer"] for draft in done.drafts] == [[], []]
    assert done.errors == ()


@pytest.mark.contract("4.2/csv/bad-row")
@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",essay,,,,,x,,,,,", "question_text is required"),
        ("Why?,riddle,,,,,x,,,,,", "question_type must be one of"),
        ("Why?,essay,,,,,x,,odd,,,", "difficulty must be one of easy, medium, hard"),
        ("Why?,essay,,,,,x,,,many,,", "marks must be a number from 0 to 10000"),
        ("Why?,essay,,,,,x,,,nan,,", "marks must be a number"),
        ("Why?,essay,,,,,x,,,1,-1,", "negative_marks must be a number"),
        ("Which?,,,,,,A,,,,,", "options are required for multiple choice questions"),
        ("Which?,,one,two,,,C,,,,,", "correct_answer entries must be option keys"),
        ("True?,true_false,,,,,maybe,,,,,", "must be true or false"),
        ("Why?,essay,,,,,x,,,,,,surplus", "more cells than the header"),
        ("a\0b,essay,,,,,x,,,,,", "NUL"),
        ("x" * 20_001 + ",essay,,,,,x,,,,,", "must not be longer"),
        ("x" * 200_000 + ",essay,,,,,x,,,,,", "not readable as CSV"),
    ],
)
def test_a_bad_row_is_named_and_stops_nobody(row, words):
    done = read(sheet(GOOD, row, GOOD))
    assert len(done.drafts) == 2
    [error] = done.errors
    assert error.startswith("Row 3: ")
    assert words in error


@pytest.mark.contract("4.2/csv/bad-row")
def test_rows_count_from_two_whatever_they_look_like():
    done = read(sheet("", '"two\nlines",essay,,,,,x,,,,,', ",essay,,,,,x,,,,,"))
    assert len(done.drafts) == 1
    assert done.errors == ("Row 4: question_text is required",)


def test_columns_may_come_in_any_order():
    content = b"correct_answer, Question_Text ,question_type\ntrue,Is it?,TRUE_FALSE\n"
    [draft] = read(content).drafts
    assert (draft["question_text"], draft["correct_answer"]) == ("Is it?", ["true"])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n"])
def test_what_is_no_sheet_is_invalid(content):
    with pytest.raises(InvalidContent):
        read(content)


def test_a_sheet_has_a_last_row():
    rows = ["Why?,essay,,,,,x,,,,,"] * MAX_ROWS
    assert len(read(sheet(*rows)).drafts) == MAX_ROWS
    with pytest.raises(SheetTooLarge):
        read(sheet(*rows, rows[0]))


# Row 13, the whole way


@pytest.fixture
def staff(api, tidy):
    return api(7, "hall_in_charge")


async def upload(client, content: bytes, bank: int = 1, part: str = "file"):
    client.headers.pop("Content-Type", None)
    files = {part: ("questions.csv", io.BytesIO(content), "text/csv")}
    return await client.post(f"/exams/question-banks/{bank}/import-csv", files=files)


@pytest.mark.contract("4.1/13")
async def test_row_13_good_rows_are_stored_and_bad_ones_named(staff, tidy):
    content = sheet(GOOD, ",essay,,,,,x,,,,,", "Why?,essay,,,,,,,,10,,")
    response = await upload(staff, content)
    assert response.status_code == 200
    assert response.json() == {
        "imported": 2,
        "errors": ["Row 3: question_text is required"],
        "question_bank_id": 1,
    }
    listed = (await staff.get("/exams/questions?question_bank_id=1&skip=6")).json()
    assert [(q["question_text"], q["correct_answer"]) for q in listed] == [
        ("Which?", ["B"]),
        ("Why?", []),
    ]


@pytest.mark.contract("4.1/13/no-bank")
async def test_row_13_an_unknown_bank_is_not_found(staff):
    response = await upload(staff, sheet(GOOD), bank=99)
    assert (response.status_code, response.json()["detail"]) == (404, "Question bank not found")


@pytest.mark.contract("4.1/13/too-large", "4.2/csv/limit")
async def test_row_13_a_sheet_that_is_too_large_is_refused(staff):
    response = await upload(staff, b"x" * (MAX_BYTES + 1))
    assert response.status_code == 413
    assert "too large" in response.json()["detail"]
    far_too_large = await upload(staff, b"x" * (MAX_BYTES + 100_000))
    assert far_too_large.status_code == 413


async def test_row_13_a_body_without_a_length_is_bounded_too(staff):
    async def endless():
        for _ in range(1_000):
            yield b"x" * 65_536
        raise AssertionError("nobody stopped reading")

    response = await staff.post(
        "/exams/question-banks/1/import-csv",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert response.status_code == 413


async def test_row_13_a_file_is_required(staff):
    for response in (
        await staff.post("/exams/question-banks/1/import-csv", json={}),
        await staff.post(
            "/exams/question-banks/1/import-csv",
            content=b"--b\r\nbroken",
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        ),
        await staff.post(
            "/exams/question-banks/1/import-csv",
            content=b"",
            headers={"Content-Type": "multipart/form-data"},
        ),
        await upload(staff, sheet(GOOD), part="other"),
    ):
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == "/file"


@pytest.mark.contract("4.1/13/not-saved", "4.2/csv/one-transaction")
async def test_row_13_what_the_database_refuses_stores_nothing(staff, tidy):
    tidy.run(
        "ALTER TABLE attempts.questions ADD CONSTRAINT no_riddles"
        " CHECK (question_text <> 'Riddle?') NOT VALID"
    )
    try:
        response = await upload(staff, sheet(GOOD, "Riddle?,essay,,,,,x,,,,,"))
    finally:
        tidy.run("ALTER TABLE attempts.questions DROP CONSTRAINT no_riddles")
    assert response.status_code == 500
    assert response.json()["detail"] == "Error saving questions: the database refused them"
    assert (await staff.get("/exams/questions?question_bank_id=1&skip=6")).json() == []
