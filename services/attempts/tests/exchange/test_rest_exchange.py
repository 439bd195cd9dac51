"""REST of packages, GIFT and images: staff take in and give out, students see what is theirs."""

import hashlib

import pytest

NOT_STAFF = ("student", "proctor", "technician", "grader", "hall_auth")


@pytest.fixture
def staff(api, tidy):
    return api(7, "hall_in_charge")


async def send(client, content: bytes, kind: str = "package", bank: int = 1):
    client.headers.pop("Content-Type", None)
    files = {"file": ("questions", content, "application/octet-stream")}
    return await client.post(f"/exams/question-banks/{bank}/import-{kind}", files=files)


async def in_bank(client, after: int) -> list[dict]:
    found = (await client.get("/exams/questions", params={"limit": 1000})).json()
    return [question for question in found if question["id"] > after]


def count(world, table: str) -> int:
    [row] = world.run(f"SELECT count(*) AS n FROM attempts.{table}")  # noqa: S608
    return row["n"]


@pytest.mark.parametrize("version", ["qti3", "qti21"])
async def test_a_package_becomes_questions_of_a_bank(staff, tidy, sample, png, version):
    answer = await send(staff, sample(version))
    assert answer.status_code == 200
    assert answer.json() | {"left_out": 0} == {
        "imported": 5,
        "images": 1,
        "question_bank_id": 1,
        "left_out": 0,
    }
    assert answer.json()["left_out"][0] == {
        "file": "items/fuse.xml",
        "item": "fuse",
        "message": "its feedback is left out",
    }
    made = await in_bank(staff, tidy.unseen)
    kinds = ["multiple_choice", "multiple_choice", "true_false", "short_answer", "essay"]
    assert [question["question_type"] for question in made] == kinds
    assert [image | {"sha256": ""} for image in made[0]["images"]] == [
        {"number": 1, "sha256": "", "media_type": "image/png", "alternative": "a glass fuse"}
    ]
    assert made[0]["images"][0]["sha256"] == hashlib.sha256(png).hexdigest()
    assert made[1]["images"] == []


async def test_an_import_is_audited_without_texts(staff, tidy, sample):
    await send(staff, sample("qti3"))
    [row] = tidy.run(
        "SELECT * FROM attempts.audit_logs WHERE event_type = 'questions_imported'"
        " ORDER BY id DESC LIMIT 1"
    )
    assert row["user_id"] == 7
    assert row["details"] == {"question_bank_id": 1, "imported": 5, "format": "qti"}


async def test_a_package_with_a_flaw_changes_nothing(staff, tidy, sample):
    before = count(tidy, "questions"), count(tidy, "images")
    answer = await send(staff, sample("qti3", **{"items/unit.xml": "<x/>"}))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("invalid-package")
    told = "items/unit.xml, unit: is no assessmentItem of QTI 2.1 or QTI 3"
    assert problem["errors"] == [{"pointer": "/file", "message": told}]
    assert problem["detail"] == told
    assert (count(tidy, "questions"), count(tidy, "images")) == before


async def test_of_very_many_flaws_200_are_told(staff, pack):
    resources = "".join(
        f'<resource identifier="r{n}" type="imsqti_item_xmlv3p0"/>' for n in range(203)
    )
    manifest = f"<manifest><resources>{resources}</resources></manifest>"
    problem = (await send(staff, pack({"imsmanifest.xml": manifest}))).json()
    assert len(problem["errors"]) == 201
    assert problem["errors"][-1]["message"] == "nothing behind these was looked at"


async def test_gift_becomes_questions_of_a_bank(staff, tidy):
    answer = await send(staff, b"Is it?{T}\n\nWhich?{=one ~two}", "gift")
    assert answer.json() == {"imported": 2, "images": 0, "question_bank_id": 1, "left_out": []}
    assert [q["correct_answer"] for q in await in_bank(staff, tidy.unseen)] == [["true"], ["A"]]
    refused = await send(staff, b"Is it?{T}\n\nWhich?{#4}", "gift")
    assert refused.status_code == 422
    assert len(await in_bank(staff, tidy.unseen)) == 2


@pytest.mark.parametrize("kind", ["package", "gift"])
async def test_an_unknown_bank_takes_nothing(staff, sample, kind):
    content = sample("qti3") if kind == "package" else b"Is it?{T}"
    answer = await send(staff, content, kind, bank=99999)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Question bank not found")


@pytest.mark.parametrize(("kind", "most"), [("package", 8), ("gift", 5)])
async def test_a_file_has_a_limit(staff, kind, most):
    answer = await send(staff, bytes(most * 1024 * 1024 + 1), kind)
    assert answer.status_code == 413
    assert f"at most {most} MiB" in answer.json()["detail"]


