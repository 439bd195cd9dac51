"""What a question and an exam must fulfil (contract §4.2), and what the first attempt freezes."""

from datetime import timedelta

import pytest
from attempts.drafting import (
    EXAM_CONTENT,
    QUESTION_CONTENT,
    ensure_known,
    ensure_question,
    exam_flaws,
    frozen_exam_fields,
    frozen_question_fields,
    question_flaws,
)
from attempts.errors import InvalidContent
from attempts.tables import ExamRow, QuestionRow

NO_KEY = "correct_answer must contain at least one answer"
NO_OPTIONS = "options are required for multiple choice questions"


def words(kind: str, key: list[str], options: dict[str, str] | None = None, **more) -> list[str]:
    fields = {"question_type": kind, "correct_answer": key, "options": options}
    return [flaw.message for flaw in question_flaws(fields, **more)]


@pytest.mark.parametrize("kind", ["true_false", "short_answer", "essay"])
def test_a_question_needs_a_key_whatever_its_type(kind):
    assert words(kind, []) == [NO_KEY]


@pytest.mark.contract("4.2/question/no-options")
def test_a_choice_needs_options_also_when_the_key_is_left_out():
    assert words("multiple_choice", ["A"]) == [NO_OPTIONS]
    assert words("multiple_choice", ["A"], {}) == [NO_OPTIONS]
    assert words("multiple_choice", []) == [NO_KEY, NO_OPTIONS]


def test_the_key_of_a_choice_names_options():
    options = {"A": "one", "B": "two"}
    assert words("multiple_choice", ["A", "B"], options) == []
    assert words("multiple_choice", ["A", "C"], options) == [
        "correct_answer entries must be option keys"
    ]


@pytest.mark.parametrize("key", ["true", "False", " TRUE "])
def test_true_or_false_needs_no_options(key):
    assert words("true_false", [key]) == []


def test_the_key_of_true_or_false_may_name_an_option():
    assert words("true_false", ["A"], {"A": "True", "B": "False"}) == []
    assert words("true_false", ["B"], {"A": "True", "B": "False"}) == []


@pytest.mark.parametrize("key", [["A"], ["true", "false"], ["maybe"]])
def test_a_key_of_true_or_false_that_nobody_understands_is_refused(key):
    [flaw] = words("true_false", key)
    assert flaw == "correct_answer of a true_false question must be true or false"


def test_a_key_may_be_missing_where_a_person_marks():
    assert words("essay", [], needs_key=False) == []
    assert words("multiple_choice", [], {"A": "one"}, needs_key=False) == []
    assert words("multiple_choice", [], needs_key=False) == [NO_OPTIONS]


def test_every_flaw_is_named_with_its_field():
    fields = {"question_type": "multiple_choice", "correct_answer": [], "options": None}
    with pytest.raises(InvalidContent) as caught:
        ensure_question(fields)
    assert [error.pointer for error in caught.value.errors] == ["/correct_answer", "/options"]
    assert NO_KEY in caught.value.detail
    assert NO_OPTIONS in caught.value.detail


def exam(**changed) -> dict:
    fields = {"total_marks": 10.0, "passing_marks": 4.0, "start_time": None, "end_time": None}
    return fields | changed


@pytest.mark.contract("4.2/exam/passing")
def test_one_cannot_have_to_reach_more_than_there_is():
    assert exam_flaws(exam(passing_marks=10.0)) == []
    [flaw] = exam_flaws(exam(passing_marks=10.5))
    assert (flaw.pointer, flaw.message) == (
        "/passing_marks",
        "passing_marks cannot exceed total_marks",
    )


def test_an_exam_ends_after_its_start(attempt):
    now = attempt().as_of
    assert exam_flaws(exam(start_time=now, end_time=now + timedelta(hours=1))) == []
    assert exam_flaws(exam(start_time=now)) == []
    [flaw] = exam_flaws(exam(start_time=now, end_time=now))
    assert flaw.message == "end_time must lie after start_time"


def test_unknown_and_repeated_questions_are_refused():
    ensure_known([3, 1, 2], {1, 2, 3})
    with pytest.raises(InvalidContent, match="must not be repeated"):
        ensure_known([1, 1], {1})
    with pytest.raises(InvalidContent, match="unknown question ids: 4, 9"):
        ensure_known([9, 1, 4], {1})


def test_only_a_change_of_content_is_frozen():
    stored = {"title": "Old", "duration_minutes": 60, "passing_marks": 4.0}
    changes = {"title": "New", "duration_minutes": 60, "passing_marks": 5.0}
    assert frozen_exam_fields(stored, changes, has_questions=False) == ["passing_marks"]
    assert frozen_exam_fields(stored, {}, has_questions=True) == ["questions"]
    question = {"question_text": "Old?", "difficulty": "easy", "marks": 1.0}
    assert frozen_question_fields(question, {"difficulty": "hard", "marks": 1.0}) == []
    assert frozen_question_fields(question, {"marks": 2.0}) == ["marks"]


def test_what_is_frozen_exists():
    assert set(ExamRow.__table__.c.keys()) >= EXAM_CONTENT
    assert set(QuestionRow.__table__.c.keys()) >= QUESTION_CONTENT
