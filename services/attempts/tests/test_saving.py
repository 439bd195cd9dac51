"""Saving answers and flags on a real database: durable, in order, refused for the right reason."""

import json
from dataclasses import replace
from functools import partial

import pytest
from attempts.answer import Save
from attempts.errors import (
    ActiveAttemptNotFound,
    AttemptTimeExpired,
    ForeignQuestion,
)
from attempts.progress import Refusal, Refused, Saved
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError


def wish(world, attempt_id: int, question_id: int, value=None, **changed) -> Save:
    return Save(attempt_id, changed.pop("student", world.student), question_id, value, **changed)


def stored(world, attempt_id: int) -> dict[int, dict]:
    rows = world.run("SELECT * FROM attempts.answers WHERE attempt_id = :id", id=attempt_id)
    return {row["question_id"]: row for row in rows}


@pytest.mark.contract("9.1/save/notes")
def test_a_save_is_stored_counted_and_announced(world):
    attempt_id = world.attempt()
    saved = world.saving.save(
        wish(world, attempt_id, world.choice, ["B"], time_spent_seconds=9, sequence=3)
    )
    row = stored(world, attempt_id)[world.choice]
    assert (row["id"], row["answer"], row["time_spent_seconds"]) == (saved.id, ["B"], 9)
    assert row["answer_sequence"] == 3
    attempt = world.row(attempt_id)
    assert attempt["questions_answered"] == 1
    assert attempt["current_question_id"] == world.choice
    assert attempt["last_activity_time"] == row["last_updated_at"]
    [note] = world.notes()
    assert note["fact"] == "answer_saved"
    assert note["data"] | {"saved_at": None} == {
        "question_id": world.choice,
        "is_flagged": False,
        "kind": "answer",
        "questions_answered": 1,
        "total_questions": 3,
        "questions_flagged": [],
        "connection_id": None,
        "saved_at": None,
    }


def test_what_an_answer_says_is_never_announced(world):
    world.saving.save(wish(world, world.attempt(), world.choice, "very secret words"))
    assert "secret" not in json.dumps(world.notes())


@pytest.mark.contract("9.1/save/counts", "9.1/save/empty")
def test_counts_and_flags_follow_every_change(world):
    attempt_id = world.attempt()
    save = partial(wish, world, attempt_id)
    world.saving.save_all(
        [
            save(world.choice, "B", is_flagged=True),
            save(world.truth, False),
            save(world.several, None, is_flagged=True),
            save(world.choice, ""),
        ]
    )
    attempt = world.row(attempt_id)
    assert attempt["questions_answered"] == 1
    assert attempt["questions_flagged"] == [world.several]
    assert stored(world, attempt_id)[world.truth]["answer"] is False


@pytest.mark.contract("9.1/save/null")
def test_null_never_overwrites_an_answer_in_the_database(world):
    attempt_id = world.attempt()
    world.saving.save(wish(world, attempt_id, world.truth, False))
    world.saving.save(wish(world, attempt_id, world.truth, None, is_flagged=True))
    row = stored(world, attempt_id)[world.truth]
    assert (row["answer"], row["is_flagged"]) == (False, True)


@pytest.mark.contract("5.2/8/as-received")
def test_answers_come_back_exactly_as_received(world):
    attempt_id = world.attempt()
    value = {"b": 1, "a": ['ä \u0000 "', 1.0, None, {"z": {}}]}
    world.saving.save(wish(world, attempt_id, world.choice, value))
    [answer] = world.reading.own_answers(attempt_id, world.student)
    assert json.dumps(answer.value) == json.dumps(value)


@pytest.mark.contract("5.2/7/not-active", "9.1/table/save")
@pytest.mark.parametrize("status", ["not_started", "submitted", "graded", "cancelled"])
def test_nothing_is_saved_in_an_attempt_that_does_not_run(world, status):
    attempt_id = world.attempt(status)
    [outcome] = world.saving.save_all([wish(world, attempt_id, world.choice, "B")])
    assert outcome == Refused(Refusal.ATTEMPT_NOT_ACTIVE, status)
    assert stored(world, attempt_id) == {}
    with pytest.raises(ActiveAttemptNotFound, match="Active attempt not found"):
        world.saving.save(wish(world, attempt_id, world.choice, "B"))


