"""People who mark: by numbers and rubrics, one after the other without seeing, a third decides."""

import pytest
from attempts.drafting import Author
from attempts.errors import (
    AnswerNotFound,
    InvalidRating,
    MarkedTwice,
    MarksOutOfRange,
    NoRubric,
    NothingToModerate,
    NotMarkable,
    NotMarkedByHand,
    RubricFrozen,
    RubricNotFound,
    SameGrader,
)
from attempts.hand_marking import Verdict
from attempts.mark import Waiting
from attempts.rubric import Choice
from attempts.rubric_writing import RubricWriting
from attempts.surveying import Surveying

ANNE, BORIS, CHIEF = 71, 72, 73
AUTHOR = Author(7)


@pytest.fixture
def writing(world) -> RubricWriting:
    return RubricWriting(world.db)


@pytest.fixture
def surveying(world) -> Surveying:
    return Surveying(world.db)


def draft(*levels: float) -> dict:
    made = [{"title": f"level {m}", "description": None, "marks": m} for m in levels]
    return {
        "title": "Content",
        "description": None,
        "max_marks": None,
        "weight": 1.0,
        "levels": made,
    }


@pytest.fixture
def essay(writing):
    fields = {"title": "Essay", "description": None}
    return writing.add(fields, [draft(0, 1, 3), draft(0, 4)], AUTHOR)


@pytest.fixture
def waiting_for(surveying):
    def read(exam_id: int, state: Waiting, grader: int) -> list[tuple[int, int]]:
        found = surveying.waiting(exam_id, state, grader, 0, 100)
        return [(desk.task.attempt_id, desk.question.id) for desk in found]

    return read


@pytest.fixture
def submitted(world, exam_of):
    """Return a function that makes a submitted attempt with one essay of 8 marks."""

    def make(student: int = 101, exam_id: int | None = None, **exam) -> int:
        exam_id = exam_id or exam_of({world.foreign: 8, world.choice: 2}, **exam)
        attempt_id = world.attempt(exam=exam_id, student=student)
        world.answer(attempt_id, world.foreign, '"words"')
        world.lifecycle.submit(attempt_id, student, None)
        return attempt_id

    return make


def test_a_rubric_earns_its_share_and_is_shown_with_its_comments(
    world, writing, essay, submitted, surveying
):
    attempt_id = submitted()
    exam_id = world.row(attempt_id)["exam_id"]
    writing.attach(exam_id, world.foreign, essay.id, AUTHOR)
    one, two = essay.criteria
    choices = [Choice(one.id, one.levels[1].id, "thin"), Choice(two.id, two.levels[1].id)]
    marked = world.marking.mark(
        attempt_id, world.foreign, Verdict(choices=choices, feedback="Good"), ANNE
    )
    assert marked.marks_awarded == 5.71  # (1 + 4) / 7 of 8
    judged = {j["question_id"]: j for j in surveying.grades(attempt_id)[-1].judgements}
    assert judged[world.foreign]["source"] == "rubric"
    [shown] = world.reading.outcome(attempt_id, world.student, sees_all=False).markings[
        world.foreign
    ]
    assert (shown.feedback, [one.comment for one in shown.criteria]) == ("Good", ["thin", None])
    assert [one.level for one in shown.criteria] == ["level 1", "level 4"]


def test_students_see_how_they_were_marked_only_when_graded_and_allowed(world, submitted):
    hidden = submitted(allow_review=False)
    world.marking.mark(hidden, world.foreign, Verdict(3.0, feedback="no"), ANNE)
    assert world.reading.outcome(hidden, world.student, sees_all=False).markings == {}
    assert world.foreign in world.reading.outcome(hidden, 7, sees_all=True).markings


def test_a_rating_needs_a_rubric_that_it_fits(world, writing, essay, submitted):
    attempt_id = submitted()
    with pytest.raises(NoRubric):
        world.marking.mark(attempt_id, world.foreign, Verdict(choices=[Choice(1, 1)]), ANNE)
    writing.attach(world.row(attempt_id)["exam_id"], world.foreign, essay.id, AUTHOR)
    with pytest.raises(InvalidRating):
        world.marking.mark(attempt_id, world.foreign, Verdict(choices=[Choice(1, 1)]), ANNE)
    assert world.run("SELECT 1 FROM attempts.hand_marks") == []


