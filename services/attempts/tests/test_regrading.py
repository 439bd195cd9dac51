"""Corrected keys: for one exam only, regraded in batches that may break off, all of it kept."""

import pytest
from attempts.attempt import Status
from attempts.errors import (
    CannotRegrade,
    ExamNotFound,
    InvalidCorrection,
    NotSatYet,
    QuestionNotFound,
)
from attempts.question import Void
from attempts.regrading import Regrading
from attempts.schemas.results import AttemptResultDetailedBody
from attempts.store import grades
from attempts.store.grades import Correction
from attempts.surveying import Surveying
from chassis.origins import NOWHERE

WHY = "The book says otherwise"


def corrected(question_id: int, *answer: str, void: Void | None = None) -> Correction:
    return Correction(question_id, answer or None, void, WHY, 7)


@pytest.fixture
def regrading(world) -> Regrading:
    return Regrading(world.db, lambda: None)


@pytest.fixture
def surveying(world) -> Surveying:
    return Surveying(world.db)


@pytest.fixture
def sat(world, exam_of):
    """Return a function that makes graded attempts at an exam; each answered the choice by B."""

    def make(count: int, exam_id: int | None = None, **exam) -> tuple[int, list[int]]:
        exam_id = exam_id or exam_of({world.choice: 4, world.truth: 2}, **exam)
        ids = []
        for student in range(count):
            attempt_id = world.attempt(exam=exam_id, student=1000 + student)
            world.answer(attempt_id, world.choice, '"B"')
            world.lifecycle.submit(attempt_id, 1000 + student, None)
            ids.append(attempt_id)
        return exam_id, ids

    return make


def all_of(regrading: Regrading, limit: int = 50) -> int:
    done = total = regrading.regrade_due(limit)
    while done:
        done = regrading.regrade_due(limit)
        total += done
    return total


def marks(world, ids) -> list[float]:
    return [world.row(attempt_id)["marks_obtained"] for attempt_id in ids]


def test_a_corrected_key_regrades_all_finished_attempts_in_batches(
    world, sat, regrading, surveying
):
    exam_id, ids = sat(5)
    assert marks(world, ids) == [4.0] * 5
    asked = regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    assert (asked.exam_version, asked.pending_count) == (2, 5)
    assert regrading.regrade_due(2) == 2
    [half] = surveying.regrades(exam_id)
    assert (half.regraded_count, half.pending_count, half.completed_at) == (2, 3, None)
    assert all_of(regrading, 2) == 3
    [done] = surveying.regrades(exam_id)
    assert (done.regraded_count, done.pending_count) == (5, 0)
    assert done.completed_at is not None
    assert marks(world, ids) == [-1.0] * 5
    for attempt_id in ids:
        old, new = surveying.grades(attempt_id)
        assert (old.exam_version, new.exam_version) == (1, 2)
        assert (new.reason, new.graded_by, new.marks_obtained) == ("key_corrected", 7, -1.0)
        assert world.row(attempt_id)["status"] == "graded"
    notes = world.notes("grade_changed")
    assert [note["attempt_id"] for note in notes] == ids
    assert notes[0]["data"] == {
        "status": "graded",
        "version": 3,
        "grade_version": 2,
        "reason": "key_corrected",
        "marks_obtained": -1.0,
        "percentage": -16.67,
        "is_passed": False,
        "student_id": 1000,
    }
    assert all_of(regrading) == 0, "nothing is done twice"


def test_the_same_question_in_another_exam_keeps_its_key(world, sat, exam_of, regrading):
    exam_id, _ = sat(1)
    other, ids = sat(1)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    all_of(regrading)
    assert marks(world, ids) == [4.0]
    [question] = [q for q in world.reading.paper(other).questions if q.id == world.choice]
    assert question.correct_answer == ("B",)
    assert world.reading.question(world.choice, None).correct_answer == ("B",)
    [question] = [q for q in world.reading.paper(exam_id).questions if q.id == world.choice]
    assert question.correct_answer == ("C",)
    assert world.shown(exam_id, 1000)[0]["correct_answer"] == [], "no key is shown"