@pytest.mark.contract("5.2/7/expired", "9.1/table/save", "9.2/refuses")
def test_nothing_is_saved_from_the_deadline_on(world):
    late, expired = world.attempt(begun_seconds_ago=3601), world.attempt("expired")
    for attempt_id in (late, expired):
        with pytest.raises(AttemptTimeExpired, match="Attempt time has expired"):
            world.saving.save(wish(world, attempt_id, world.choice, "B"))
        assert stored(world, attempt_id) == {}


def test_the_attempt_of_another_does_not_exist(world):
    outcomes = world.saving.save_all(
        [
            wish(world, world.attempt(), world.choice, "B", student=world.other),
            wish(world, 999_999, world.choice, "B"),
        ]
    )
    assert outcomes == [Refused(Refusal.ATTEMPT_NOT_FOUND)] * 2


@pytest.mark.contract("5.2/7/question", "9.1/save/order")
def test_a_question_of_another_exam_is_refused_after_the_deadline_was_looked_at(world):
    with pytest.raises(ForeignQuestion, match="Question does not belong to this exam"):
        world.saving.save(wish(world, world.attempt(), world.foreign, "B"))
    late = world.attempt(student=world.other, begun_seconds_ago=3601)
    [outcome] = world.saving.save_all([wish(world, late, world.foreign, "B", student=world.other)])
    assert outcome == Refused(Refusal.TIME_EXPIRED)


@pytest.mark.contract("9.1/save/message-id")
def test_a_repeated_message_gets_its_first_receipt_even_after_submit(world):
    attempt_id = world.attempt()
    first = wish(world, attempt_id, world.choice, "B", message_id="m1", time_spent_seconds=5)
    [one] = world.saving.save_all([first])
    world.saving.save(wish(world, attempt_id, world.several, ["A"]))
    again = wish(world, attempt_id, world.choice, "A", message_id="m1", time_spent_seconds=5)
    [two] = world.saving.save_all([again])
    world.lifecycle.submit(attempt_id, world.student, None)
    [three] = world.saving.save_all([again])
    assert one.receipt == two.receipt == three.receipt
    row = stored(world, attempt_id)[world.choice]
    assert (row["answer"], row["time_spent_seconds"]) == ("B", 5)
    assert len(world.notes("answer_saved")) == 2


def test_a_save_says_its_revision_and_the_hash_of_what_is_stored(world):
    attempt_id = world.attempt()
    save = partial(wish, world, attempt_id, world.choice)
    world.saving.save_all([save("A"), save("A", message_id="m1", time_spent_seconds=3)])
    [first] = world.saving.save_all([save("B", message_id="m2")])
    [again] = world.saving.save_all([save("A", message_id="m1")])
    [stored_now] = world.reading.own_answers(attempt_id, world.student)
    assert (first.receipt.revision, first.receipt.sha256) == (2, stored_now.sha256)
    assert again.receipt.revision == 1, "the first receipt, although there is a newer revision"
    assert again.receipt.sha256 == replace(stored_now, value="A", revision=1).sha256


def test_a_receipt_from_before_saves_were_counted_is_given_without_a_hash(world):
    item = wish(world, world.attempt(), world.choice, "B", message_id="m1")
    world.saving.save_all([item])
    world.run("UPDATE attempts.saved_messages SET revision = NULL, sha256 = NULL")
    [again] = world.saving.save_all([item])
    assert (again.receipt.revision, again.receipt.sha256) == (0, "")


