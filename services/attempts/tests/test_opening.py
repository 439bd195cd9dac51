"""Encrypted final answers are opened beside everything else, merged once, and evidence is kept."""

import asyncio
import contextlib
import json
import sys
from itertools import count
from pathlib import Path

import pytest
from attempts import gradekeeping
from attempts.auth_client import People, Person
from attempts.blob import received
from attempts.finals import Outcome
from attempts.forgetting import Forgetting
from attempts.opener import Opener
from attempts.opening import GIVEN_UP, MOST_TRIES, UNKNOWN_USER, Openings
from attempts.surveying import Surveying
from chassis.errors import Unavailable
from chassis.waiting import eventually

USER = "apiti0001"
FAILS = (sys.executable, "-c", "raise SystemExit(1)")
SLEEPS = (sys.executable, "-c", "import time; time.sleep(61.5)")
BLOB = "SELECT encrypted_final_answers AS blob, blob_settled_at FROM attempts.attempts"
AUDIT = (
    "SELECT event_type, error_message, details FROM attempts.audit_logs"
    " WHERE attempt_id = :id AND (event_type LIKE 'blob%' OR event_type = 'attempt_regraded')"
    " ORDER BY id"
)


class Register:
    """Says what people are called, as auth would."""

    def __init__(self) -> None:
        self.username = USER
        self.is_away = False

    async def known(self, user_ids) -> People:
        if self.is_away:
            raise Unavailable
        return People({number: Person("Asha", None, self.username) for number in user_ids})


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def openings(world) -> Openings:
    return Openings(world.db, lambda: None)


@pytest.fixture
def opener(world, openings, register):
    """Return a function that makes the task; a process of its own kind may be given."""

    def make(**changed) -> Opener:
        wanted = {"interval_seconds": 0.01, "seconds": 60.0, "window_ms": 60, "again_seconds": 0.0}
        return Opener(world.db, openings, register, **wanted | changed)

    return make


@pytest.fixture
def submitted(world, seal):
    """Return a function that submits an attempt with saved answers and a blob."""
    students = count(world.student)

    def make(entries, saved=None, *, exam=None, **changed) -> int:
        student, exam = next(students), exam or world.objective
        attempt_id = world.attempt(exam=exam, student=student)
        for question_id, value in (saved or {}).items():
            world.answer(attempt_id, question_id, json.dumps(value))
        wanted = {"rounds": 1, "exam_id": exam} | changed
        world.lifecycle.submit(attempt_id, student, blob_of(seal(entries, **wanted)))
        return attempt_id

    return make


def blob_of(fields):
    return received(*fields.values())


def says(question_id, answer, sequence=1) -> dict:
    return {"questionId": question_id, "answer": answer, "sequence": sequence}


def answer_of(*entries) -> bytes:
    """Return what the process says that it found."""
    said = [
        {"question_id": e["questionId"], "answer": e["answer"], "sequence": e["sequence"]}
        for e in entries
    ]
    return json.dumps({"key_timestamp": "2026-03-01T09:59:59.950Z", "answers": said}).encode()


def open_next(opener: Opener) -> bool:
    return asyncio.run(opener.open_next())


def children() -> list[str]:
    """Return the command lines of processes that open blobs."""
    found = Path("/proc").glob("[0-9]*/cmdline")
    return [line for line in map(_line, found) if SLEEPS[-1] in line]