def test_an_attempt_that_still_runs_is_graded_by_the_corrected_key(
    world, sat, regrading, surveying
):
    exam_id, _ = sat(0)
    running = world.attempt(exam=exam_id)
    world.answer(running, world.choice, '"C"')
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    assert all_of(regrading) == 0
    world.lifecycle.submit(running, world.student, None)
    assert marks(world, [running]) == [4.0]
    [grade] = surveying.grades(running)
    assert (grade.reason, grade.exam_version) == ("submit", 2)
    assert all_of(regrading) == 0


@pytest.mark.parametrize(
    ("void", "answer", "earned", "shown"),
    [
        (Void.FULL_MARKS, '"A"', 4.0, "Earth wire"),
        (Void.FULL_MARKS, None, 4.0, None),
        (Void.NO_MARKS, '"A"', 0.0, None),
        (Void.NO_MARKS, '"B"', 0.0, None),
    ],
)
def test_a_void_question_gives_everybody_the_same(
    world, sat, regrading, void, answer, earned, shown
):
    exam_id, _ = sat(0)
    attempt_id = world.attempt(exam=exam_id)
    if answer is not None:
        world.answer(attempt_id, world.choice, answer)
    world.lifecycle.submit(attempt_id, world.student, None)
    regrading.correct_key(exam_id, corrected(world.choice, void=void), NOWHERE)
    assert all_of(regrading) == 1
    row = world.row(attempt_id)
    assert (row["marks_obtained"], row["total_marks"]) == (earned, 6.0)
    assert (row["incorrect_answers"], row["unattempted"]) == (0, 1 if answer else 2)
    outcome = world.reading.outcome(attempt_id, world.student, sees_all=False)
    [question] = [
        q
        for q in AttemptResultDetailedBody.of_outcome(outcome).exam.questions
        if q.id == world.choice
    ]
    assert question.correct_answer == shown


def test_the_result_shows_the_corrected_key(world, sat, regrading):
    exam_id, [attempt_id] = sat(1)
    regrading.correct_key(exam_id, corrected(world.choice, "A"), NOWHERE)
    all_of(regrading)
    outcome = world.reading.outcome(attempt_id, 1000, sees_all=False)
    shown = AttemptResultDetailedBody.of_outcome(outcome)
    keys = {question.id: question.correct_answer for question in shown.exam.questions}
    assert keys[world.choice] == "Earth wire"
    [answer] = shown.answers
    assert (answer.answer, answer.is_correct) == ("Neutral wire", False)
    assert answer.marks_awarded == -1.0


def test_marks_that_people_gave_survive_a_void_that_is_taken_back(world, exam_of, regrading):
    exam_id = exam_of({world.choice: 4, world.short: 4})
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, world.short, '"ohm"')
    world.lifecycle.submit(attempt_id, world.student, None)
    world.marking.mark(attempt_id, world.short, 3.0, 77)
    for correction, earned in (
        (corrected(world.short, void=Void.FULL_MARKS), 4.0),
        (corrected(world.short, "ohm"), 3.0),
    ):
        regrading.correct_key(exam_id, correction, NOWHERE)
        all_of(regrading)
        assert marks(world, [attempt_id]) == [earned]
    row = world.row(attempt_id)
    assert (row["status"], row["graded_by"]) == ("graded", 77)


def test_a_graded_attempt_stays_graded_even_when_a_mark_is_missing_afterwards(
    world, exam_of, regrading, surveying
):
    exam_id = exam_of({world.choice: 4, world.short: 4})
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, world.short, '"ohm"')
    world.lifecycle.submit(attempt_id, world.student, None)
    regrading.correct_key(exam_id, corrected(world.short, void=Void.FULL_MARKS), NOWHERE)
    all_of(regrading)
    assert world.row(attempt_id)["status"] == "graded"
    regrading.correct_key(exam_id, corrected(world.short, "ohm"), NOWHERE)
    all_of(regrading)
    row = world.row(attempt_id)
    assert (row["status"], row["is_passed"], row["marks_obtained"]) == ("graded", None, 0.0)
    assert surveying.grades(attempt_id)[-1].missing == [world.short]
    world.marking.mark(attempt_id, world.short, 2.0, 77)
    row = world.row(attempt_id)
    assert (row["status"], row["is_passed"], row["marks_obtained"]) == ("graded", False, 2.0)
    assert world.notes("grade_changed")[-1]["data"]["reason"] == "mark"


