"""Begin, submit, expire, collect: on a real database, and against each other."""

from datetime import timedelta
from functools import partial

import pytest
from attempts.answer import Save
from attempts.attempt import Status
from attempts.blob import received
from attempts.errors import (
    ActiveAttemptExists,
    AttemptHasExpired,
    AttemptNotFound,
    CannotBegin,
    CannotSubmit,
    ExamClosed,
)
from attempts.lifecycle import Lifecycle
from attempts.moving import Moving, Wish
from attempts.progress import Refused
from chassis.database import Database
from chassis.origins import NOWHERE
from sqlalchemy.exc import IntegrityError


@pytest.mark.contract("9.1/move/begin", "9.2/deadline")
def test_begin_starts_the_clock_by_the_database(world):
    begun = world.lifecycle.begin(world.attempt("not_started"), world.student)
    assert begun.status is Status.IN_PROGRESS
    assert begun.deadline_at - begun.start_time == timedelta(minutes=60)
    assert begun.time_remaining_seconds in {3599, 3600}
    assert begun.version == 2


def test_begin_announces_the_status_and_the_deadline(world):
    attempt_id = world.attempt("not_started")
    begun = world.lifecycle.begin(attempt_id, world.student)
    [status, deadline] = world.notes()
    assert status["subject"] == f"oep.v1.{world.objective}.{attempt_id}.status_changed"
    assert status["data"]["status"] == "in_progress"
    assert status["data"]["previous_status"] == "not_started"
    assert status["data"]["version"] == begun.version
    assert status["data"]["student_id"] == world.student
    assert deadline["fact"] == "deadline_changed"
    assert deadline["data"]["duration_seconds"] == 3600
    assert deadline["data"]["deadline_at"] == status["data"]["deadline_at"]
    assert deadline["data"]["deadline_at"].endswith("Z")


@pytest.mark.contract("5.2/2/concurrent")
def test_of_two_begins_at_once_the_first_start_time_stands(world, at_once):
    attempt_id = world.attempt("not_started")
    begin = partial(world.lifecycle.begin, attempt_id, world.student)
    begun = at_once(*[begin] * 6)
    assert {attempt.start_time for attempt in begun} == {world.row(attempt_id)["start_time"]}
    assert len(world.notes("status_changed")) == 1
    assert world.row(attempt_id)["version"] == 2


@pytest.mark.contract("5.2/2/status")
@pytest.mark.parametrize("status", ["submitted", "graded", "expired", "cancelled"])
def test_begin_is_refused_in_every_later_status(world, status):
    with pytest.raises(CannotBegin) as refused:
        world.lifecycle.begin(world.attempt(status), world.student)
    assert refused.value.detail == f"Cannot begin attempt with status: {status}"


@pytest.mark.contract("5.2/2/exam-status", "5.2/2/window", "9.2/window/entry")
@pytest.mark.parametrize("exam", ["draft", "over"])
def test_begin_is_refused_when_the_exam_is_closed(world, exam):
    attempt_id = world.attempt("not_started", exam=getattr(world, exam))
    with pytest.raises(ExamClosed, match="Exam is no longer available"):
        world.lifecycle.begin(attempt_id, world.student)


@pytest.mark.contract("5.2/2/active")
def test_a_second_attempt_at_the_same_exam_cannot_run_beside_the_first(world):
    running, waiting = world.attempt(), world.attempt("not_started")
    with pytest.raises(ActiveAttemptExists) as refused:
        world.lifecycle.begin(waiting, world.student)
    assert refused.value.detail == (
        "You already have an active attempt for this exam. Use resume endpoint instead."
        f" Attempt ID: {running}"
    )
    assert world.row(waiting)["status"] == "not_started"
    assert world.notes() == []


