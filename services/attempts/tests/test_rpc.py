"""gRPC over a real connection: batches, saves, flags, clocks, the roster."""

import asyncio
import json

import pytest
from attempts.auth_client import Names
from attempts.receipt import Claim
from attempts.rpc import AttemptsServicer
from attempts.safe_browsing import SafeBrowsing
from attempts.using import Device
from chassis.errors import Invalid, NotFound
from chassis.rpc import RpcServer, call, channel
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1.attempts_pb2_grpc import (
    AttemptsServiceStub,
    add_AttemptsServiceServicer_to_server,
)
from oep.auth.v1 import auth_pb2
from oep.auth.v1.auth_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server


def item(world, attempt_id: int, question_id: int, value=None, **changed) -> pb.AnswerSave:
    fields = {
        "attempt_id": attempt_id,
        "student_id": world.student,
        "question_id": question_id,
        "answer_json": json.dumps(value),
    }
    return pb.AnswerSave(**fields | changed)


async def save(stub, *items: pb.AnswerSave) -> list[pb.AnswerSaveResult]:
    response = await call(stub.SaveAnswers, pb.SaveAnswersRequest(saves=items), seconds=5)
    return list(response.results)


async def test_a_batch_tells_what_is_known_and_skips_the_rest(stub, world):
    running, waiting = world.attempt(), world.attempt("not_started", exam=world.written)
    request = pb.BatchGetAttemptsRequest(
        attempt_ids=[running, 999_999, waiting, running], include_questions=True
    )
    response = await call(stub.BatchGetAttempts, request, seconds=5)
    found = {attempt.attempt_id: attempt for attempt in response.attempts}
    assert found.keys() == {running, waiting}
    one = found[running]
    assert (one.student_id, one.exam_id) == (world.student, world.objective)
    assert one.status == pb.ATTEMPT_STATUS_IN_PROGRESS
    assert one.duration_seconds == 3600
    assert one.time_remaining_seconds in range(3530, 3541)
    assert one.deadline_at.ToSeconds() - one.start_time.ToSeconds() == 3600
    assert not found[waiting].HasField("start_time")
    assert found[waiting].time_remaining_seconds == 3600
    members = {exam.exam_id: list(exam.question_ids) for exam in response.exams}
    assert members == {
        world.objective: [world.choice, world.several, world.truth],
        world.written: [world.choice, world.short],
    }
    assert response.HasField("server_time")


@pytest.mark.parametrize("include_questions", [True, False])
async def test_standings_say_whose_attempts_are_and_in_which_status(stub, world, include_questions):
    running, waiting = world.attempt(), world.attempt("not_started", exam=world.written)
    request = pb.BatchGetAttemptsRequest(
        attempt_ids=[running, 999_999, waiting, running],
        include_questions=include_questions,
        only_standings=True,
    )
    response = await call(stub.BatchGetAttempts, request, seconds=5)
    told = response.standings
    rows = zip(told.attempt_ids, told.student_ids, told.exam_ids, told.statuses, strict=True)
    assert sorted(rows) == [
        (running, world.student, world.objective, pb.ATTEMPT_STATUS_IN_PROGRESS),
        (waiting, world.student, world.written, pb.ATTEMPT_STATUS_NOT_STARTED),
    ]
    assert not response.attempts
    members = {exam.exam_id: set(exam.question_ids) for exam in response.exams}
    asked = {
        world.objective: {world.choice, world.several, world.truth},
        world.written: {world.choice, world.short},
    }
    assert members == (asked if include_questions else {})


async def test_standings_of_nobody_are_empty(stub):
    request = pb.BatchGetAttemptsRequest(attempt_ids=[999_999], only_standings=True)
    response = await call(stub.BatchGetAttempts, request, seconds=5)
    assert response.HasField("standings")
    assert not response.standings.attempt_ids