def test_a_key_for_a_question_without_one_grades_what_waited(world, exam_of, regrading):
    [row] = world.run(
        "INSERT INTO attempts.questions (question_bank_id, question_text, question_type, options,"
        " correct_answer, difficulty, marks, negative_marks) VALUES (1, '?', 'multiple_choice',"
        """ '{"A": "one", "B": "two"}', '[]', 'easy', 4, 1) RETURNING id"""
    )
    exam_id = exam_of({row["id"]: 4})
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, row["id"], '"one"')
    world.lifecycle.submit(attempt_id, world.student, None)
    assert world.row(attempt_id)["status"] == "submitted"
    regrading.correct_key(exam_id, corrected(row["id"], "A"), NOWHERE)
    all_of(regrading)
    assert world.row(attempt_id)["status"] == "graded"
    assert world.notes("status_changed")[-1]["data"]["status"] == "graded"


def test_a_batch_that_breaks_off_is_done_again(world, sat, regrading, surveying):
    exam_id, ids = sat(3)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    world.run(
        "ALTER TABLE attempts.grades ADD CONSTRAINT never CHECK (attempt_id <>"
        f" {ids[2]} OR reason = 'submit') NOT VALID"
    )
    try:
        with pytest.raises(Exception, match="never"):
            regrading.regrade_due(50)
        assert marks(world, ids) == [4.0] * 3
        assert regrading.regrade_due(2) == 2
    finally:
        world.run("ALTER TABLE attempts.grades DROP CONSTRAINT never")
    assert marks(world, ids) == [-1.0, -1.0, 4.0]
    assert all_of(regrading) == 1
    assert [len(surveying.grades(attempt_id)) for attempt_id in ids] == [2, 2, 2]
    assert surveying.regrades(exam_id)[0].regraded_count == 3


def test_replicas_share_the_work_and_nobody_is_regraded_twice(
    world, sat, regrading, surveying, at_once
):
    one, ids = sat(6)
    other, others = sat(6)
    for exam_id in (one, other):
        regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)

    def replica() -> int:
        return sum(Regrading(world.db, lambda: None).regrade_due(2) for _ in range(12))

    done = at_once(*[replica] * 3)
    total = sum(done) + all_of(regrading)
    assert total == 12
    for attempt_id in [*ids, *others]:
        assert len(surveying.grades(attempt_id)) == 2
    for exam_id in (one, other):
        assert surveying.regrades(exam_id)[0].completed_at is not None


def test_an_attempt_that_somebody_holds_is_taken_later(world, sat, regrading, surveying):
    exam_id, ids = sat(2)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    with world.looking.begin() as connection:
        connection.exec_driver_sql(
            f"SELECT 1 FROM attempts.attempts WHERE id = {ids[0]} FOR UPDATE"  # noqa: S608
        )
        assert regrading.regrade_due(50) == 1
        assert regrading.regrade_due(50) == 0
        [work] = surveying.regrades(exam_id)
        assert (work.pending_count, work.completed_at) == (1, None)
    assert all_of(regrading) == 1
    assert surveying.regrades(exam_id)[0].completed_at is not None


def test_two_corrections_end_with_the_last_one(world, sat, regrading, surveying):
    exam_id, ids = sat(2)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    regrading.correct_key(exam_id, corrected(world.choice, "B"), NOWHERE)
    all_of(regrading)
    assert marks(world, ids) == [4.0, 4.0]
    assert [work.pending_count for work in surveying.regrades(exam_id)] == [0, 0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("choice", ("Z",)),
        ("choice", ("B", "Z")),
        ("truth", ("maybe",)),
        ("truth", ("true", "false")),
    ],
)
def test_a_key_that_the_question_cannot_have_is_refused(world, sat, regrading, question, answer):
    exam_id, _ = sat(1)
    with pytest.raises(InvalidCorrection) as refused:
        regrading.correct_key(exam_id, corrected(getattr(world, question), *answer), NOWHERE)
    assert [flaw.pointer for flaw in refused.value.errors] == ["/correct_answer"]
    assert world.run("SELECT 1 FROM attempts.regrades") == []


