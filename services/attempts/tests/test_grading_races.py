"""Grading by several at once, over real connections: nothing lost, one transition, no old key."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from attempts.errors import MarkedTwice, NotMarkable, Overtaken, SameGrader
from attempts.regrading import Regrading
from attempts.store.grades import Correction
from attempts.surveying import Surveying
from chassis.origins import NOWHERE
from sqlalchemy import text

TIMES = 12


@pytest.fixture
def regrading(world) -> Regrading:
    return Regrading(world.db, lambda: None)


@pytest.fixture
def versions(world):
    def read(attempt_id: int) -> list[tuple[str, float | None]]:
        found = Surveying(world.db).grades(attempt_id)
        assert [grade.version for grade in found] == list(range(1, len(found) + 1))
        assert found[-1].marks_obtained == world.row(attempt_id)["marks_obtained"]
        return [(grade.reason, grade.marks_obtained) for grade in found]

    return read


@pytest.fixture
def written(world, exam_of):
    """Return a function that makes a submitted attempt with two essays of 4 marks."""
    made: list[int] = []

    def make(student: int, **exam) -> int:
        if not made:
            made.append(exam_of({world.short: 4, world.foreign: 4}, **exam))
        attempt_id = world.attempt(exam=made[0], student=student)
        for question in (world.short, world.foreign):
            world.answer(attempt_id, question, '"words"')
        world.lifecycle.submit(attempt_id, student, None)
        return attempt_id

    return make


def graded(world, attempt_id: int) -> int:
    said = [
        n["data"]["status"] for n in world.notes("status_changed") if n["attempt_id"] == attempt_id
    ]
    return said.count("graded")


def test_of_two_who_mark_the_last_two_answers_exactly_one_grades_the_attempt(
    world, written, versions, at_once
):
    for student in range(TIMES):
        attempt_id = written(student)
        done = at_once(
            partial(world.marking.mark, attempt_id, world.short, 3.0, 71),
            partial(world.marking.mark, attempt_id, world.foreign, 2.0, 72),
        )
        assert not any(isinstance(one, Exception) for one in done), done
        assert world.row(attempt_id)["status"] == "graded"
        assert graded(world, attempt_id) == 1
        assert versions(attempt_id)[-1] == ("mark", 5.0)
        assert len(versions(attempt_id)) == 3


def test_two_who_mark_the_same_last_answer_do_not_both_count(world, written, at_once):
    for student in range(TIMES):
        attempt_id = written(student)
        world.marking.mark(attempt_id, world.short, 1.0, 71)
        done = at_once(
            partial(world.marking.mark, attempt_id, world.foreign, 1.0, 71),
            partial(world.marking.mark, attempt_id, world.foreign, 2.0, 72),
        )
        [refused] = [one for one in done if isinstance(one, Exception)]
        assert isinstance(refused, NotMarkable)
        [won] = [one for one in done if not isinstance(one, Exception)]
        assert world.row(attempt_id)["marks_obtained"] == 1.0 + won.marks_awarded


def test_one_grader_who_marks_twice_at_once_is_not_both_of_the_two(world, written, at_once):
    for student in range(TIMES):
        attempt_id = written(student, second_marking="blind")
        done = at_once(*[partial(world.marking.mark, attempt_id, world.short, 3.0, 71)] * 2)
        [refused] = [one for one in done if isinstance(one, Exception)]
        assert isinstance(refused, SameGrader)


def test_of_three_blind_graders_two_count(world, written, at_once):
    for student in range(TIMES):
        attempt_id = written(student, second_marking="blind")
        done = at_once(
            *(partial(world.marking.mark, attempt_id, world.short, 3.0, n) for n in (71, 72, 73))
        )
        [refused] = [one for one in done if isinstance(one, Exception)]
        assert isinstance(refused, MarkedTwice | NotMarkable)


def test_regrading_beside_marking_loses_no_mark(world, written, regrading, versions, at_once):
    for student in range(TIMES):
        attempt_id = written(student)
        world.marking.mark(attempt_id, world.short, 3.0, 71)
        marked, again = at_once(
            partial(world.marking.mark, attempt_id, world.foreign, 2.0, 72),
            partial(regrading.regrade, attempt_id, 7, NOWHERE),
        )
        assert not isinstance(marked, Exception), marked
        assert not isinstance(again, Exception), again
        row = world.row(attempt_id)
        assert (row["status"], row["marks_obtained"]) == ("graded", 5.0)
        assert graded(world, attempt_id) == 1
        assert sorted(reason for reason, _ in versions(attempt_id)) == [
            "mark",
            "mark",
            "regrade",
            "submit",
        ]


def test_no_submit_beside_a_correction_ends_with_the_old_key(
    world, exam_of, regrading, versions, at_once
):
    for turn in range(TIMES):
        exam_id = exam_of({world.choice: 4})
        students = [100 * turn + n for n in range(4)]
        ids = [world.attempt(exam=exam_id, student=student) for student in students]
        for attempt_id in ids:
            world.answer(attempt_id, world.choice, '"C"')
        correction = Correction(world.choice, ("C",), None, "The book says otherwise", 7)
        done = at_once(
            *(
                partial(world.lifecycle.submit, attempt_id, student, None)
                for attempt_id, student in zip(ids, students, strict=True)
            ),
            partial(regrading.correct_key, exam_id, correction, NOWHERE),
            partial(regrading.regrade_due, 50),
        )
        assert not any(isinstance(one, Exception) for one in done), done
        while regrading.regrade_due(50):
            pass
        regrading.regrade_due(50)
        for attempt_id in ids:
            assert versions(attempt_id)[-1][1] == 4.0
            assert len(versions(attempt_id)) <= 2
        [work] = Surveying(world.db).regrades(exam_id)
        assert work.completed_at is not None


def test_a_correction_waits_for_the_submit_that_has_read_the_old_key(
    world, exam_of, regrading, versions
):
    exam_id = exam_of({world.choice: 4})
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, world.choice, '"C"')
    correction = Correction(world.choice, ("C",), None, "The book says otherwise", 7)

    def correct() -> None:
        regrading.correct_key(exam_id, correction, NOWHERE)
        regrading.regrade_due(50)

    with world.looking.connect() as holding, ThreadPoolExecutor(2) as threads:
        holding.execute(text("LOCK TABLE attempts.grades IN SHARE MODE"))
        submitting = threads.submit(world.lifecycle.submit, attempt_id, world.student, None)
        until(lambda: waiting(world) == 1, "the submit keeps its grade only after this")
        correcting = threads.submit(correct)
        until(lambda: waiting(world) == 2 or correcting.done(), "the correction waits or is done")
        holding.rollback()
        submitting.result(10)
        correcting.result(10)
    while regrading.regrade_due(50):
        pass
    assert versions(attempt_id) == [("submit", -1.0), ("key_corrected", 4.0)]


def waiting(world) -> int:
    """Count the connections that wait for a lock."""
    [row] = world.run(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    return int(row["count"])


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, what


def test_two_corrections_at_once_both_count_and_the_last_one_stands(
    world, exam_of, regrading, at_once
):
    for student in range(TIMES):
        exam_id = exam_of({world.choice: 4})
        attempt_id = world.attempt(exam=exam_id, student=student)
        world.answer(attempt_id, world.choice, '"C"')
        world.lifecycle.submit(attempt_id, student, None)
        why = "The book says otherwise"
        done = at_once(
            *(
                partial(
                    regrading.correct_key,
                    exam_id,
                    Correction(world.choice, (key,), None, why, 7),
                    NOWHERE,
                )
                for key in "AC"
            )
        )
        assert sorted(one.exam_version for one in done) == [2, 3]
        while regrading.regrade_due(50):
            pass
        [link] = world.run(
            "SELECT corrected_answer FROM attempts.exam_questions WHERE exam_id = :id", id=exam_id
        )
        right = link["corrected_answer"] == ["C"]
        assert world.row(attempt_id)["marks_obtained"] == (4.0 if right else -1.0)


def test_a_mark_beside_a_submit_is_refused_or_counts(world, exam_of, at_once):
    exam_id = exam_of({world.short: 4, world.choice: 4})
    for student in range(TIMES):
        attempt_id = world.attempt(exam=exam_id, student=student)
        world.answer(attempt_id, world.short, '"ohm"')
        submitted, marked = at_once(
            partial(world.lifecycle.submit, attempt_id, student, None),
            partial(world.marking.mark, attempt_id, world.short, 4.0, 71),
        )
        assert not isinstance(submitted, Exception), submitted
        row = world.row(attempt_id)
        if isinstance(marked, Exception):
            assert isinstance(marked, NotMarkable | Overtaken), marked
            assert row["status"] == "submitted"
        else:
            assert (row["status"], row["marks_obtained"]) == ("graded", 4.0)
