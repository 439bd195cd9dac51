"""Statements, held to xAPI 1.0.3 (its part two, "Data"), rule by rule."""

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from attempts.answer import Answer
from attempts.attempt import Score, Status
from attempts.exam import ExamPaper
from attempts.question import QuestionType
from attempts.statement import statements

HOME = "https://exams.example.org"
IRI = re.compile(r"^[a-z][a-z0-9+.-]*://[^\s<>\"{}|\\\\^`]+$")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
LENGTH = re.compile(r"^PT\d+(\.\d{1,2})?S$")
OF_A_STATEMENT = {"id", "actor", "verb", "object", "result", "context", "timestamp"}
OF_A_RESULT = {"score", "success", "completion", "response", "duration"}
OF_A_DEFINITION = {"name", "type", "interactionType"}
INTERACTIONS = {"choice", "true-false", "fill-in", "long-fill-in"}


@pytest.fixture
def told(exam_like, question_of, choice_of, attempt_of):
    """Return the statements of one attempt that has answers of every kind."""

    def make(answers: dict[int, Any] | None = None, **changed: Any) -> list[dict[str, Any]]:
        now = attempt_of().start_time
        questions = (
            choice_of({"A": "one", "B": "two"}, "B", id=1, negative_marks=1.0),
            question_of(id=2, question_type=QuestionType.TRUE_FALSE, correct_answer=("true",)),
            question_of(id=3, question_type=QuestionType.SHORT_ANSWER, correct_answer=("x",)),
            question_of(id=4, question_type=QuestionType.ESSAY, correct_answer=()),
        )
        said = {1: ["two"], 2: False, 3: "a word", 4: "\u0928"} if answers is None else answers
        fields: dict[str, Any] = {
            "status": Status.GRADED,
            "total_marks": 40.0,
            "submit_time": now + timedelta(minutes=10),
            "end_time": now + timedelta(minutes=10),
            "score": Score(
                marks_obtained=30.5, is_passed=True, graded_at=now + timedelta(minutes=11)
            ),
        }
        given = [
            Answer(
                1,
                number,
                value,
                time_spent_seconds=5,
                last_updated_at=now + timedelta(seconds=number),
            )
            for number, value in said.items()
        ]
        paper = ExamPaper(exam_like(id=3, title="Wiring"), questions)
        return statements(HOME, paper, attempt_of(**fields | changed), given)

    return make


def verb(statement: dict[str, Any]) -> str:
    return statement["verb"]["id"].rsplit("/", 1)[1]