def test_what_cannot_be_corrected_or_regraded_is_told(world, sat, exam_of, regrading):
    exam_id, _ = sat(1)
    with pytest.raises(ExamNotFound):
        regrading.correct_key(10**12, corrected(world.choice, "A"), NOWHERE)
    with pytest.raises(QuestionNotFound):
        regrading.correct_key(exam_id, corrected(world.unseen, "A"), NOWHERE)
    unsat = exam_of({world.choice: 4})
    with pytest.raises(NotSatYet):
        regrading.correct_key(unsat, corrected(world.choice, "A"), NOWHERE)
    for status in Status:
        if status not in {Status.SUBMITTED, Status.GRADED}:
            with pytest.raises(CannotRegrade):
                regrading.regrade(world.attempt(status), 7, NOWHERE)


@pytest.mark.contract("9.5/grading")
def test_corrections_and_regrades_are_audited_without_the_key(world, sat, regrading):
    exam_id, [attempt_id] = sat(1)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    all_of(regrading)
    regrading.regrade(attempt_id, 8, NOWHERE)
    rows = world.run(
        "SELECT event_type, user_id, details FROM attempts.audit_logs"
        " WHERE exam_id = :exam AND event_type IN ('key_corrected', 'attempt_regraded')"
        " ORDER BY id",
        exam=exam_id,
    )
    assert [(row["event_type"], row["user_id"]) for row in rows] == [
        ("key_corrected", 7),
        ("attempt_regraded", 7),
        ("attempt_regraded", 8),
    ]
    assert rows[0]["details"]["reason"] == WHY
    assert rows[0]["details"].keys().isdisjoint({"answer", "correct_answer"})
    changed = rows[1]["details"]
    assert (changed["previous_marks_obtained"], changed["marks_obtained"]) == (4.0, -1.0)
    assert (changed["reason"], changed["grade_version"]) == ("key_corrected", 2)


def test_the_item_analysis_reads_the_newest_grades_of_graded_attempts(
    world, sat, regrading, surveying, statements
):
    exam_id, ids = sat(3)
    blank = world.attempt(exam=exam_id, student=5)
    world.lifecycle.submit(blank, 5, None)
    world.attempt(exam=exam_id, student=6)
    with statements() as seen:
        found = surveying.item_analysis(exam_id)
    assert len([s for s in seen if "grades" in s]) == 1
    choice, truth = found.items
    assert (found.n, found.mean) == (4, 3.0)
    assert (choice.difficulty, choice.unanswered_share) == (0.75, 0.25)
    assert [(o.option, o.is_key, o.count) for o in choice.options] == [
        ("A", False, 0),
        ("B", True, 3),
        ("C", False, 0),
    ]
    assert (truth.difficulty, truth.discrimination, truth.unanswered_share) == (0.0, None, 1.0)
    regrading.correct_key(exam_id, corrected(world.choice, "C"), NOWHERE)
    all_of(regrading)
    assert surveying.item_analysis(exam_id).items[0].difficulty == -0.1875
    assert len(ids) == 3


def test_a_version_names_its_attempts_in_one_statement(world, sat, statements):
    _, ids = sat(0)
    ids = [world.attempt(student=n, begun_seconds_ago=4000) for n in range(4)]
    world.lifecycle.expire_due()
    world.run("UPDATE attempts.attempts SET deadline_at = deadline_at - interval '1 hour'")
    with statements() as seen:
        assert world.lifecycle.collect_overdue() == 4
    assert len([s for s in seen if "INSERT INTO attempts.grades" in s]) == 1
    with world.db.transaction() as session:
        assert all(len(grades.history(session, i)) == 1 for i in ids)