def test_a_rubric_is_frozen_by_the_first_attempt_and_kept_by_the_first_marking(
    world, writing, essay, exam_of, submitted
):
    exam_id = exam_of({world.foreign: 8, world.choice: 2})
    writing.attach(exam_id, world.foreign, essay.id, AUTHOR)
    fields = {"title": "Longer", "description": None}
    changed = writing.replace(essay.id, fields, [draft(0, 2)], AUTHOR)
    assert (changed.title, changed.version, len(changed.criteria)) == ("Longer", 2, 1)
    attempt_id = submitted(exam_id=exam_id)
    with pytest.raises(RubricFrozen):
        writing.replace(essay.id, fields, [draft(0, 5)], AUTHOR)
    other = writing.add(fields, [draft(0, 1)], AUTHOR)
    writing.attach(exam_id, world.foreign, other.id, AUTHOR)
    [criterion] = other.criteria
    best = Choice(criterion.id, criterion.levels[1].id)
    world.marking.mark(attempt_id, world.foreign, Verdict(choices=[best]), ANNE)
    for rubric_id in (essay.id, None):
        with pytest.raises(RubricFrozen):
            writing.attach(exam_id, world.foreign, rubric_id, AUTHOR)


def test_what_the_machine_marks_takes_no_rubric_and_an_unknown_rubric_is_none(
    world, writing, essay, exam_of
):
    exam_id = exam_of({world.foreign: 8, world.choice: 2})
    with pytest.raises(NotMarkedByHand):
        writing.attach(exam_id, world.choice, essay.id, AUTHOR)
    with pytest.raises(RubricNotFound):
        writing.attach(exam_id, world.foreign, 10**12, AUTHOR)
    with pytest.raises(RubricNotFound):
        writing.replace(10**12, {}, [draft(1)], AUTHOR)


def test_two_people_who_agree_within_the_tolerance_grade_the_attempt(
    world, submitted, waiting_for, surveying
):
    attempt_id = submitted(second_marking="blind", second_marking_tolerance=1)
    exam_id = world.row(attempt_id)["exam_id"]
    task = [(attempt_id, world.foreign)]
    assert waiting_for(exam_id, Waiting.MARK, ANNE) == task
    first = world.marking.mark(attempt_id, world.foreign, 5.0, ANNE)
    assert first.marks_awarded is None, "the second must not see it"
    outcome = world.reading.outcome(attempt_id, BORIS, sees_all=True)
    assert (outcome.markings, outcome.attempt.score.marks_obtained) == ({}, 0.0)
    assert len(surveying.grades(attempt_id)) == 1
    assert waiting_for(exam_id, Waiting.SECOND, ANNE) == []
    assert waiting_for(exam_id, Waiting.SECOND, BORIS) == task
    with pytest.raises(SameGrader):
        world.marking.mark(attempt_id, world.foreign, 6.0, ANNE)
    agreed = world.marking.mark(attempt_id, world.foreign, 6.0, BORIS)
    assert agreed.marks_awarded == 5.5
    assert world.row(attempt_id)["status"] == "graded"
    assert len(world.reading.outcome(attempt_id, world.student, sees_all=False).markings) == 1


def test_two_people_who_differ_leave_it_to_a_third(world, submitted, waiting_for, surveying):
    attempt_id = submitted(second_marking="blind")
    exam_id = world.row(attempt_id)["exam_id"]
    world.marking.mark(attempt_id, world.foreign, 2.0, ANNE)
    with pytest.raises(NothingToModerate):
        world.marking.moderate(attempt_id, world.foreign, Verdict(3.0), CHIEF)
    assert world.marking.mark(attempt_id, world.foreign, 6.0, BORIS).marks_awarded is None
    row = world.row(attempt_id)
    assert (row["status"], row["is_passed"]) == ("submitted", None)
    for grader in (ANNE, BORIS):
        assert waiting_for(exam_id, Waiting.MODERATE, grader) == []
        with pytest.raises(SameGrader):
            world.marking.moderate(attempt_id, world.foreign, Verdict(3.0), grader)
    with pytest.raises(MarkedTwice):
        world.marking.mark(attempt_id, world.foreign, 3.0, CHIEF)
    assert waiting_for(exam_id, Waiting.MODERATE, CHIEF) == [(attempt_id, world.foreign)]
    decided = world.marking.moderate(attempt_id, world.foreign, Verdict(3.0), CHIEF)
    assert (decided.marks_awarded, world.row(attempt_id)["status"]) == (3.0, "graded")
    newest = surveying.grades(attempt_id)[-1]
    assert (newest.reason, newest.graded_by) == ("moderation", CHIEF)
    assert waiting_for(exam_id, Waiting.MODERATE, CHIEF) == []