async def test_a_batch_tells_of_pauses_the_lobby_and_devices(stub, world, rules):
    rules(requires_authorisation=True, device_policy="flag")
    running, waiting = world.attempt(), world.attempt("not_started", student=world.other)
    world.run(
        "UPDATE attempts.attempts SET paused_at = now() - interval '5 s', active_login_id = 'desk'"
        " WHERE id = :id",
        id=running,
    )
    request = pb.BatchGetAttemptsRequest(attempt_ids=[running, waiting])
    response = await call(stub.BatchGetAttempts, request, seconds=5)
    found = {attempt.attempt_id: attempt for attempt in response.attempts}
    paused = found[running]
    assert paused.paused_at.ToSeconds() == int(world.row(running)["paused_at"].timestamp())
    assert (paused.active_login_id, paused.is_waiting_for_authorisation) == ("desk", False)
    assert not found[waiting].HasField("paused_at")
    assert not found[waiting].HasField("active_login_id")
    assert found[waiting].is_waiting_for_authorisation
    assert {attempt.device_policy for attempt in found.values()} == {pb.DEVICE_POLICY_FLAG}
    clocks = await call(stub.GetClock, pb.GetClockRequest(attempt_ids=[running]), seconds=5)
    assert clocks.clocks[0].paused_at == paused.paused_at


async def test_saves_and_flags_of_another_device_are_refused_by_policy(stub, world, rules):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    await asyncio.to_thread(world.lifecycle.begin, attempt_id, world.student, Device("desk"))
    mine, other, unknown = await save(
        stub,
        item(world, attempt_id, world.choice, "B", login_id="desk"),
        item(world, attempt_id, world.truth, False, login_id="phone"),
        item(world, attempt_id, world.choice, "C"),
    )
    assert (mine.WhichOneof("outcome"), unknown.WhichOneof("outcome")) == ("saved", "saved")
    assert other.refused.reason == pb.SAVE_REFUSAL_OTHER_DEVICE
    flag = pb.SetFlagRequest(
        attempt_id=attempt_id,
        student_id=world.student,
        question_id=world.choice,
        is_flagged=True,
        login_id="phone",
    )
    refused = (await call(stub.SetFlag, flag, seconds=5)).refused
    assert refused.reason == pb.SAVE_REFUSAL_OTHER_DEVICE


async def test_questions_come_only_when_asked_for(stub, world):
    request = pb.BatchGetAttemptsRequest(attempt_ids=[world.attempt()])
    assert not (await call(stub.BatchGetAttempts, request, seconds=5)).exams


async def test_a_submitted_attempt_says_when_and_what_its_client_claims(stub, world):
    claiming, silent = world.attempt(), world.attempt(student=world.other)
    submit = world.lifecycle.submit
    await asyncio.to_thread(submit, claiming, world.student, None, claim=Claim(0))
    await asyncio.to_thread(submit, silent, world.other, None)
    request = pb.BatchGetAttemptsRequest(attempt_ids=[claiming, silent, world.attempt()])
    attempts = (await call(stub.BatchGetAttempts, request, seconds=5)).attempts
    said = {a.attempt_id: a for a in attempts}
    assert [a.HasField("submit_time") for a in said.values()].count(True) == 2
    assert said[claiming].HasField("last_event_sequence")
    assert said[claiming].last_event_sequence == 0
    assert not said[silent].HasField("last_event_sequence")


async def test_an_empty_batch_still_tells_the_time(stub):
    response = await call(stub.BatchGetAttempts, pb.BatchGetAttemptsRequest(), seconds=5)
    assert response.HasField("server_time")
    assert not response.attempts


async def test_too_large_a_call_is_refused_whole(stub, world):
    many = [item(world, 1, 1)] * 501
    with pytest.raises(Invalid):
        await call(stub.SaveAnswers, pb.SaveAnswersRequest(saves=many), seconds=5)
    request = pb.BatchGetAttemptsRequest(attempt_ids=range(1001))
    with pytest.raises(Invalid):
        await call(stub.BatchGetAttempts, request, seconds=5)