@pytest.mark.contract("9.1/one-running")
def test_of_two_attempts_begun_at_once_exactly_one_runs(world, at_once):
    ids = [world.attempt("not_started") for _ in range(4)]
    results = at_once(*(partial(world.lifecycle.begin, i, world.student) for i in ids))
    assert [r.status for r in results if not isinstance(r, Exception)] == [Status.IN_PROGRESS]
    assert sum(isinstance(r, ActiveAttemptExists) for r in results) == 3


def test_another_students_attempt_does_not_exist(world):
    for deed in (
        partial(world.lifecycle.begin, world.attempt("not_started"), world.other),
        partial(world.lifecycle.submit, world.attempt(), world.other, None),
        partial(world.lifecycle.begin, 999_999, world.student),
    ):
        with pytest.raises(AttemptNotFound):
            deed()


@pytest.mark.contract("9.1/move/submit", "9.3/percentage")
def test_submit_grades_what_the_machine_can_and_announces_once(world):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '["Neutral wire", "stray"]')
    world.answer(attempt_id, world.several, '["A"]')
    done = world.lifecycle.submit(attempt_id, world.student, None).attempt
    assert done.status is Status.GRADED
    assert (done.score.marks_obtained, done.total_marks) == (3.0, 14.0)
    assert done.score.percentage == 21.43
    assert done.score.is_passed is False
    assert (done.score.correct_answers, done.score.incorrect_answers) == (1, 1)
    assert done.score.unattempted == 1
    [note] = world.notes()
    assert note["data"]["status"] == "graded"
    assert note["data"]["previous_status"] == "in_progress"
    assert note["data"]["submit_reason"] == "student"
    marks = world.run("SELECT question_id, marks_awarded, is_correct FROM attempts.answers")
    assert {m["question_id"]: m["marks_awarded"] for m in marks} == {
        world.choice: 4.0,
        world.several: -1.0,
    }


@pytest.mark.contract("9.1/move/waits", "9.3/by-hand/missing")
def test_submit_waits_for_a_person_where_words_were_written(world):
    attempt_id = world.attempt(exam=world.written)
    world.answer(attempt_id, world.choice, '"B"')
    world.answer(attempt_id, world.short, '"ohm"')
    done = world.lifecycle.submit(attempt_id, world.student, None).attempt
    assert done.status is Status.SUBMITTED
    assert done.score.is_passed is None
    assert done.score.graded_at is None
    assert world.notes()[0]["data"]["status"] == "submitted"


@pytest.mark.contract("9.3/by-hand/empty")
def test_unanswered_written_questions_get_nothing_at_once(world):
    done = world.lifecycle.submit(world.attempt(exam=world.written), world.student, None).attempt
    assert done.status is Status.GRADED
    assert done.score.marks_obtained == 0.0


@pytest.mark.contract("5.2/9/idempotent", "9.1/table/submit")
@pytest.mark.parametrize("exam", ["objective", "written"])
def test_a_second_submit_gives_the_same_and_changes_nothing(world, exam):
    attempt_id = world.attempt(exam=getattr(world, exam))
    world.answer(attempt_id, world.short, '"ohm"')
    first = world.lifecycle.submit(attempt_id, world.student, None).attempt
    before = world.row(attempt_id)
    second = world.lifecycle.submit(attempt_id, world.student, None).attempt
    assert (second.status, second.score) == (first.status, first.score)
    assert world.row(attempt_id) == before
    assert len(world.notes()) == 1


@pytest.mark.contract("9.1/table/submit")
@pytest.mark.parametrize("status", ["not_started", "cancelled"])
def test_submit_is_refused_before_the_start_and_after_cancelling(world, status):
    with pytest.raises(CannotSubmit, match=f"Cannot submit attempt with status: {status}"):
        world.lifecycle.submit(world.attempt(status), world.student, None)