def test_marks_of_a_graded_attempt_are_changed_by_somebody_else_who_says_so(
    world, submitted, surveying
):
    attempt_id = submitted()
    world.marking.mark(attempt_id, world.foreign, 2.0, ANNE)
    with pytest.raises(NotMarkable):
        world.marking.mark(attempt_id, world.foreign, 8.0, BORIS)
    with pytest.raises(SameGrader):
        world.marking.moderate(attempt_id, world.foreign, Verdict(8.0), ANNE)
    world.marking.moderate(attempt_id, world.foreign, Verdict(8.0, feedback="appeal"), CHIEF)
    row = world.row(attempt_id)
    assert (row["status"], row["marks_obtained"], row["graded_by"]) == ("graded", 8.0, CHIEF)
    assert [grade.reason for grade in surveying.grades(attempt_id)] == [
        "submit",
        "mark",
        "moderation",
    ]
    [note] = world.notes("grade_changed")
    assert note["data"]["marks_obtained"] == 8.0
    assert (note["data"]["reason"], note["data"]["grade_version"]) == ("moderation", 3)


def test_refused_marks_leave_nothing(world, submitted):
    attempt_id = submitted()
    for marks in (8.01, -1.0):
        with pytest.raises(MarksOutOfRange):
            world.marking.mark(attempt_id, world.foreign, marks, ANNE)
    with pytest.raises(NotMarkable):
        world.marking.mark(attempt_id, world.choice, 1.0, ANNE)
    with pytest.raises(AnswerNotFound):
        world.marking.mark(attempt_id, world.short, 1.0, ANNE)
    assert world.run("SELECT 1 FROM attempts.hand_marks") == []


def test_the_queue_goes_question_by_question_in_pages_and_says_no_names(
    world, submitted, surveying
):
    first = submitted(student=1)
    exam_id = world.row(first)["exam_id"]
    ids = [first, *(submitted(student=n, exam_id=exam_id) for n in range(2, 6))]
    pages = [surveying.waiting(exam_id, Waiting.MARK, ANNE, skip, 2) for skip in (0, 2, 4, 6)]
    assert [d.task.attempt_id for page in pages for d in page] == ids
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert pages[0][0].task.answer == "words"
    assert not {"student_id", "student_name"} & set(vars(pages[0][0].task))


def test_without_second_marking_whatever_waits_is_to_do_even_half_marked(
    world, submitted, waiting_for
):
    attempt_id = submitted(second_marking="blind")
    exam_id = world.row(attempt_id)["exam_id"]
    world.marking.mark(attempt_id, world.foreign, 2.0, ANNE)
    world.run("UPDATE attempts.exams SET second_marking = 'none' WHERE id = :id", id=exam_id)
    assert waiting_for(exam_id, Waiting.SECOND, BORIS) == []
    assert waiting_for(exam_id, Waiting.MARK, ANNE) == [(attempt_id, world.foreign)]
    assert world.marking.mark(attempt_id, world.foreign, 4.0, ANNE).marks_awarded == 4.0
    assert world.row(attempt_id)["status"] == "graded"


def test_marking_is_audited_with_who_and_what(world, submitted):
    attempt_id = submitted(second_marking="blind")
    world.marking.mark(attempt_id, world.foreign, 2.0, ANNE)
    world.marking.mark(attempt_id, world.foreign, 6.0, BORIS)
    world.marking.moderate(attempt_id, world.foreign, Verdict(3.0), CHIEF)
    rows = world.run(
        "SELECT event_type, user_id, details FROM attempts.audit_logs WHERE attempt_id = :id"
        " AND event_category = 'grading' ORDER BY id",
        id=attempt_id,
    )
    assert [(r["event_type"], r["user_id"], r["details"].get("stage")) for r in rows] == [
        ("answer_marked", ANNE, "first"),
        ("answer_marked", BORIS, "second"),
        ("answer_moderated", CHIEF, "moderation"),
        ("attempt_graded", CHIEF, None),
    ]
