"""Grades have versions: every one that is given or changed is kept, in the deed's transaction."""

import pytest
from attempts.attempt import SubmitReason
from attempts.errors import AttemptNotFound
from attempts.lifecycle import Lifecycle
from attempts.regrading import Regrading
from attempts.surveying import Surveying
from chassis.origins import NOWHERE
from chassis.signing import SigningKey
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

KEY = SigningKey.derived("signs what these clocks collect", "tests")


@pytest.fixture
def history(world):
    """Read the versions of an attempt's grade; the attempt itself must show the newest."""
    surveying = Surveying(world.db)

    def read(attempt_id: int) -> list:
        found = surveying.grades(attempt_id)
        assert [grade.version for grade in found] == list(range(1, len(found) + 1))
        if found:
            row, newest = world.row(attempt_id), found[-1]
            for name in ("total_marks", "marks_obtained", "percentage", "is_passed"):
                assert getattr(newest, name) == row[name], name
            for name in ("correct_answers", "incorrect_answers", "unattempted"):
                assert getattr(newest, name) == row[name], name
        return found

    return read


def test_an_objective_attempt_is_graded_at_once_and_keeps_its_first_version(world, history):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '["Neutral wire"]')
    world.answer(attempt_id, world.truth, "true")
    world.lifecycle.submit(attempt_id, world.student, None)
    assert world.row(attempt_id)["status"] == "graded"
    [grade] = history(attempt_id)
    [exam] = world.run("SELECT version FROM attempts.exams WHERE id = :id", id=world.objective)
    assert (grade.reason, grade.graded_by) == ("submit", None)
    assert grade.exam_version == exam["version"]
    assert (grade.marks_obtained, grade.missing) == (3.0, [])
    judged = {j["question_id"]: j for j in grade.judgements}
    assert judged[world.choice]["chosen"] == ["B"]
    assert (judged[world.choice]["marks"], judged[world.choice]["source"]) == (4.0, "auto")
    assert (judged[world.truth]["chosen"], judged[world.truth]["is_correct"]) == (["true"], False)
    assert (judged[world.several]["is_attempted"], judged[world.several]["marks"]) == (False, 0.0)


def test_a_written_attempt_waits_and_each_mark_is_a_version(world, exam_of, history):
    exam_id = exam_of({world.choice: 4, world.short: 4, world.foreign: 4}, passing_marks=6)
    attempt_id = world.attempt(exam=exam_id)
    for question, value in ((world.choice, '"B"'), (world.short, '"ohm"'), (world.foreign, '"x"')):
        world.answer(attempt_id, question, value)
    world.lifecycle.submit(attempt_id, world.student, None)
    world.marking.mark(attempt_id, world.short, 3.0, 77)
    world.marking.mark(attempt_id, world.short, 2.0, 77)
    world.marking.mark(attempt_id, world.foreign, 1.0, 78)
    found = history(attempt_id)
    assert [(g.reason, g.graded_by, g.marks_obtained, g.is_passed) for g in found] == [
        ("submit", None, 4.0, None),
        ("mark", 77, 7.0, None),
        ("mark", 77, 6.0, None),
        ("mark", 78, 7.0, True),
    ]
    assert [sorted(g.missing) for g in found] == [
        [world.short, world.foreign],
        [world.foreign],
        [world.foreign],
        [],
    ]
    assert world.row(attempt_id)["status"] == "graded"
    changed = [note["data"]["status"] for note in world.notes("status_changed")]
    assert changed == ["submitted", "graded"]
    assert world.notes("grade_changed") == []


@pytest.mark.parametrize("reason", ["deadline", "pause"])
def test_what_the_clock_ends_has_its_reason(world, history, reason):
    if reason == "deadline":
        attempt_id = world.attempt(begun_seconds_ago=3605)
        lifecycle = Lifecycle(world.db, lambda: None, KEY, grace_seconds=0)
        lifecycle.expire_due()
        lifecycle.collect_overdue()
    else:
        attempt_id = world.attempt()
        world.run(
            "UPDATE attempts.attempts SET paused_at = now() - interval '9 s',"
            " pause_ends_at = now() - interval '1 s' WHERE id = :id",
            id=attempt_id,
        )
        world.lifecycle.end_pauses()
    assert [grade.reason for grade in history(attempt_id)] == [SubmitReason(reason)]


def test_options_are_named_by_the_letters_of_the_question_whatever_was_shown(
    world, exam_of, history
):
    exam_id = exam_of({world.choice: 4}, shuffle_options=True)
    shown = set()
    for student in range(20):
        attempt_id = world.attempt(exam=exam_id, student=student)
        options = world.shown(exam_id, student)[0]["options"]
        [letter] = [key for key, wire in options.items() if wire == "Neutral wire"]
        shown.add(letter)
        world.answer(attempt_id, world.choice, f'"{letter}"')
        world.lifecycle.submit(attempt_id, student, None)
        [grade] = history(attempt_id)
        assert (grade.judgements[0]["chosen"], grade.marks_obtained) == (["B"], 4.0)
    assert len(shown) > 1, "the layouts differ, or nothing is proved"


def test_the_service_cannot_change_a_version_or_a_mark(world):
    attempt_id = world.attempt(exam=world.written)
    world.answer(attempt_id, world.short, '"ohm"')
    world.lifecycle.submit(attempt_id, world.student, None)
    world.marking.mark(attempt_id, world.short, 1.0, 7)
    for statement in (
        "UPDATE attempts.grades SET version = 2",
        "DELETE FROM attempts.grades",
        "UPDATE attempts.hand_marks SET marks = 4",
        "DELETE FROM attempts.hand_marks",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            world.db.transaction() as session,
        ):
            session.execute(text(statement))


@pytest.mark.contract("5.2/9/one-transaction", "9.3/one-transaction")
def test_a_version_that_cannot_be_kept_leaves_the_attempt_submittable(world, history):
    attempt_id = world.attempt()
    world.run("ALTER TABLE attempts.grades ADD CONSTRAINT never CHECK (reason <> 'submit')")
    try:
        with pytest.raises(Exception, match="never"):
            world.lifecycle.submit(attempt_id, world.student, None)
    finally:
        world.run("ALTER TABLE attempts.grades DROP CONSTRAINT never")
    assert world.row(attempt_id)["status"] == "in_progress"
    world.lifecycle.submit(attempt_id, world.student, None)
    assert len(history(attempt_id)) == 1


def test_an_unknown_attempt_has_no_history_and_an_unfinished_one_an_empty_one(world, history):
    assert history(world.attempt()) == []
    with pytest.raises(AttemptNotFound):
        history(10**12)


def test_an_attempt_that_was_graded_before_there_were_versions_gets_its_first(world, history):
    attempt_id = world.attempt("graded")
    world.answer(attempt_id, world.choice, '"B"')
    again = Regrading(world.db, lambda: None).regrade(attempt_id, 7, NOWHERE)
    assert again.score.marks_obtained == 4.0
    assert [(grade.version, grade.reason) for grade in history(attempt_id)] == [(1, "regrade")]