def test_a_message_repeated_inside_one_group_counts_once(world):
    attempt_id = world.attempt()
    item = wish(world, attempt_id, world.choice, "B", message_id="m1", time_spent_seconds=5)
    one, two = world.saving.save_all([item, item])
    assert one.receipt == two.receipt
    assert stored(world, attempt_id)[world.choice]["time_spent_seconds"] == 5
    assert len(world.notes()) == 1


def test_a_refused_message_may_be_tried_again(world):
    attempt_id = world.attempt("not_started")
    item = wish(world, attempt_id, world.choice, "B", message_id="m1")
    assert isinstance(world.saving.save_all([item])[0], Refused)
    world.lifecycle.begin(attempt_id, world.student)
    assert isinstance(world.saving.save_all([item])[0], Saved)


def test_the_same_message_id_in_another_attempt_is_another_message(world):
    mine = wish(world, world.attempt(), world.choice, "B", message_id="m1")
    attempt_id = world.attempt(student=world.other)
    yours = wish(world, attempt_id, world.choice, "A", message_id="m1", student=world.other)
    world.saving.save_all([mine])
    world.saving.save_all([yours])
    assert stored(world, attempt_id)[world.choice]["answer"] == "A"


@pytest.mark.contract("9.1/save/identical")
def test_identical_content_is_acknowledged_and_announced_to_nobody(world):
    attempt_id = world.attempt()
    world.saving.save(wish(world, attempt_id, world.choice, ["B"]))
    before = stored(world, attempt_id)
    [again] = world.saving.save_all([wish(world, attempt_id, world.choice, ["B"], sequence=1)])
    assert isinstance(again, Saved)
    assert stored(world, attempt_id) == before
    assert len(world.notes()) == 1


@pytest.mark.contract("9.1/save/unflag")
def test_a_flag_is_announced_even_when_it_was_so_already(world):
    attempt_id = world.attempt()
    for _ in range(2):
        outcome = world.saving.set_flag(attempt_id, world.student, world.choice, is_flagged=True)
        assert outcome.questions_flagged == (world.choice,)
    kinds = [note["data"]["kind"] for note in world.notes()]
    assert kinds == ["flag", "flag"]
    world.saving.set_flag(attempt_id, world.student, world.choice, is_flagged=False)
    assert world.row(attempt_id)["questions_flagged"] == []


