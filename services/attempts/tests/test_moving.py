"""Transfers on a real database: one decision wins, a failed move leaves no trace in the attempt."""

import pytest
from attempts import auditing
from attempts import transfer as rule
from attempts.errors import MigrationFailed, TransferNotFound, TransferNotPending, TransferPending
from attempts.lifecycle import Lifecycle
from attempts.moving import Decision, Moving, Wish
from attempts.store import answers, attempts
from attempts.transfer import Decider
from attempts.using import Device
from chassis.errors import Unavailable
from chassis.origins import Origin

HALL = Decider(7, "hall7", frozenset({"hall_in_charge"}), None)


@pytest.fixture
def moving(world) -> Moving:
    return Moving(world.db, lambda: None)


def wish(world, attempt_id, target="PC-2") -> Wish:
    origin = Origin("10.0.0.9", "Firefox")
    student = world.student
    return Wish(attempt_id, target, "The screen is broken", student, "s1", {"student"}, origin)


def decision(transfer, *, approved=True, reason=None, by=HALL) -> Decision:
    return Decision(transfer.id, by, None, approved, reason, Origin("10.0.0.1", "Chrome"))


def log_of(world, attempt_id):
    return world.run(
        "SELECT * FROM attempts.audit_logs WHERE attempt_id = :id ORDER BY id", id=attempt_id
    )


@pytest.mark.contract("8.3/move/effects", "8.3/move/deadline", "8.3/move/checksum")
def test_an_approval_moves_the_attempt_and_not_its_deadline(world, moving):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '"B"')
    world.answer(attempt_id, world.several, '["A"]')
    before = world.row(attempt_id)
    requested = moving.request(wish(world, attempt_id))
    assert (requested.status, requested.from_workstation) == ("pending", "UNKNOWN")
    done = moving.decide(decision(requested))
    after = world.row(attempt_id)
    assert (after["workstation_id"], after["transfer_count"]) == ("PC-2", 1)
    moved = {"workstation_id", "transfer_count", "version", "updated_at"}
    assert {k for k in after if after[k] != before[k]} == moved
    assert (done.status, done.approved_by_id, done.answers_transferred) == ("completed", 7, 2)
    assert done.completed_at >= done.approved_at >= done.created_at
    with world.db.transaction() as session:
        attempt = attempts.load(session, attempt_id)
        given = answers.of_attempts(session, [attempt_id])[attempt_id]
    assert done.migration_checksum == rule.checksum(rule.state(attempt, "PC-2", given))


def test_a_move_frees_the_attempt_from_the_device_at_its_old_place(world, moving):
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, Device("old"))
    moving.decide(decision(moving.request(wish(world, attempt_id))))
    row = world.row(attempt_id)
    assert (row["active_login_id"], row["active_since"]) == (None, None)


def test_a_second_move_starts_where_the_first_ended(world, moving):
    attempt_id = world.attempt()
    moving.decide(decision(moving.request(wish(world, attempt_id))))
    again = moving.request(wish(world, attempt_id, "PC-3"))
    assert again.from_workstation == "PC-2"
    moving.decide(decision(again))
    assert world.row(attempt_id)["transfer_count"] == 2


@pytest.mark.contract("8.3/approve/rejected")
def test_a_rejection_keeps_its_reason_and_who_decided(world, moving):
    attempt_id = world.attempt()
    before = world.row(attempt_id)
    requested = moving.request(wish(world, attempt_id))
    rejected = moving.decide(decision(requested, approved=False, reason="No spare machine"))
    assert (rejected.status, rejected.error_message) == ("rejected", "No spare machine")
    assert rejected.approved_by_id == 7
    assert rejected.rejected_at is not None
    assert rejected.approved_at is rejected.completed_at is rejected.migration_checksum is None
    assert world.row(attempt_id) == before