@pytest.mark.contract("5.2/9/expired", "9.1/move/late", "9.1/table/submit")
def test_submit_completes_an_expired_attempt(world):
    attempt_id = world.attempt("expired", begun_seconds_ago=3700)
    world.answer(attempt_id, world.choice, '"B"')
    done = world.lifecycle.submit(attempt_id, world.student, None).attempt
    assert done.status is Status.GRADED
    assert world.notes()[0]["data"]["previous_status"] == "expired"
    assert done.time_taken_seconds <= 3600


@pytest.mark.contract("9.4/wrong-checksum")
def test_a_blob_with_a_wrong_checksum_is_kept_and_flagged(world):
    attempt_id = world.attempt()
    blob = received("AAAA", "2026-03-01T10:00:00.000Z", "wrong")
    world.lifecycle.submit(attempt_id, world.student, blob)
    row = world.row(attempt_id)
    assert row["status"] == "graded"
    assert row["encrypted_final_answers"] == "AAAA"
    assert row["encryption_timestamp"] == "2026-03-01T10:00:00.000Z"
    assert row["encryption_flaw"] == "checksum_mismatch"
    assert row["encryption_received_at"] is not None


@pytest.mark.contract("9.2/grace/late")
def test_a_late_blob_is_kept_as_evidence_and_never_replaces_one(world):
    attempt_id = world.attempt("expired", begun_seconds_ago=99_999)
    assert world.lifecycle.collect_overdue() == 1
    world.lifecycle.submit(attempt_id, world.student, received("first", None, None))
    world.lifecycle.submit(attempt_id, world.student, received("second", None, None))
    row = world.row(attempt_id)
    assert row["encrypted_final_answers"] == "first"
    assert (row["status"], row["submit_reason"]) == ("graded", "deadline")


@pytest.mark.contract("9.1/move/expire", "9.2/never-begun")
def test_only_due_attempts_expire_and_each_is_announced(world):
    due = world.attempt(begun_seconds_ago=3601)
    running = world.attempt(student=world.other, begun_seconds_ago=3590)
    waiting = world.attempt("not_started", begun_seconds_ago=99_999)
    assert world.lifecycle.expire_due() == 1
    assert world.row(due)["status"] == "expired"
    assert world.row(due)["end_time"] == world.row(due)["deadline_at"]
    assert world.row(running)["status"] == "in_progress"
    assert world.row(waiting)["status"] == "not_started"
    [note] = world.notes()
    assert note["attempt_id"] == due
    assert note["data"]["status"] == "expired"
    assert note["data"]["time_remaining_seconds"] == 0


@pytest.mark.contract("9.1/move/late", "9.2/grace/over", "9.2/grace/length")
def test_expired_attempts_are_graded_only_when_the_grace_period_is_over(world):
    fresh = world.attempt("expired", begun_seconds_ago=3600 + 290)
    old = world.attempt("expired", student=world.other, begun_seconds_ago=3600 + 310)
    world.answer(old, world.choice, '"Neutral wire"')
    assert world.lifecycle.collect_overdue() == 1
    assert world.row(fresh)["status"] == "expired"
    row = world.row(old)
    assert (row["status"], row["submit_reason"]) == ("graded", "deadline")
    assert row["marks_obtained"] == 4.0
    assert row["end_time"] is not None
    [note] = world.notes("status_changed")
    assert note["data"]["previous_status"] == "expired"


def test_three_replicas_expire_every_attempt_exactly_once(world, urls, at_once):
    for student in range(1000, 1200):
        world.attempt(student=student, begun_seconds_ago=4000)
    replicas = [Database(urls.app_url, pool_size=1) for _ in range(3)]
    clocks = [Lifecycle(replica, lambda: None, world.key) for replica in replicas]

    def expire_all(clock: Lifecycle) -> int:
        return sum(clock.expire_due(limit=20) for _ in range(12))

    def collect_all(clock: Lifecycle) -> int:
        return sum(clock.collect_overdue(limit=20) for _ in range(12))

    assert sum(at_once(*(partial(expire_all, clock) for clock in clocks))) == 200
    assert sum(at_once(*(partial(collect_all, clock) for clock in clocks))) == 200
    said = [(n["attempt_id"], n["data"]["status"]) for n in world.notes()]
    assert len(said) == len(set(said)) == 400
    versions = world.run("SELECT DISTINCT status, version FROM attempts.attempts")
    assert versions == [{"status": "graded", "version": 3}]
    for replica in replicas:
        replica.dispose()


