"""The rules of a transfer: the contract's words, in its order; what the checksum covers."""

import hashlib
import json
from datetime import timedelta

import pytest
from attempts import transfer as rule
from attempts.answer import Answer
from attempts.attempt import Status
from attempts.errors import ForeignCenter, OnlyHallInCharge, RequestNotAuthorized
from attempts.transfer import Decider, MigrationFailure, Transfer, TransferStatus
from chassis.errors import Failure


@pytest.fixture
def transfer(attempt):
    def make(status=TransferStatus.PENDING) -> Transfer:
        at = attempt().created_at
        return Transfer(
            9,
            1,
            "PC-1",
            "PC-2",
            2,
            None,
            status,
            "broken screen",
            None,
            0,
            None,
            at,
            None,
            None,
            None,
        )

    return make


def why(attempt, open_one=None, target="PC-2") -> str:
    with pytest.raises(Failure) as caught:
        rule.ensure_transferable(attempt, open_one, target)
    assert caught.value.kind.value.http_status == 400
    return caught.value.detail


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.IN_PROGRESS}))
def test_only_a_running_attempt_is_transferred(attempt, status):
    expected = f"Attempt must be in_progress, current status: {status}"
    assert why(attempt(status=status)) == expected


@pytest.mark.contract("8.3/request/4", "8.3/request/order")
def test_a_status_counts_before_the_clock_and_the_clock_before_the_rest(attempt, transfer):
    past = attempt().deadline_at + timedelta(microseconds=1)
    bad = {"workstation_id": "PC-2", "as_of": past}
    closed = attempt(status=Status.SUBMITTED, **bad)
    assert why(closed, transfer()) == "Attempt must be in_progress, current status: submitted"
    assert why(attempt(**bad), transfer()) == "Attempt has expired"
    late = attempt(workstation_id="PC-2", as_of=past - timedelta(seconds=299))
    assert why(late, transfer()) == (
        "Insufficient time remaining for transfer. Minimum 5 minutes required."
    )
    in_time = attempt(workstation_id="PC-2")
    assert why(in_time, transfer()) == "Transfer already pending (Transfer ID: 9)"
    approved = transfer(TransferStatus.APPROVED)
    assert why(in_time, approved) == "Transfer already in progress (Transfer ID: 9)"
    assert why(in_time) == "Target workstation must be different from current workstation"


@pytest.mark.contract("8.3/request/5")
def test_five_minutes_are_enough_and_one_second_less_is_not(attempt):
    deadline = attempt().deadline_at
    rule.ensure_transferable(attempt(as_of=deadline - timedelta(seconds=300)), None, "PC-2")
    assert "5 minutes" in why(attempt(as_of=deadline - timedelta(seconds=299.9)))


@pytest.mark.contract("8.3/request/unknown", "8.3/request/8")
def test_an_attempt_without_a_workstation_is_at_unknown(attempt):
    assert rule.current_workstation(attempt()) == "UNKNOWN"
    assert "must be different" in why(attempt(), target="UNKNOWN")
    rule.ensure_transferable(attempt(workstation_id="PC-2"), None, "pc-2")
    rule.ensure_transferable(attempt(workstation_id="PC-2"), None, "PC-2 ")


@pytest.mark.parametrize("role", ["technician", "hall_in_charge", "hall_auth", "admin"])
def test_the_halls_staff_may_ask_for_anybody(attempt, role):
    rule.ensure_may_request(attempt(), 77, {role})


@pytest.mark.parametrize("role", ["student", "proctor", "grader"])
def test_others_may_ask_for_themselves_only(attempt, role):
    rule.ensure_may_request(attempt(student_id=77), 77, {role})
    with pytest.raises(RequestNotAuthorized, match="User not authorized to request transfer for"):
        rule.ensure_may_request(attempt(), 77, {role})


@pytest.mark.contract("8.3/approve/rule/approve", "8.3/approve/rule/reject")
@pytest.mark.parametrize("role", ["admin", "technician", "hall_auth", "student", "proctor"])
def test_the_rule_itself_lets_only_a_hall_in_charge_decide(role):
    decider = Decider(7, "asha", frozenset({role}), None)
    with pytest.raises(OnlyHallInCharge, match="Only hall in-charge can approve transfers"):
        rule.ensure_may_decide(decider, None, approved=True)
    with pytest.raises(OnlyHallInCharge, match="Only hall in-charge can reject transfers"):
        rule.ensure_may_decide(decider, None, approved=False)


@pytest.mark.parametrize(("own", "students"), [(None, 3), (None, None), (3, 3)])
def test_a_center_binds_who_has_one(own, students):
    decider = Decider(7, "asha", frozenset({"hall_in_charge"}), own)
    rule.ensure_may_decide(decider, students, approved=True)


@pytest.mark.parametrize("students", [4, None])
def test_another_centers_student_is_not_decided_on(students):
    decider = Decider(7, "asha", frozenset({"hall_in_charge"}), 3)
    with pytest.raises(ForeignCenter):
        rule.ensure_may_decide(decider, students, approved=False)


@pytest.mark.parametrize("status", sorted(set(TransferStatus) - {TransferStatus.PENDING}))
def test_only_a_pending_transfer_is_decided(transfer, status):
    with pytest.raises(Failure) as caught:
        rule.ensure_pending(transfer(status))
    assert caught.value.detail == f"Transfer must be pending, current status: {status}"


def test_what_has_ended_meanwhile_does_not_move(attempt):
    with pytest.raises(MigrationFailure, match=r"^attempt is submitted$"):
        rule.ensure_movable(attempt(status=Status.SUBMITTED))
    with pytest.raises(MigrationFailure, match=r"^attempt has expired$"):
        rule.ensure_movable(attempt(as_of=attempt().deadline_at + timedelta(seconds=1)))


def answer(attempt, question_id, value) -> Answer:
    at = attempt().created_at
    return Answer(1, question_id, value, False, 5, 1, at, at)


@pytest.mark.contract("8.3/move/checksum")
def test_the_checksum_is_sha256_of_the_key_sorted_state(attempt):
    given = [answer(attempt, 12, ["é"]), answer(attempt, 11, None)]
    state = rule.state(attempt(), "PC-2", given)
    text = json.dumps(state, sort_keys=True, separators=(",", ":"))
    assert rule.checksum(state) == hashlib.sha256(text.encode()).hexdigest()
    backwards = dict(reversed(state.items()))
    assert rule.checksum(backwards) == rule.checksum(state)
    assert rule.state(attempt(), "PC-2", reversed(given)) == state


def test_the_checksum_covers_answers_flags_workstation_and_deadline(attempt):
    def of(workstation="PC-2", value="A", **changed) -> str:
        return rule.checksum(
            rule.state(attempt(**changed), workstation, [answer(attempt, 1, value)])
        )

    later = attempt().deadline_at + timedelta(seconds=1)
    seen = {of(), of("PC-3"), of(value="B"), of(questions_flagged=(1,)), of(deadline_at=later)}
    assert len(seen) == 5