@pytest.mark.parametrize("role", NOT_STAFF)
async def test_only_staff_take_in_and_give_out(api, tidy, sample, role):
    client = api(7, role)
    assert (await send(client, sample("qti3"))).status_code == 403
    assert (await send(client, b"Is it?{T}", "gift")).status_code == 403
    assert (await client.get(f"/exams/{tidy.objective}/package")).status_code == 403


@pytest.fixture
async def illustrated(staff, tidy, sample, exam_of):
    """Return a published exam of the sample package, its options shuffled, and its questions."""
    await send(staff, sample("qti3"))
    made = await in_bank(staff, tidy.unseen)
    marks = {question["id"]: question["marks"] for question in made} | {made[0]["id"]: 7.0}
    return exam_of(marks, status="published", shuffle_options=True), made


@pytest.mark.parametrize("version", ["qti3", "qti21"])
async def test_an_exam_comes_back_from_its_own_package(staff, tidy, illustrated, version):
    exam_id, made = illustrated
    answer = await staff.get(f"/exams/{exam_id}/package", params={"format": version})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    name = f"exam-{exam_id}-{version}.zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    back = await send(staff, answer.content)
    assert (back.json()["imported"], back.json()["images"]) == (5, 1)
    again = await in_bank(staff, made[-1]["id"])
    fresh = ("id", "created_at", "updated_at")
    expected = [question | dict.fromkeys(fresh) for question in made]
    expected[0]["marks"] = 7.0
    assert [question | dict.fromkeys(fresh) for question in again] == expected
    assert count(tidy, "images") == 1, "the same bytes are stored once"


async def test_without_a_word_an_exam_is_given_out_as_qti_3(staff, tidy):
    path = f"/exams/{tidy.objective}/package"
    plain = await staff.get(path)
    named = await staff.get(path, params={"format": "qti3"})
    assert plain.status_code == 200
    assert plain.content == named.content
    unknown = await staff.get(f"/exams/{tidy.objective}/package", params={"format": "qti12"})
    assert unknown.status_code == 422
    assert (await staff.get("/exams/99999/package")).json()["detail"] == "Exam not found"


async def test_a_student_sees_images_without_keys_and_fetches_them(api, illustrated, png):
    exam_id, _ = illustrated
    student = api()
    body = (await student.get(f"/exams/{exam_id}")).json()
    question = body["questions"][0]
    assert "[image 1]" in question["question_text"]
    assert question["correct_answer"] == []
    [image] = question["images"]
    path = f"/exams/questions/{question['id']}/images/{image['sha256']}"
    shown = await student.get(path)
    assert (shown.status_code, shown.content) == (200, png)
    headers = shown.headers
    assert headers["content-type"] == "image/png"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-disposition"].startswith("attachment; ")
    one = (await student.get(f"/exams/questions/{question['id']}")).json()
    assert one["images"] == [image]


async def test_an_image_is_only_for_who_may_see_its_question(api, tidy, illustrated):
    exam_id, made = illustrated
    sha256 = made[0]["images"][0]["sha256"]
    path = f"/exams/questions/{made[0]['id']}/images/{sha256}"
    anonymous = api()
    del anonymous.headers["Authorization"]
    assert (await anonymous.get(path)).status_code == 401
    other = f"/exams/questions/{made[1]['id']}/images/{sha256}"
    assert (await api().get(other)).json()["detail"] == "Image not found"
    assert (await api().get(path.replace(sha256, "0" * 64))).status_code == 404
    assert (await api().get(path.replace(sha256, "../x"))).status_code in {404, 422}
    tidy.run("UPDATE attempts.exams SET status = 'draft' WHERE id = :id", id=exam_id)
    assert (await api().get(path)).status_code == 404
    assert (await api(7, "admin").get(path)).status_code == 200


async def test_an_image_goes_with_the_last_question_that_shows_it(staff, tidy, sample):
    await send(staff, sample("qti3"))
    await send(staff, sample("qti21"))
    made = [question for question in await in_bank(staff, tidy.unseen) if question["images"]]
    assert (len(made), count(tidy, "images")) == (2, 1)
    await staff.delete(f"/exams/questions/{made[0]['id']}")
    assert count(tidy, "images") == 1
    await staff.delete(f"/exams/questions/{made[1]['id']}")
    assert count(tidy, "images") == 0


async def test_the_contracts_export_stays_as_it_is(staff, illustrated):
    exam_id, _ = illustrated
    exported = (await staff.get(f"/exams/{exam_id}/export-qti")).json()
    assert set(exported["questions"][0]) == {
        "order",
        "question_text",
        "type",
        "options",
        "correct_answer",
        "marks",
        "difficulty",
    }
