"""Rows of the legacy portal turned into ours."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attempts import legacy
from attempts.attempt import is_salt
from attempts.legacy import UnusableRow, Window

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
QUESTION = {
    "id": 1,
    "question_bank_id": 1,
    "question_text": "?",
    "question_type": "MULTIPLE_CHOICE",
    "options": {"A": 1, "B": "two"},
    "correct_answer": ["B"],
    "difficulty": "easy",
    "marks": 4,
    "negative_marks": -1,
}
ATTEMPT = {"id": 1, "student_id": 2, "exam_id": 3, "status": "not_started"}


@pytest.fixture
def changes() -> Counter:
    return Counter()


def test_a_question_becomes_ours(changes):
    found = legacy.question(QUESTION, NOW, changes)
    assert (found["question_type"], found["difficulty"]) == ("multiple_choice", "easy")
    assert found["negative_marks"] == 1.0
    assert found["options"] == {"A": "1", "B": "two"}
    assert changes["questions: negative marks taken as amounts"] == 1


@pytest.mark.parametrize(("key", "ours"), [(None, []), ("B", ["B"]), (True, [True]), ([], [])])
def test_a_key_becomes_a_list(changes, key, ours):
    row = QUESTION | {"correct_answer": key}
    assert legacy.question(row, NOW, changes)["correct_answer"] == ours


def test_an_unknown_word_names_its_row(changes):
    with pytest.raises(UnusableRow, match="row 1: question_type 'PUZZLE' is no known word"):
        legacy.question(QUESTION | {"question_type": "PUZZLE"}, NOW, changes)


def test_times_without_an_offset_are_utc():
    expected = datetime(2025, 10, 26, 18, 37, 32, 80353, tzinfo=UTC)
    assert legacy.instant("2025-10-26 18:37:32.080353") == expected
    assert legacy.instant("2025-10-26T18:37:32.080353Z") == expected
    assert legacy.instant(None) is None
    with pytest.raises(UnusableRow):
        legacy.instant("yesterday")


def test_a_window_that_has_ended_begins_now_with_its_length():
    window = Window(NOW - timedelta(days=90), NOW - timedelta(days=60))
    assert legacy.moved_window(window, None, NOW) == Window(NOW, NOW + timedelta(days=30))


def test_a_window_that_was_moved_before_stays_where_it_is():
    window = Window(NOW - timedelta(days=90), NOW - timedelta(days=60))
    moved = Window(NOW - timedelta(days=1), NOW + timedelta(days=29))
    assert legacy.moved_window(window, moved, NOW) == moved


@pytest.mark.parametrize("end", [None, NOW, NOW + timedelta(days=1)])
def test_an_open_window_is_left_alone(end):
    assert legacy.moved_window(Window(NOW - timedelta(days=9), end), None, NOW) is None


@pytest.mark.contract("9.4/salt/imported")
def test_an_attempt_gets_a_salt_and_the_exams_duration(changes):
    found = legacy.attempt(ATTEMPT, NOW, [], 120, changes)
    assert is_salt(found["encryption_salt"])
    assert found["duration_minutes"] == 120
    assert found["deadline_at"] is None
    kept = legacy.attempt(
        ATTEMPT | {"encryption_salt": found["encryption_salt"]}, NOW, [], 120, changes
    )
    assert kept["encryption_salt"] == found["encryption_salt"]


def test_a_running_attempt_gets_its_deadline(changes):
    start = NOW - timedelta(minutes=5)
    row = ATTEMPT | {"status": "IN_PROGRESS", "start_time": start.isoformat()}
    found = legacy.attempt(row, NOW, [], 120, changes)
    assert found["deadline_at"] == start + timedelta(minutes=120)


def test_counters_come_from_the_answers(changes):
    answers = [
        {"question_id": 5, "answer": False, "is_flagged": True},
        {"question_id": 6, "answer": [], "is_flagged": False},
    ]
    found = legacy.attempt(ATTEMPT | {"questions_flagged": [9]}, NOW, answers, 1, changes)
    assert found["questions_answered"] == 1
    assert found["questions_flagged"] == [5, 9]


def test_of_repeated_answers_the_newest_stays(changes):
    rows = [
        {"id": n, "attempt_id": 1, "question_id": 1, "last_updated_at": f"2025-01-0{n}T00:00:00Z"}
        for n in (2, 3, 1)
    ]
    kept = legacy.newest_of_each([legacy.answer(row, NOW) for row in rows], changes)
    assert [answer["id"] for answer in kept] == [3]
    assert changes["student_answers: older duplicates dropped"] == 2


def test_only_the_newest_running_attempt_runs_on(changes):
    attempts = [
        {
            "id": n,
            "student_id": 1,
            "exam_id": 1,
            "status": "in_progress",
            "created_at": NOW + timedelta(days=n),
        }
        for n in (1, 2)
    ]
    legacy.one_running_each(attempts, changes)
    assert [attempt["status"] for attempt in attempts] == ["expired", "in_progress"]