async def test_every_save_gets_its_own_answer_in_order(stub, world):
    running = world.attempt()
    graded = world.attempt("graded", exam=world.written)
    late = world.attempt("expired", exam=world.draft)
    results = await save(
        stub,
        item(world, running, world.choice, ["B"], connection_id="c1"),
        item(world, running, world.foreign, "x"),
        item(world, graded, world.choice, "x"),
        item(world, late, world.unseen, "x"),
        item(world, 999_999, world.choice, "x"),
        item(world, running, world.choice, answer_json="{"),
        item(world, running, world.truth, False),
    )
    kinds = [result.WhichOneof("outcome") for result in results]
    assert kinds == ["saved", *["refused"] * 5, "saved"]
    assert [result.refused.reason for result in results[1:6]] == [
        pb.SAVE_REFUSAL_INVALID_QUESTION,
        pb.SAVE_REFUSAL_ATTEMPT_NOT_ACTIVE,
        pb.SAVE_REFUSAL_TIME_EXPIRED,
        pb.SAVE_REFUSAL_ATTEMPT_NOT_FOUND,
        pb.SAVE_REFUSAL_INVALID_ANSWER,
    ]
    assert results[2].refused.status == pb.ATTEMPT_STATUS_GRADED
    assert [results[0].saved.questions_answered, results[6].saved.questions_answered] == [1, 2]
    assert results[0].saved.time_remaining_seconds in range(3530, 3541)
    assert results[0].saved.HasField("saved_at")
    listed = await asyncio.to_thread(world.reading.own_answers, running, world.student)
    kept = {answer.question_id: answer for answer in listed}
    said = [(result.saved.revision, result.saved.sha256) for result in (results[0], results[6])]
    assert said == [(1, kept[world.choice].sha256), (1, kept[world.truth].sha256)]
    assert world.notes()[0]["data"]["connection_id"] == "c1"


async def test_a_repeated_message_is_answered_with_its_first_result(stub, world):
    attempt_id = world.attempt()
    wish = item(world, attempt_id, world.choice, "B", message_id="m", time_spent_seconds=3)
    [first] = await save(stub, wish)
    [second] = await save(stub, wish)
    assert first == second


@pytest.mark.parametrize("message_id", ["x" * 5_000, "\x00", "with\nlines"])
async def test_any_text_may_be_a_message_id(stub, world, message_id):
    attempt_id = world.attempt()
    wish = item(world, attempt_id, world.choice, "B", message_id=message_id, connection_id="\x00")
    [first] = await save(stub, wish)
    [second] = await save(stub, wish)
    assert first == second
    assert first.HasField("saved")


async def test_no_saves_are_no_trouble(stub):
    assert await save(stub) == []


async def test_a_flag_is_set_and_refused_like_a_save(stub, world):
    attempt_id = world.attempt()
    fields = {"student_id": world.student, "question_id": world.choice, "is_flagged": True}
    request = pb.SetFlagRequest(attempt_id=attempt_id, **fields)
    response = await call(stub.SetFlag, request, seconds=5)
    assert list(response.questions_flagged) == [world.choice]
    assert not response.HasField("refused")
    request = pb.SetFlagRequest(attempt_id=world.attempt("graded"), **fields)
    refused = (await call(stub.SetFlag, request, seconds=5)).refused
    assert refused.reason == pb.SAVE_REFUSAL_ATTEMPT_NOT_ACTIVE
    assert refused.status == pb.ATTEMPT_STATUS_GRADED


async def test_the_clock_is_the_databases(stub, world):
    attempt_id = world.attempt(begun_seconds_ago=60.5)
    response = await call(stub.GetClock, pb.GetClockRequest(attempt_ids=[attempt_id]), seconds=5)
    [clock] = response.clocks
    assert clock.elapsed_seconds in range(60, 70)
    assert clock.elapsed_seconds + clock.time_remaining_seconds in {3599, 3600}
    now = world.run("SELECT extract(epoch FROM clock_timestamp()) AS at")[0]["at"]
    assert abs(float(now) - response.server_time.ToNanoseconds() / 1e9) < 5


async def test_a_roster_without_auth_has_no_names(stub, world):
    attempt_id = world.attempt()
    response = await call(stub.GetExam, pb.GetExamRequest(exam_id=world.objective), seconds=5)
    assert (response.title, response.total_questions) == ("Exam 21", 3)
    [entry] = response.roster
    assert (entry.attempt.attempt_id, entry.student_name) == (attempt_id, "")
    assert not entry.HasField("hall_ticket_number")


async def test_an_unknown_exam_is_not_found(stub):
    with pytest.raises(NotFound, match="Exam not found"):
        await call(stub.GetExam, pb.GetExamRequest(exam_id=99), seconds=5)