@pytest.mark.contract("9.1/save/arrival")
def test_one_bad_save_does_not_sink_its_group(world):
    attempt_id = world.attempt()
    outcomes = world.saving.save_all(
        [
            wish(world, attempt_id, world.choice, "A"),
            wish(world, attempt_id, world.foreign, "A"),
            wish(world, attempt_id, world.choice, "B"),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Saved, Refused, Saved]
    assert stored(world, attempt_id)[world.choice]["answer"] == "B", "in order of arrival"


def test_five_hundred_saves_of_many_attempts_cost_one_statement(world):
    ids = [world.attempt(student=student) for student in range(2000, 2250)]
    saves = [
        wish(world, i, question, "B", student=2000 + n, message_id=f"m{question}")
        for n, i in enumerate(ids)
        for question in (world.choice, world.several)
    ]
    statements: list[str] = []

    def note(_conn, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", note)
    outcomes = world.saving.save_all(saves)
    event.remove(world.db.engine, "before_cursor_execute", note)
    assert all(isinstance(outcome, Saved) for outcome in outcomes)
    assert [outcome.receipt.questions_answered for outcome in outcomes] == [1, 2] * 250
    assert len(statements) == 1
    counted = world.run("SELECT DISTINCT questions_answered AS n FROM attempts.attempts")
    assert counted == [{"n": 2}]
    assert len(world.notes()) == 500


def test_groups_over_the_same_attempts_in_any_order_never_deadlock(world, at_once):
    ids = [world.attempt(student=student) for student in range(3000, 3020)]

    def group(backwards: bool, question_id: int):
        order = reversed(list(enumerate(ids))) if backwards else enumerate(ids)
        saves = [
            wish(world, i, question_id, "B", student=3000 + n, time_spent_seconds=1)
            for n, i in order
        ]
        return [partial(world.saving.save_all, saves)] * 3

    results = at_once(*group(False, world.choice), *group(True, world.several))
    assert all(isinstance(outcome, Saved) for result in results for outcome in result)
    seconds = world.run("SELECT DISTINCT time_spent_seconds AS s FROM attempts.answers")
    assert seconds == [{"s": 3}], "no second is lost between saves that meet"
    counted = world.run("SELECT DISTINCT questions_answered AS n FROM attempts.attempts")
    assert counted == [{"n": 2}]


def test_a_save_that_meets_a_submit_is_graded_or_refused(world, at_once):
    for _ in range(15):
        attempt_id = world.attempt()
        save = partial(world.saving.save_all, [wish(world, attempt_id, world.choice, "B")])
        submit = partial(world.lifecycle.submit, attempt_id, world.student, None)
        [outcome], done = at_once(save, submit)
        expected = 4.0 if isinstance(outcome, Saved) else 0.0
        assert done.attempt.score.marks_obtained == expected


def test_old_receipts_are_forgotten(world):
    attempt_id = world.attempt()
    world.saving.save_all([wish(world, attempt_id, world.choice, "B", message_id="old")])
    world.run("UPDATE attempts.saved_messages SET saved_at = now() - interval '3 days'")
    world.saving.save_all([wish(world, attempt_id, world.choice, "A", message_id="new")])
    assert world.lifecycle.forget_messages() == 1
    left = world.run("SELECT message_id FROM attempts.saved_messages")
    assert left == [{"message_id": "new"}]


@pytest.mark.contract("9.1/save/at-once", "9.1/save/lower-sequence", "9.1/save/arrival")
def test_each_save_is_stored_when_it_is_answered_whatever_its_sequence(world):
    attempt_id = world.attempt()
    for value, sequence in (("A", 9), ("B", 10), ("C", 1)):
        world.saving.save(wish(world, attempt_id, world.choice, value, sequence=sequence))
        row = stored(world, attempt_id)[world.choice]
        assert (row["answer"], row["answer_sequence"]) == (value, sequence)


@pytest.mark.contract("9.1/save/notes")
def test_the_first_time_stays_and_the_last_one_moves(world):
    attempt_id = world.attempt()
    world.saving.save(wish(world, attempt_id, world.choice, "A"))
    first = stored(world, attempt_id)[world.choice]
    world.saving.save(wish(world, attempt_id, world.choice, "B"))
    second = stored(world, attempt_id)[world.choice]
    assert second["first_answered_at"] == first["first_answered_at"] == first["last_updated_at"]
    assert second["last_updated_at"] > first["last_updated_at"]


@pytest.mark.contract("9.1/save/many-flags", "9.1/save/unflag")
def test_every_question_may_be_flagged_and_one_flag_taken_away(world):
    attempt_id = world.attempt()
    questions = [world.choice, world.several, world.truth]
    for question in questions:
        world.saving.save(wish(world, attempt_id, question, None, is_flagged=True))
    assert world.row(attempt_id)["questions_flagged"] == questions
    world.saving.save(wish(world, attempt_id, world.several, None))
    assert world.row(attempt_id)["questions_flagged"] == [world.choice, world.truth]


@pytest.mark.contract("9.1/one-answer")
def test_the_database_itself_refuses_a_second_answer(world):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '"A"')
    with pytest.raises(IntegrityError, match="uq_answers"):
        world.answer(attempt_id, world.choice, '"B"')


@pytest.mark.contract("9.2/window/running")
def test_the_end_of_the_exams_window_does_not_stop_who_is_running(world):
    attempt_id = world.attempt(exam=world.over)
    assert world.lifecycle.expire_due() == 0
    world.saving.save(wish(world, attempt_id, world.choice, "B"))
    shown = world.reading.own_attempt(attempt_id, world.student)
    assert shown.time_remaining_seconds in {3539, 3540}
    assert world.lifecycle.submit(attempt_id, world.student, None).attempt.status == "graded"