@pytest.mark.contract("8.3/approve/one-wins")
@pytest.mark.parametrize("second", [True, False])
def test_of_two_simultaneous_decisions_exactly_one_wins(world, moving, at_once, second):
    for student in range(5000, 5010):
        attempt_id = world.attempt(student=student)
        requested = moving.request(
            Wish(attempt_id, "PC-2", "The screen is broken", student, "s", set(), Origin())
        )
        outcomes = at_once(
            lambda t=requested: moving.decide(decision(t)),
            lambda t=requested: moving.decide(decision(t, approved=second)),
        )
        [loser] = [o for o in outcomes if isinstance(o, Exception)]
        [winner] = [o for o in outcomes if not isinstance(o, Exception)]
        assert isinstance(loser, TransferNotPending)
        assert loser.detail == f"Transfer must be pending, current status: {winner.status}"
        count = 1 if winner.status == "completed" else 0
        assert world.row(attempt_id)["transfer_count"] == count
        facts = [n["fact"] for n in world.notes() if n["attempt_id"] == attempt_id]
        ends = ["transfer_approved", "transfer_completed"] if count else ["transfer_rejected"]
        assert facts == ["transfer_requested", *ends]


def test_of_two_simultaneous_requests_one_is_told_of_the_other(world, moving, at_once):
    attempt_id = world.attempt()
    outcomes = at_once(
        lambda: moving.request(wish(world, attempt_id)),
        lambda: moving.request(wish(world, attempt_id, "PC-3")),
    )
    [stored] = [o for o in outcomes if not isinstance(o, Exception)]
    [refused] = [o for o in outcomes if isinstance(o, Exception)]
    assert isinstance(refused, TransferPending)
    assert refused.detail == f"Transfer already pending (Transfer ID: {stored.id})"


@pytest.mark.contract("8.3/move/failed")
def test_an_attempt_that_ended_meanwhile_fails_the_transfer(world, moving):
    attempt_id = world.attempt()
    requested = moving.request(wish(world, attempt_id))
    Lifecycle(world.db, lambda: None, world.key).submit(attempt_id, world.student, None)
    before = world.row(attempt_id)
    with pytest.raises(MigrationFailed, match=r"^State migration failed: attempt is graded$"):
        moving.decide(decision(requested))
    assert world.row(attempt_id) == before
    failed = moving.transfer(requested.id, world.student, sees_all=False)
    assert (failed.status, failed.error_message) == ("failed", "attempt is graded")
    assert failed.approved_by_id == 7
    with pytest.raises(TransferNotPending, match="current status: failed"):
        moving.decide(decision(requested))


@pytest.fixture
def broken(world):
    """The database refuses to complete a transfer, for a reason that a test gives."""

    def refuse(sqlstate: str) -> None:
        world.run(
            "CREATE OR REPLACE FUNCTION attempts.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'secret text' USING ERRCODE = '{sqlstate}'; END $$"
        )
        world.run(
            "CREATE TRIGGER refuse BEFORE UPDATE ON attempts.transfers FOR EACH ROW"
            " WHEN (NEW.status = 'completed') EXECUTE FUNCTION attempts.refuse()"
        )

    yield refuse
    world.run("DROP TRIGGER refuse ON attempts.transfers")
    world.run("DROP FUNCTION attempts.refuse")


@pytest.mark.contract("8.3/move/one-transaction", "8.3/approve/failed")
def test_a_move_that_the_database_refuses_leaves_the_attempt_untouched(world, moving, broken):
    attempt_id = world.attempt()
    before = world.row(attempt_id)
    requested = moving.request(wish(world, attempt_id))
    broken("23514")
    with pytest.raises(MigrationFailed) as caught:
        moving.decide(decision(requested))
    assert caught.value.detail == "State migration failed: the state could not be stored"
    assert world.row(attempt_id) == before
    failed = moving.transfer(requested.id, world.student, sees_all=False)
    assert (failed.status, failed.migration_checksum) == ("failed", None)
    *_, entry = log_of(world, attempt_id)
    assert (entry["event_type"], entry["success"]) == ("transfer_failed", False)
    assert entry["error_message"] == "the state could not be stored"
    assert [n["fact"] for n in world.notes()] == ["transfer_requested", "transfer_failed"]


def test_trouble_that_passes_decides_nothing(world, moving, broken):
    attempt_id = world.attempt()
    requested = moving.request(wish(world, attempt_id))
    broken("55P03")
    with pytest.raises(Unavailable):
        moving.decide(decision(requested))
    assert moving.transfer(requested.id, world.student, sees_all=False).status == "pending"
    assert [e["event_type"] for e in log_of(world, attempt_id)] == ["transfer_requested"]