class TwoPeople(AuthServiceServicer):
    """Stands in for auth; knows everybody but user 102."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def GetUsers(self, request, context):  # noqa: N802
        self.asked.append(len(request.user_ids))
        users = [
            auth_pb2.User(
                user_id=i,
                full_name=f"Student {i}",
                hall_ticket_number=f"H{i}",
                center_name="Pune",
            )
            for i in request.user_ids
            if i != 102
        ]
        return auth_pb2.GetUsersResponse(users=users)

    async def ListRevocations(self, request, context):  # noqa: N802
        return auth_pb2.ListRevocationsResponse()


async def test_names_come_from_auth_a_thousand_at_a_time(world, acting):
    people = TwoPeople()
    auth = RpcServer("127.0.0.1", 0, lambda s: add_AuthServiceServicer_to_server(people, s))
    await auth.start()
    async with channel(f"127.0.0.1:{auth.port}") as to_auth:
        names = Names(to_auth, seconds=5)
        known = await names.of(range(100, 1600))
        assert people.asked == [1000, 500]
        assert (known.name(101), known.hall_ticket(101)) == ("Student 101", "H101")
        assert (known.name(102), known.hall_ticket(102)) == ("", None)
        world.attempt()
        safe_browsing = SafeBrowsing(world.db, "http://localhost:8000")
        servicer = AttemptsServicer(
            world.db, world.reading, world.saving, names, safe_browsing, acting
        )
        server = RpcServer(
            "127.0.0.1", 0, lambda s: add_AttemptsServiceServicer_to_server(servicer, s)
        )
        await server.start()
        async with channel(f"127.0.0.1:{server.port}") as to_attempts:
            request = pb.GetExamRequest(exam_id=world.objective)
            response = await call(AttemptsServiceStub(to_attempts).GetExam, request, seconds=5)
        await server.stop(0)
    await auth.stop(0)
    [entry] = response.roster
    assert (entry.student_name, entry.hall_ticket_number) == ("Student 101", "H101")
    assert entry.center == "Pune"


async def test_the_attempts_of_an_exam_are_listed_by_id_with_student_and_status(stub, world):
    running, foreign = world.attempt(), world.attempt(exam=world.written)
    request = pb.ListExamAttemptsRequest(exam_id=world.objective)
    [entry] = (await call(stub.ListExamAttempts, request, seconds=5)).attempts
    assert foreign != running
    assert (entry.attempt_id, entry.student_id) == (running, world.student)
    assert entry.status == pb.ATTEMPT_STATUS_IN_PROGRESS


async def test_the_attempts_of_an_exam_are_told_in_columns_if_that_is_asked_for(stub, world):
    world.attempt(exam=world.written)
    request = pb.ListExamAttemptsRequest(exam_id=world.objective)
    first, second = world.attempt("graded"), world.attempt(student=world.student + 1)
    listed = (await call(stub.ListExamAttempts, request, seconds=5)).attempts
    request.in_columns = True
    told = await call(stub.ListExamAttempts, request, seconds=5)
    assert not told.attempts
    assert list(told.columns.attempt_ids) == sorted([first, second])
    columns = zip(
        told.columns.attempt_ids, told.columns.student_ids, told.columns.statuses, strict=True
    )
    assert list(columns) == [(a.attempt_id, a.student_id, a.status) for a in listed]


async def test_nobody_sits_an_exam_that_is_not_there(stub):
    for exam_id in (99, 0, 2**62):
        request = pb.ListExamAttemptsRequest(exam_id=exam_id)
        assert list((await call(stub.ListExamAttempts, request, seconds=5)).attempts) == []
        request.in_columns = True
        told = await call(stub.ListExamAttempts, request, seconds=5)
        assert told.HasField("columns")
        assert not told.columns.attempt_ids


async def test_a_students_attempts_are_listed_by_id_in_pages(stub, world, monkeypatch):
    monkeypatch.setattr("attempts.rpc.MAX_ATTEMPTS", 1)
    his = sorted([world.attempt("graded"), world.attempt("cancelled", exam=world.written)])
    pages, after = [], 0
    while True:
        request = pb.ListStudentAttemptsRequest(student_id=world.student, after_attempt_id=after)
        page = await call(stub.ListStudentAttempts, request, seconds=5)
        pages.append([attempt.attempt_id for attempt in page.attempts])
        if not page.has_more:
            break
        after = pages[-1][-1]
    assert pages == [[each] for each in his]
    nobody = pb.ListStudentAttemptsRequest(student_id=999_999)
    assert not (await call(stub.ListStudentAttempts, nobody, seconds=5)).attempts
