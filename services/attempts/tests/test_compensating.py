"""Measured outages in the database and over REST: heard once, given once, decided once."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from attempts import compensating, inbox
from attempts.compensating import Compensating, Decision, Told
from attempts.errors import CannotSteer, InvalidAllowance, InvalidOutagePolicy, OutageDecided
from attempts.forgetting import Forgetting
from attempts.inbox import Inbox
from attempts.order import Order
from attempts.outage import ClosedBy, Heard, Policy, State, Word
from attempts.steering import Steering
from attempts.store import content
from chassis.bus import Bus, Delivery, Position, StreamReset
from chassis.origins import NOWHERE
from chassis.waiting import eventually

STREAM = "1"
POLICIES = "DELETE FROM attempts.outage_policies"
POSITIONS = "DELETE FROM attempts.inbox_positions"


@pytest.fixture
def deeds(world) -> Iterator[Compensating]:
    world.run(POLICIES)
    world.run(POSITIONS)
    yield Compensating(world.db, lambda: None)
    world.run(POLICIES)


@pytest.fixture
def auto(world, deeds):
    """Return a function that has the OBJECTIVE exam give for outages up to a cap."""

    def set_to(cap: int, policy: Policy = Policy.AUTO) -> None:
        deeds.set_terms(world.objective, policy, cap, 9, NOWHERE)

    return set_to


class Line:
    """Says what the bus would say of one attempt, at seconds before now."""

    def __init__(self, deeds: Compensating, attempt_id: int, first: int = 0) -> None:
        self.deeds, self.attempt_id, self.sequence = deeds, attempt_id, first
        self.now = datetime.now(UTC)

    def said(self, ago: float, node: str | None, flag: bool, **changed) -> Told:
        self.sequence += 1
        at = self.now - timedelta(seconds=ago)
        if node is None:
            heard = Heard(at, is_running=flag, closed_by=changed.get("closed_by", ClosedBy.END))
        else:
            heard = Heard(at, word=Word(node, self.sequence, flag))
        return Told(self.sequence, self.attempt_id, heard)

    def hear(self, *said: Told) -> int:
        return self.deeds.hear(said, Position(said[-1].sequence, STREAM))

    def cut(self, ago: float, seconds: float) -> int:
        """Lose the line for some seconds."""
        return self.hear(
            self.said(ago + 1, "a", True),
            self.said(ago, "a", False),
            self.said(ago - seconds, "a", True),
        )


@pytest.fixture
def line(world, deeds):
    def make(attempt_id: int, first: int = 0) -> Line:
        deeds.hear([], Position(0, STREAM))
        return Line(deeds, attempt_id, first)

    return make


def allowances(world, attempt_id) -> list[dict]:
    return world.run(
        "SELECT * FROM attempts.allowances WHERE attempt_id = :id ORDER BY id", id=attempt_id
    )


def test_an_outage_moves_the_deadline_by_its_length_with_its_evidence(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    before = world.row(attempt_id)["deadline_at"]
    assert line(attempt_id).cut(100, 60.9) == 1
    [outage] = deeds.of_attempt(attempt_id, 0, sees_all=True)
    assert (outage.state, outage.seconds, outage.granted_seconds) == (State.GRANTED, 60, 60)
    assert world.row(attempt_id)["deadline_at"] - before == timedelta(seconds=60)
    [given] = allowances(world, attempt_id)
    assert (given["seconds"], given["granted_by_id"]) == (60, None)
    assert given["outage_id"] == given["evidence"]["outage_id"] == outage.id
    assert given["evidence"]["outage_seconds"] == 60
    assert given["evidence"]["cap_seconds"] == 600
    assert datetime.fromisoformat(given["evidence"]["lost_at"]) == outage.lost_at
    [note] = world.notes("allowance_granted")
    assert note["data"]["seconds"] == 60
    [entry] = world.run(
        "SELECT * FROM attempts.audit_logs WHERE attempt_id = :id"
        " AND event_type = 'allowance_granted'",
        id=attempt_id,
    )
    assert (entry["user_id"], entry["details"]["outage_id"]) == (None, outage.id)


def test_who_cuts_his_own_line_gets_the_cap_at_most_and_it_shows(world, deeds, auto, line):
    auto(100)
    attempt_id = world.attempt(begun_seconds_ago=900)
    cutting = line(attempt_id)
    for ago in (800, 600, 400, 200):
        cutting.cut(ago, 70)
    found = deeds.of_attempt(attempt_id, 0, sees_all=True)
    assert [(each.state, each.granted_seconds) for each in found] == [
        (State.GRANTED, 70),
        (State.GRANTED, 30),
        (State.OVER_CAP, 0),
        (State.OVER_CAP, 0),
    ]
    assert world.row(attempt_id)["allowance_seconds"] == 100


def test_what_is_read_twice_counts_once(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    first = line(attempt_id)
    said = [first.said(101, "a", True), first.said(100, "a", False), first.said(40, "a", True)]
    assert first.hear(*said) == 1
    assert first.hear(*said) == 0
    assert first.hear(*said[1:]) == 0
    assert len(allowances(world, attempt_id)) == 1


def test_a_pause_that_is_read_again_stops_no_clock(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    told = line(attempt_id)
    paused = told.said(300, None, False, closed_by=ClosedBy.PAUSE)
    told.hear(told.said(310, "a", True), paused, told.said(290, None, True))
    assert told.deeds.hear([paused], Position(paused.sequence, STREAM)) == 0
    told.cut(100, 60)
    assert [each["seconds"] for each in allowances(world, attempt_id)] == [60]


def test_replicas_that_hear_the_same_give_once(world, deeds, auto, line, at_once):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    first = line(attempt_id)
    said = [first.said(101, "a", True), first.said(100, "a", False), first.said(40, "a", True)]
    ended = at_once(*[lambda: first.hear(*said)] * 4)
    assert sorted(ended) == [0, 0, 0, 1]
    assert [each["seconds"] for each in allowances(world, attempt_id)] == [60]


def test_a_break_in_the_middle_leaves_nothing_and_loses_nothing(
    world, deeds, auto, line, monkeypatch
):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    first = line(attempt_id)
    said = [first.said(101, "a", True), first.said(100, "a", False), first.said(40, "a", True)]

    def fail(*_) -> None:
        raise RuntimeError("broken off")

    with monkeypatch.context() as broken:
        broken.setattr(compensating.outages, "move_to", fail)
        with pytest.raises(RuntimeError):
            first.hear(*said)
    assert (allowances(world, attempt_id), deeds.position()) == ([], Position(0, STREAM))
    assert first.hear(*said) == 1
    assert len(allowances(world, attempt_id)) == 1


@pytest.mark.parametrize("policy", [Policy.OFF, Policy.PROPOSE])
def test_without_auto_nothing_is_given_but_all_is_kept(world, deeds, auto, line, policy):
    auto(0, policy)
    attempt_id = world.attempt(begun_seconds_ago=600)
    line(attempt_id).cut(100, 60)
    [outage] = deeds.of_attempt(attempt_id, 0, sees_all=True)
    assert outage.state is (State.PROPOSED if policy is Policy.PROPOSE else State.RECORDED)
    assert allowances(world, attempt_id) == []


def test_only_time_between_begin_and_end_counts(world, deeds, auto, line):
    auto(3_600)
    attempt_id = world.attempt(begun_seconds_ago=600, minutes=8)
    world.run(
        "UPDATE attempts.attempts SET status = 'expired', end_time = deadline_at WHERE id = :id",
        id=attempt_id,
    )
    known = line(attempt_id)
    world.run(
        "INSERT INTO attempts.lines (attempt_id, is_running, nodes) VALUES (:id, true, '{}')",
        id=attempt_id,
    )
    known.hear(known.said(701, "a", True), known.said(700, "a", False), known.said(0, None, False))
    [outage] = deeds.of_attempt(attempt_id, 0, sees_all=True)
    assert (outage.seconds, outage.closed_by) == (480, ClosedBy.END)
    assert (outage.state, allowances(world, attempt_id)) == (State.RECORDED, [])


def test_a_blink_and_an_attempt_that_is_over_leave_no_trace(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    line(attempt_id).cut(100, 9.9)
    assert deeds.of_attempt(attempt_id, 0, sees_all=True) == []
    over = world.attempt("graded", student=world.other)
    line(over, 10).cut(50, 20)
    assert deeds.of_attempt(over, 0, sees_all=True) == []
    assert not world.run("SELECT 1 FROM attempts.lines WHERE attempt_id = :id", id=over)


def test_a_pause_takes_its_time_out(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    told = line(attempt_id)
    paused = {"closed_by": ClosedBy.PAUSE}
    told.hear(
        told.said(201, "a", True),
        told.said(200, "a", False),
        told.said(170, None, False, **paused),
        told.said(50, None, True, **paused),
        told.said(30, "a", True),
    )
    assert [each["seconds"] for each in allowances(world, attempt_id)] == [30, 20]


def test_no_attempt_gets_more_than_all_allowances_together_may_be(world, deeds, auto, line):
    auto(600)
    attempt_id = world.attempt(begun_seconds_ago=600)
    world.run(
        "UPDATE attempts.attempts SET allowance_seconds = :most - 25 WHERE id = :id",
        most=compensating.MAX_TOTAL_SECONDS,
        id=attempt_id,
    )
    line(attempt_id).cut(100, 60)
    assert [each["seconds"] for each in allowances(world, attempt_id)] == [25]


# People decide


@pytest.fixture
def proposed(world, deeds, auto, line):
    auto(0, Policy.PROPOSE)
    attempt_id = world.attempt(begun_seconds_ago=600)
    line(attempt_id).cut(100, 60)
    [outage] = deeds.of_attempt(attempt_id, 0, sees_all=True)
    return outage


def test_a_proposal_is_accepted_once_up_to_its_length(world, deeds, proposed, at_once):
    with pytest.raises(InvalidAllowance):
        deeds.accept(proposed.attempt_id, proposed.id, Decision(9, NOWHERE, seconds=61))
    wish = Decision(9, NOWHERE, seconds=45, reason="The switch was off")
    done = at_once(*[lambda: deeds.accept(proposed.attempt_id, proposed.id, wish)] * 3)
    assert len([each for each in done if isinstance(each, OutageDecided)]) == 2
    [given] = allowances(world, proposed.attempt_id)
    assert (given["seconds"], given["granted_by_id"]) == (45, 9)
    assert given["evidence"]["outage_seconds"] == 60
    [now] = deeds.of_attempt(proposed.attempt_id, world.student, sees_all=False)
    assert (now.state, now.granted_seconds, now.decided_by_id) == (State.GRANTED, 45, 9)
    assert now.reason == "The switch was off"


def test_a_declined_outage_gives_nothing_and_is_decided(world, deeds, proposed):
    wish = Decision(9, NOWHERE, reason="He had left the room")
    assert deeds.decline(proposed.attempt_id, proposed.id, wish).state is State.DECLINED
    with pytest.raises(OutageDecided, match="declined already"):
        deeds.accept(proposed.attempt_id, proposed.id, Decision(9, NOWHERE))
    assert allowances(world, proposed.attempt_id) == []


def test_what_is_over_cannot_be_extended(world, deeds, proposed):
    order = Order(proposed.attempt_id, 9, "taken ill", NOWHERE, "illness")
    Steering(world.db, lambda: None).cancel(order)
    with pytest.raises(CannotSteer):
        deeds.accept(proposed.attempt_id, proposed.id, Decision(9, NOWHERE))
    assert deeds.of_attempt(proposed.attempt_id, 0, sees_all=True)[0].state is State.PROPOSED


def test_an_exam_that_is_deleted_takes_its_policy_along(world, deeds, exam_of):
    exam_id = exam_of({world.choice: 4})
    deeds.set_terms(exam_id, Policy.AUTO, 60, 9, NOWHERE)
    assert deeds.terms(exam_id).cap_seconds == 60
    with world.db.transaction() as session:
        assert content.delete_exam(session, exam_id)
    assert not world.run("SELECT 1 FROM attempts.outage_policies WHERE exam_id = :id", id=exam_id)


def test_auto_needs_a_cap(world, deeds):
    with pytest.raises(InvalidOutagePolicy):
        deeds.set_terms(world.objective, Policy.AUTO, 0, 9, NOWHERE)
    assert deeds.terms(world.objective).policy is Policy.OFF


def test_a_persons_export_has_what_was_measured(world, deeds, proposed):
    [attempt] = Forgetting(world.db).export(world.student)["attempts"]
    assert attempt["outages"][0]["seconds"] == 60


async def test_staff_sets_the_policy_lists_and_decides_over_rest(api, world, proposed):
    exam, attempt = f"/exams/{world.objective}", f"/attempts/{proposed.attempt_id}"
    staff, student = api(7, "admin"), api()
    set_to = await staff.put(f"{exam}/outage-policy", json={"policy": "auto", "cap_seconds": 300})
    assert (set_to.status_code, set_to.json()["cap_seconds"]) == (200, 300)
    assert (await api(8, "proctor").get(f"{exam}/outage-policy")).json()["policy"] == "auto"
    wrong = await staff.put(f"{exam}/outage-policy", json={"policy": "auto", "cap_seconds": 0})
    assert wrong.status_code == 422
    for refused in (
        await student.put(f"{exam}/outage-policy", json={"policy": "off"}),
        await student.get(f"{exam}/outages"),
        await student.post(f"{attempt}/outages/{proposed.id}/accept", json={}),
        await api(8, "grader").get(f"{attempt}/outages"),
    ):
        assert refused.status_code == 403
    [listed] = (await staff.get(f"{exam}/outages", params={"state": "proposed"})).json()
    assert listed["id"] == proposed.id
    assert (await student.get(f"{attempt}/outages")).json() == [listed]
    missing = await staff.post(f"{attempt}/outages/999999/accept", json={})
    assert (missing.status_code, missing.json()["detail"]) == (404, "Outage not found")
    nothing = await staff.post(f"{attempt}/outages/{proposed.id}/decline", json={})
    assert nothing.status_code == 422
    accepted = await api(8, "proctor").post(f"{attempt}/outages/{proposed.id}/accept", json={})
    assert (accepted.json()["state"], accepted.json()["granted_seconds"]) == ("granted", 60)
    again = await staff.post(f"{attempt}/outages/{proposed.id}/accept", json={})
    assert (again.status_code, again.json()["detail"]) == (409, "Outage is granted already")
    [given] = (await student.get(f"{attempt}/allowances")).json()
    assert given["evidence"]["outage_id"] == proposed.id


# The bus


def envelope(attempt_id: int, fact: str, **data) -> bytes:
    said = {"id": "x", "fact": fact, "exam_id": 21, "attempt_id": attempt_id, "data": data}
    return json.dumps(said).encode()


def of_socket(number: int, state: str, count: int = 1, **changed) -> dict:
    said = {"node_id": "n1", "number": number, "state": state, "socket_count": count}
    return said | {"since": "1999-01-01T00:00:00Z", "at": "1999-01-01T00:00:00Z"} | changed


@pytest.mark.parametrize(
    ("fact", "data", "heard"),
    [
        ("connection_opened", of_socket(3, "online"), {"word": Word("n1", 3, True)}),
        ("connection_changed", of_socket(3, "degraded"), {"word": Word("n1", 3, True)}),
        ("connection_changed", of_socket(3, "offline"), {"word": Word("n1", 3, False)}),
        (
            "connection_closed",
            of_socket(3, "offline", 0, is_lost=True),
            {"word": Word("n1", 3, False, is_lost=True)},
        ),
        ("status_changed", {"status": "in_progress"}, {"is_running": True}),
        ("status_changed", {"status": "graded"}, {"is_running": False}),
        ("attempt_paused", {}, {"is_running": False, "closed_by": ClosedBy.PAUSE}),
        ("attempt_resumed", {}, {"is_running": True, "closed_by": ClosedBy.PAUSE}),
    ],
)
def test_a_notice_counts_by_the_time_of_the_bus_alone(fact, data, heard):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    closed_by = {"closed_by": ClosedBy.END} if fact == "status_changed" else {}
    delivery = Delivery(5, f"oep.v1.21.7.{fact}", envelope(7, fact, **data), at)
    assert inbox.read([delivery]) == [Told(5, 7, Heard(at, **closed_by, **heard))]


@pytest.mark.parametrize(
    "data", [b"", b"7", b"{}", b"\xff", envelope(7, "connection_opened"), envelope(7, "other")]
)
def test_what_cannot_be_read_or_is_told_again_is_passed_over(data):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert inbox.read([Delivery(5, "oep.v1.21.7.connection_opened", data, at)]) == []
    good = envelope(7, "attempt_paused")
    rebuilt = Delivery(5, "oep.v1.21.7.attempt_paused", good, at, is_rebuilt=True)
    assert inbox.read([rebuilt]) == []


async def test_an_outage_is_heard_on_the_bus_also_across_a_restart(world, urls, nats_server, deeds):
    await asyncio.to_thread(deeds.set_terms, world.objective, Policy.AUTO, 600, 9, NOWHERE)
    attempt_id = world.attempt(begun_seconds_ago=600)
    bus = Bus(nats_server.url, "outages")
    await bus.start()
    await bus.wait_ready()
    numbers = iter(range(1, 100))

    async def say(fact: str, state: str, count: int) -> None:
        subject = f"oep.v1.{world.objective}.{attempt_id}.{fact}"
        await bus.publish(
            subject, envelope(attempt_id, fact, **of_socket(next(numbers), state, count)), None
        )

    async def hearing(until: str) -> None:
        """Run the inbox until a query finds something, then end it as a crash would."""
        task = asyncio.create_task(Inbox(bus, world.db, deeds).run())
        try:
            await eventually(lambda: bool(world.run(until)), seconds=15)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    await hearing("SELECT 1 FROM attempts.inbox_positions")
    await say("connection_opened", "online", 1)
    await say("connection_closed", "offline", 0)
    await hearing("SELECT 1 FROM attempts.lines WHERE lost_at IS NOT NULL")
    world.run("UPDATE attempts.lines SET lost_at = lost_at - interval '60 s'")
    await say("connection_opened", "online", 1)
    await hearing("SELECT 1 FROM attempts.outages")
    [given] = allowances(world, attempt_id)
    assert 60 <= given["seconds"] <= 90
    assert given["evidence"]["closed_by"] == "connection"
    await bus.close()


def test_another_stream_is_noticed_and_lines_begin_anew(world, deeds, line):
    attempt_id = world.attempt(begun_seconds_ago=600)
    told = line(attempt_id)
    told.hear(told.said(101, "a", True), told.said(100, "a", False))
    with pytest.raises(StreamReset):
        deeds.hear([], Position(1, "2"))
    deeds.begin_anew(Position(1, STREAM), Position(7, "2"))
    assert world.run("SELECT 1 FROM attempts.lines"), "somebody has gone on meanwhile"
    deeds.begin_anew(deeds.position(), Position(7, "2"))
    assert not world.run("SELECT 1 FROM attempts.lines")
    assert deeds.position() == Position(7, "2")


@pytest.mark.parametrize(
    ("first", "head", "is_lost"),
    [(1, Position(9, "1"), False), (6, Position(9, "1"), False), (7, Position(9, "1"), True),
     (1, Position(4, "1"), True), (1, Position(9, "2"), True)],
)  # fmt: skip
def test_what_can_no_longer_be_heard_in_full_is_lost(first, head, is_lost):
    assert inbox._is_lost(Position(5, "1"), first, head) is is_lost