def test_the_database_itself_refuses_a_second_open_transfer(world, moving):
    attempt_id = world.attempt()
    moving.request(wish(world, attempt_id))
    with pytest.raises(Exception, match="uq_transfers_one_open"):
        world.run(
            "INSERT INTO attempts.transfers (attempt_id, from_workstation, to_workstation,"
            " requested_by_id, status, reason) VALUES (:id, 'a', 'b', 1, 'approved', 'x')",
            id=attempt_id,
        )


def test_deciding_on_nothing_is_refused(moving):
    with pytest.raises(TransferNotFound, match=r"^Transfer 424242 not found$"):
        moving.student_of(424242)


def test_what_is_announced_is_what_sockets_show(world, moving):
    attempt_id = world.attempt()
    requested = moving.request(wish(world, attempt_id))
    done = moving.decide(decision(requested))
    route = {
        "transfer_id": done.id,
        "attempt_id": attempt_id,
        "from_workstation": "UNKNOWN",
        "to_workstation": "PC-2",
    }
    asked, approved, completed = world.notes()
    prefix = f"oep.v1.{world.objective}.{attempt_id}"
    assert asked["subject"] == f"{prefix}.transfer_requested"
    assert asked["data"] == route | {
        "status": "pending",
        "reason": "The screen is broken",
        "requested_by": "s1",
    }
    assert approved["subject"] == f"{prefix}.transfer_approved"
    assert approved["data"] == route | {"status": "completed", "approved_by": "hall7"}
    assert completed["data"] == route | {
        "status": "completed",
        "migration_checksum": done.migration_checksum,
        "answers_transferred": 0,
    }


def test_a_rejection_is_announced_with_its_reason(world, moving):
    requested = moving.request(wish(world, world.attempt()))
    moving.decide(decision(requested, approved=False))
    [note] = world.notes("transfer_rejected")
    assert (note["data"]["transfer_id"], note["data"]["reason"]) == (requested.id, None)


def test_an_approval_and_a_submit_that_meet_agree_on_one_order(world, moving, at_once):
    lifecycle = Lifecycle(world.db, lambda: None, world.key)
    for student in range(5100, 5110):
        attempt_id = world.attempt(student=student)
        requested = moving.request(
            Wish(attempt_id, "PC-2", "The screen is broken", student, "s", set(), Origin())
        )
        approved, submitted = at_once(
            lambda t=requested: moving.decide(decision(t)),
            lambda a=attempt_id, s=student: lifecycle.submit(a, s, None),
        )
        assert submitted.attempt.status == "graded"
        row = world.row(attempt_id)
        if isinstance(approved, MigrationFailed):
            assert (row["workstation_id"], row["transfer_count"]) == (None, 0)
        else:
            assert (approved.status, row["workstation_id"]) == ("completed", "PC-2")
        with world.db.transaction() as session:
            assert auditing.flaw_in(session, f"attempt:{attempt_id}") is None


@pytest.mark.contract("9.5/transfer_rejected", "9.5/transfer_failed", "9.5/transfer/ids")
def test_rejections_and_failures_are_audited_with_attempt_and_exam(world, moving):
    attempt_id = world.attempt()
    rejected = moving.request(wish(world, attempt_id))
    moving.decide(decision(rejected, approved=False, reason="No spare machine"))
    failing = moving.request(wish(world, attempt_id))
    Lifecycle(world.db, lambda: None, world.key).submit(attempt_id, world.student, None)
    with pytest.raises(MigrationFailed):
        moving.decide(decision(failing))
    logged = [e for e in log_of(world, attempt_id) if e["event_category"] == "transfer"]
    assert [(e["event_type"], e["transfer_id"], e["success"]) for e in logged] == [
        ("transfer_requested", rejected.id, True),
        ("transfer_rejected", rejected.id, True),
        ("transfer_requested", failing.id, True),
        ("transfer_failed", failing.id, False),
    ]
    assert {(e["attempt_id"], e["exam_id"]) for e in logged} == {(attempt_id, world.objective)}
    assert [e["user_id"] for e in logged] == [world.student, 7, world.student, 7]