def every(value: Any) -> list[Any]:
    """Return a JSON value and all that is in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(each for part in inner for each in every(part))]


def test_an_attempt_is_begun_answered_completed_terminated_and_scored(told):
    assert [verb(each) for each in told()] == [
        "initialized",
        *["answered"] * 4,
        "completed",
        "terminated",
        "scored",
    ]


def test_2_2_required_properties_are_there_and_no_unknown_ones(told):
    for statement in told():
        assert {"id", "actor", "verb", "object", "timestamp"} <= statement.keys() <= OF_A_STATEMENT


def test_2_2_nothing_is_null_and_no_object_is_empty(told):
    without = told(submit_time=None, end_time=None, score=Score(marks_obtained=1.0))
    values = [each for statement in [*told(), *without] for each in every(statement)]
    assert None not in values
    assert not [each for each in values if each in ({}, [], "")]


def test_2_4_1_ids_are_uuids_of_the_variant_of_rfc_4122(told):
    found = [uuid.UUID(each["id"]) for each in told()]
    assert {each.variant for each in found} == {uuid.RFC_4122}
    assert len(set(found)) == len(found)


def test_an_export_that_is_repeated_has_the_same_ids_and_another_grade_has_another_id(told):
    first, again = told(), told()
    assert first == again
    better = told(score=Score(marks_obtained=31.5, is_passed=True))
    assert [a["id"] == b["id"] for a, b in zip(first, better, strict=True)] == [*[True] * 7, False]


def test_2_4_2_an_actor_has_one_identifier_an_account_and_no_name(told):
    for statement in told():
        assert statement["actor"] == {
            "objectType": "Agent",
            "account": {"homePage": HOME, "name": "2"},
        }


def test_2_4_3_verbs_are_iris_with_a_display_by_language(told):
    for statement in told():
        assert IRI.match(statement["verb"]["id"])
        assert statement["verb"]["display"] == {"en": verb(statement)}


def test_2_4_4_activities_are_iris_with_known_interactions(told):
    for statement in told():
        activity = statement["object"]
        assert activity["objectType"] == "Activity"
        assert IRI.match(activity["id"])
        definition = activity["definition"]
        assert definition.keys() <= OF_A_DEFINITION
        assert IRI.match(definition["type"])
        assert definition.get("interactionType", "choice") in INTERACTIONS
    assert told()[0]["object"]["definition"]["name"] == {"und": "Wiring"}


def test_2_4_4_1_responses_are_of_their_interactions_kind(told):
    answered = [each for each in told() if verb(each) == "answered"]
    responses = {
        each["object"]["definition"]["interactionType"]: each["result"]["response"]
        for each in answered
    }
    assert responses == {
        "choice": "B",
        "true-false": "false",
        "fill-in": "a word",
        "long-fill-in": "\u0928",
    }


def test_several_choices_stand_apart_and_what_is_none_is_no_response(told):
    by_question = {
        each["object"]["id"][-1]: each["result"].get("response")
        for each in told({1: ["two", "one", "of another question"], 2: "perhaps", 3: {"a": 1}})
        if verb(each) == "answered"
    }
    assert by_question == {"1": "B[,]A", "2": None, "3": '{"a": 1}'}


def test_an_empty_answer_is_none(told):
    assert "answered" not in [verb(each) for each in told({1: [], 3: "", 4: None})]


def test_neither_keys_nor_texts_of_questions_are_told(told, question_of):
    text = str(told())
    assert "correctResponsesPattern" not in text
    assert question_of().question_text not in text


def test_2_4_5_results_hold_what_they_may_and_lengths_as_iso_8601_writes_them(told):
    for statement in told():
        result = statement.get("result", {})
        assert result.keys() <= OF_A_RESULT
        assert LENGTH.match(result.get("duration", "PT0S"))
    ended = next(each for each in told() if verb(each) == "terminated")
    assert ended["result"] == {"duration": "PT600S"}


@pytest.mark.parametrize("marks", [30.5, 0.0, -4.0, -90.0, 44.0])
def test_2_4_5_1_a_score_lies_within_its_bounds(told, marks):
    score = told(score=Score(marks_obtained=marks, is_passed=False))[-1]["result"]["score"]
    assert score["min"] <= score["raw"] <= score["max"]
    assert score["min"] < score["max"]
    assert -1 <= score["scaled"] <= 1


def test_an_exam_without_marks_has_no_scaled_score(told):
    [*_, scored] = told(total_marks=0.0, score=Score(marks_obtained=0.0))
    assert scored["result"]["score"].keys() == {"raw", "min", "max"}


def test_2_4_6_all_statements_of_an_attempt_share_a_registration(told):
    first, other = told(), told(id=2)
    registrations = {each["context"]["registration"] for each in first}
    assert len(registrations) == 1
    assert uuid.UUID(registrations.pop()).variant == uuid.RFC_4122
    assert other[0]["context"]["registration"] != first[0]["context"]["registration"]


def test_2_4_6_2_an_answer_belongs_to_its_exam(told):
    for each in told():
        parents = each["context"].get("contextActivities", {}).get("parent", [])
        wanted = [{"objectType": "Activity", "id": f"{HOME}/xapi/exams/3"}]
        assert parents == (wanted if verb(each) == "answered" else [])


def test_2_4_7_timestamps_are_iso_8601_with_their_zone(told):
    for each in told():
        assert INSTANT.match(each["timestamp"])
        assert datetime.fromisoformat(each["timestamp"]).tzinfo


def test_a_submitted_attempt_has_no_score_yet_and_a_cancelled_one_is_not_completed(told):
    assert "scored" not in [verb(each) for each in told(status=Status.SUBMITTED)]
    cancelled = [verb(each) for each in told(status=Status.CANCELLED, submit_time=None)]
    assert "completed" not in cancelled
    assert cancelled[-1] == "terminated"


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.IN_PROGRESS, Status.EXPIRED])
def test_of_what_may_still_change_nothing_is_told(told, status):
    assert told(status=status) == []


def test_one_that_was_cancelled_before_it_began_has_nothing_to_tell(told):
    assert told(status=Status.CANCELLED, start_time=None) == []