def test_submit_and_expiry_at_once_have_one_winner_and_lose_nothing(world, at_once):
    for _ in range(15):
        attempt_id = world.attempt(student=world.student, begun_seconds_ago=3601)
        submit = partial(world.lifecycle.submit, attempt_id, world.student, None)
        submitted, _ = at_once(submit, world.lifecycle.expire_due)
        assert submitted.attempt.status is Status.GRADED
        notes = [n["data"] for n in world.notes() if n["attempt_id"] == attempt_id]
        ways = [(n["previous_status"], n["status"]) for n in notes]
        assert ways in (
            [("in_progress", "graded")],
            [("in_progress", "expired"), ("expired", "graded")],
        )
        assert world.row(attempt_id)["version"] == 1 + len(ways)


def test_of_several_submits_at_once_one_grades_and_all_get_its_result(world, at_once):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '"B"')
    submit = partial(world.lifecycle.submit, attempt_id, world.student, None)
    done = at_once(*[submit] * 5)
    assert {one.attempt.score.marks_obtained for one in done} == {4.0}
    assert len(world.notes()) == 1
    assert world.row(attempt_id)["version"] == 2


@pytest.mark.contract("5.1/marks")
def test_a_persons_last_mark_turns_submitted_into_graded(world):
    attempt_id = world.attempt(exam=world.written)
    world.answer(attempt_id, world.choice, '"B"')
    world.answer(attempt_id, world.short, '"ohm"')
    world.lifecycle.submit(attempt_id, world.student, None)
    marked = world.marking.mark(attempt_id, world.short, 2.5, grader_id=7)
    row = world.row(attempt_id)
    assert marked.marks_awarded == 2.5
    assert (row["status"], row["marks_obtained"], row["is_passed"]) == ("graded", 6.5, True)
    assert row["graded_by"] == 7
    assert row["graded_at"] is not None
    assert [n["data"]["status"] for n in world.notes()] == ["submitted", "graded"]


@pytest.mark.contract("9.1/one-running")
def test_the_database_itself_refuses_a_second_running_attempt(world):
    world.attempt()
    with pytest.raises(IntegrityError, match="uq_attempts_one_in_progress"):
        world.attempt()
    world.attempt("graded")
    world.attempt(exam=world.written)


@pytest.mark.contract("9.2/one-value")
@pytest.mark.parametrize("is_late", [True, False])
def test_everything_goes_by_the_one_stored_deadline(world, is_late):
    """Whatever start and duration say: here they say the opposite."""
    attempt_id = world.attempt(begun_seconds_ago=60 if is_late else 9_000)
    world.run(
        "UPDATE attempts.attempts SET deadline_at = now() + make_interval(secs => :s)"
        " WHERE id = :id",
        s=-1 if is_late else 600,
        id=attempt_id,
    )
    shown = world.reading.own_attempt(attempt_id, world.student)
    assert shown.is_past_deadline is is_late
    assert (shown.time_remaining_seconds == 0) is is_late
    wish = Save(attempt_id, world.student, world.choice, "B")
    assert isinstance(world.saving.save_all([wish])[0], Refused) is is_late
    move = Wish(attempt_id, "PC-2", "It is broken", world.student, "s", {"student"}, NOWHERE)
    if is_late:
        with pytest.raises(AttemptHasExpired, match="Attempt has expired"):
            Moving(world.db, list).request(move)
    else:
        assert Moving(world.db, list).request(move).status == "pending"
    assert world.lifecycle.expire_due() == is_late