def _line(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


def stored(world, attempt_id) -> dict[int, object]:
    rows = world.run("SELECT * FROM attempts.answers WHERE attempt_id = :id", id=attempt_id)
    return {row["question_id"]: row["answer"] for row in rows}


@pytest.mark.contract("9.4/open/background", "9.4/merge/regraded", "9.5/grading")
def test_final_answers_are_opened_merged_and_regraded(world, submitted, opener, openings):
    entries = [says(world.choice, ["Neutral wire"]), says(world.truth, False)]
    saved = {world.choice: ["Line wire"]}
    attempt_id = submitted(entries, saved, rounds=250_000)
    before = world.row(attempt_id)
    assert (before["status"], before["marks_obtained"]) == ("graded", -1.0)
    assert open_next(opener())
    assert not open_next(opener()), "it is opened once"
    after = world.row(attempt_id)
    assert (after["status"], after["marks_obtained"]) == ("graded", 8.0)
    assert after["questions_answered"] == 2
    assert stored(world, attempt_id) == {world.choice: ["Neutral wire"], world.truth: False}
    first, second = Surveying(world.db).grades(attempt_id)
    assert (first.reason, first.marks_obtained) == ("submit", -1.0)
    assert (second.reason, second.marks_obtained, second.graded_by) == ("final_answers", 8.0, None)
    [note] = world.notes("grade_changed")
    assert (note["data"]["reason"], note["data"]["grade_version"]) == ("final_answers", 2)
    found = openings.of_attempt(attempt_id)
    assert (found.outcome, found.finding, found.grade_version) == (Outcome.MERGED, None, 2)
    assert found.key_timestamp == "2026-03-01T09:59:59.950Z"
    assert [(d["question_id"], d["before"], d["after"]) for d in found.differences] == [
        (world.choice, ["Line wire"], ["Neutral wire"]),
        (world.truth, None, False),
    ]
    regraded, opened = world.run(AUDIT, id=attempt_id)
    assert regraded["event_type"] == "attempt_regraded"
    assert regraded["details"]["reason"] == "final_answers"
    assert opened["event_type"] == "blob_opened"
    assert opened["details"]["question_ids"]["counts"] == [world.choice, world.truth]
    assert "wire" not in json.dumps(opened["details"]), "no answer stands in the audit"


@pytest.mark.contract("9.4/open/not-found", "9.5/unreadable-blob")
def test_what_nobody_can_open_is_kept_flagged_and_audited(world, submitted, opener, openings):
    attempt_id = submitted([says(world.choice, "B")], {world.choice: "C"}, username="another")
    [kept] = world.run(BLOB)
    assert open_next(opener(window_ms=0))
    [still] = world.run(BLOB)
    assert still["blob"] == kept["blob"]
    found = openings.of_attempt(attempt_id)
    assert (found.outcome, found.finding) == (Outcome.UNREADABLE, "key_not_found")
    [entry] = world.run(AUDIT, id=attempt_id)
    assert (entry["event_type"], entry["error_message"]) == ("blob_unreadable", "key_not_found")
    assert stored(world, attempt_id) == {world.choice: "C"}
    assert not world.notes("grade_changed")


def test_a_blob_with_a_wrong_checksum_is_not_tried_nor_told_twice(world, seal, opener, openings):
    attempt_id = world.attempt()
    fields = seal([], rounds=1) | {"encryption_checksum": "wrong"}
    world.lifecycle.submit(attempt_id, world.student, blob_of(fields))
    assert open_next(opener(program=("/no/such/program",)))
    found = openings.of_attempt(attempt_id)
    assert (found.outcome, found.finding) == (Outcome.UNREADABLE, "checksum_mismatch")
    assert [e["error_message"] for e in world.run(AUDIT, id=attempt_id)] == ["checksum_mismatch"]


@pytest.mark.contract("9.4/merge/in-time", "9.2/grace/late")
def test_a_blob_that_comes_with_a_second_submit_is_evidence_only(world, seal, openings):
    attempt_id = world.attempt()
    world.lifecycle.submit(attempt_id, world.student, None)
    late = seal([says(world.choice, "B")], rounds=1)
    world.lifecycle.submit(attempt_id, world.student, blob_of(late))
    done = openings.answered(openings.claim(60), answer_of(says(world.choice, "B")))
    assert (done.outcome, done.finding) == (Outcome.EVIDENCE, "after_the_submit")
    assert world.row(attempt_id)["marks_obtained"] == 0
    [difference] = openings.of_attempt(attempt_id).differences
    assert (difference["before"], difference["after"]) == (None, "B")
    assert len(Surveying(world.db).grades(attempt_id)) == 1


@pytest.mark.contract("9.4/merge/in-time")
@pytest.mark.parametrize(("late_seconds", "outcome"), [(299, "merged"), (301, "evidence")])
def test_the_grace_period_decides_whether_a_blob_counts(
    world, submitted, openings, late_seconds, outcome
):
    attempt_id = submitted([says(world.choice, "B")])
    world.run(
        "UPDATE attempts.attempts SET deadline_at = encryption_received_at"
        " - make_interval(secs => :late) WHERE id = :id",
        late=late_seconds,
        id=attempt_id,
    )
    done = openings.answered(openings.claim(60), answer_of(says(world.choice, "B")))
    assert done.outcome == outcome


@pytest.mark.contract("9.4/merge/questions", "9.4/merge/null")
def test_null_and_questions_of_other_exams_change_nothing(world, submitted, openings):
    entries = [says(world.choice, None), says(world.foreign, "B"), says(2**70, "B")]
    attempt_id = submitted(entries, {world.choice: "B"})
    done = openings.answered(openings.claim(60), answer_of(*entries))
    assert done.outcome is Outcome.UNCHANGED
    assert stored(world, attempt_id) == {world.choice: "B"}
    assert openings.of_attempt(attempt_id).foreign == [world.foreign]
    assert len(Surveying(world.db).grades(attempt_id)) == 1


def test_an_answer_that_a_person_has_marked_stays_beside_the_other_one(
    world, submitted, openings, register
):
    saved = {world.short: "volt", world.choice: "C"}
    entries = [says(world.short, "ohm"), says(world.choice, "B")]
    attempt_id = submitted(entries, saved, exam=world.written)
    world.run(
        "INSERT INTO attempts.hand_marks (attempt_id, question_id, stage, grader_id, source, marks)"
        " VALUES (:id, :question, 'first', 7, 'manual', 1)",
        id=attempt_id,
        question=world.short,
    )
    openings.answered(openings.claim(60), answer_of(*entries))
    assert stored(world, attempt_id) == {world.short: "volt", world.choice: "B"}
    fates = {d["question_id"]: d["fate"] for d in openings.of_attempt(attempt_id).differences}
    assert fates == {world.choice: "counts", world.short: "marked"}


def test_words_that_only_the_blob_has_wait_for_a_mark(world, submitted, openings):
    attempt_id = submitted([], {world.choice: "B"}, exam=world.written)
    assert world.row(attempt_id)["status"] == "graded"
    openings.answered(openings.claim(60), answer_of(says(world.short, "ohm")))
    row = world.row(attempt_id)
    assert (row["status"], row["is_passed"]) == ("graded", None)
    assert Surveying(world.db).grades(attempt_id)[-1].missing == [world.short]


def test_while_auth_is_away_a_blob_waits_and_is_not_counted_as_tried(
    world, submitted, opener, openings, register
):
    attempt_id = submitted([says(world.choice, "B")], ms=0)
    register.is_away = True
    for _ in range(MOST_TRIES + 1):
        assert open_next(opener())
    waiting = openings.of_attempt(attempt_id)
    assert (waiting.outcome, waiting.tries) == (Outcome.WAITING, 0)
    register.is_away, register.username = False, ""
    assert open_next(opener())
    assert openings.of_attempt(attempt_id).finding == UNKNOWN_USER


def test_a_blob_that_kills_its_process_is_given_up(world, submitted, opener, openings):
    attempt_id = submitted([])
    for _ in range(MOST_TRIES + 1):
        assert open_next(opener(program=FAILS))
    assert openings.of_attempt(attempt_id).finding == GIVEN_UP
    assert not open_next(opener(program=FAILS))


def test_a_process_that_does_not_end_is_killed_at_its_deadline(world, submitted, opener, openings):
    attempt_id = submitted([])
    open_next(opener(program=SLEEPS, seconds=0.1, margin_seconds=0.1))
    assert openings.of_attempt(attempt_id).finding == "out_of_time"


def test_who_is_cancelled_leaves_no_process_and_the_claim_runs_out(
    world, submitted, opener, openings
):
    attempt_id = submitted([])

    async def cancelled() -> None:
        task = asyncio.create_task(opener(program=SLEEPS, seconds=30.0).run())
        await eventually(lambda: bool(children()), seconds=10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    assert not children()
    assert openings.claim(60) is None, "somebody may still work on it"
    world.run("UPDATE attempts.openings SET claimed_until = now() - interval '1 s'")
    again = openings.claim(60)
    assert (again.attempt_id, again.tries) == (attempt_id, 2)


def test_replicas_share_the_blobs_and_none_counts_twice(world, submitted, openings, at_once):
    ids = [submitted([says(world.choice, "B")]) for _ in range(4)]
    claims = at_once(*[lambda: openings.claim(60)] * 6)
    while (more := openings.claim(60)) is not None:
        claims.append(more)
    held = [claimed for claimed in claims if claimed is not None]
    assert sorted(claimed.attempt_id for claimed in held) == ids
    found = answer_of(says(world.choice, "B"))
    done = at_once(*[lambda: openings.answered(held[0], found)] * 3)
    assert len([each for each in done if each is not None]) == 1
    assert len(Surveying(world.db).grades(held[0].attempt_id)) == 2


def test_a_grading_that_fails_leaves_the_answers_as_they_were(
    world, submitted, openings, monkeypatch
):
    """Break off between the merge and the grade: neither is there, and the next try does both."""
    attempt_id = submitted([], {world.choice: "C"})
    claimed, found = openings.claim(60), answer_of(says(world.choice, "B"))

    def fail(*_) -> None:
        raise RuntimeError("broken off")

    with monkeypatch.context() as broken:
        broken.setattr(gradekeeping, "rescore", fail)
        with pytest.raises(RuntimeError):
            openings.answered(claimed, found)
    assert stored(world, attempt_id) == {world.choice: "C"}
    assert openings.of_attempt(attempt_id).outcome is Outcome.WAITING
    assert openings.answered(claimed, found).outcome is Outcome.MERGED
    assert world.row(attempt_id)["marks_obtained"] == 4.0


@pytest.mark.parametrize(("status", "finding"), [("graded", "imported"), ("cancelled", None)])
def test_imported_and_cancelled_attempts_keep_their_grades(world, openings, status, finding):
    attempt_id = world.attempt(status)
    world.run(
        "UPDATE attempts.attempts SET encrypted_final_answers = 'AAAA',"
        " encryption_timestamp = '2026-03-01T10:00:00.000Z' WHERE id = :id",
        id=attempt_id,
    )
    done = openings.answered(openings.claim(60), answer_of(says(world.choice, "B")))
    assert (done.outcome, done.finding) == (Outcome.EVIDENCE, finding or "not_finished")
    assert stored(world, attempt_id) == {}


async def test_the_evidence_is_shown_to_staff_only(api, world, submitted, openings):
    attempt_id = await asyncio.to_thread(submitted, [], {world.choice: "C"})
    nothing = await api(7, "admin").get(f"/attempts/{world.attempt(student=900)}/final-answers")
    assert (nothing.status_code, nothing.json()["detail"]) == (
        404,
        "No encrypted final answers came with this attempt",
    )
    unknown = await api(7, "admin").get("/attempts/999999999/final-answers")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Attempt not found")
    await asyncio.to_thread(
        lambda: openings.answered(openings.claim(60), answer_of(says(world.choice, "B")))
    )
    for role in ("admin", "hall_in_charge", "grader"):
        body = (await api(7, role).get(f"/attempts/{attempt_id}/final-answers")).json()
        assert (body["outcome"], body["grade_version"]) == ("merged", 2)
        assert body["differences"] == [
            {
                "question_id": world.choice,
                "before": "C",
                "after": "B",
                "revision": 1,
                "fate": "counts",
            }
        ]
    for role in ("student", "proctor", "technician"):
        refused = await api(world.student, role).get(f"/attempts/{attempt_id}/final-answers")
        assert refused.status_code == 403


async def test_the_blobs_of_an_exam_are_listed_by_what_became_of_them(
    api, world, submitted, openings
):
    first = await asyncio.to_thread(submitted, [])
    second = await asyncio.to_thread(submitted, [])
    path = f"/exams/{world.objective}/final-answers"
    await asyncio.to_thread(lambda: openings.shut(openings.claim(60), "key_not_found"))
    client = api(7, "admin")
    listed = (await client.get(path)).json()
    assert [(each["attempt_id"], each["outcome"]) for each in listed] == [
        (first, "unreadable"),
        (second, "waiting"),
    ]
    for outcome, expected in (("unreadable", [first]), ("waiting", [second]), ("merged", [])):
        found = (await client.get(path, params={"outcome": outcome})).json()
        assert [each["attempt_id"] for each in found] == expected
    assert (await client.get(path, params={"outcome": "lost"})).status_code == 422
    assert (await client.get("/exams/999999/final-answers")).status_code == 404
    assert (await api().get(path)).status_code == 403


def test_a_persons_export_has_the_evidence(world, submitted, openings):
    attempt_id = submitted([], {world.choice: "C"})
    openings.answered(openings.claim(60), answer_of(says(world.choice, "B")))
    exported = Forgetting(world.db).export(world.row(attempt_id)["student_id"])
    [attempt] = exported["attempts"]
    [evidence] = attempt["opened_final_answers"]
    assert evidence["differences"][0]["before"] == "C"


def test_evidence_cannot_be_removed_by_the_service(world, submitted, openings):
    submitted([])
    openings.claim(60)
    with pytest.raises(Exception, match="permission denied"), world.db.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM attempts.openings")
