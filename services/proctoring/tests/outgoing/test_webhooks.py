"""Webhooks from the fact to the receiver: the whole service, a real bus, a real HTTP server."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from chassis.waiting import eventually
from outgoing_kit import PATIENCE_SECONDS, Receiver
from proctoring.outgoing import store
from proctoring.outgoing.holdings import OUTGOING
from proctoring.outgoing.queue import DeliveryState
from proctoring.outgoing.schedule import DELIVERED, Outcome, Verdict
from proctoring.outgoing.sending import Sender, Terms, due_webhooks
from proctoring.outgoing.sweeping import OutgoingSweeper
from sqlalchemy import text

LEASE = timedelta(seconds=30)
NO_PAUSE = timedelta(0)


def types(receiver) -> list[str]:
    return [each.told["type"] for each in receiver.requests]


# What is told


async def test_a_status_reaches_the_receiver_signed_and_the_library_believes_it(office, receiver):
    made = await office.opens(receiver)
    said = await office.says()
    [got] = await receiver.got()
    told = got.verified(made["secret"])
    assert (told["type"], got.id) == ("attempt.status_changed", said)
    assert told["data"]["attempt_id"] == office.sat.attempt_id


async def test_a_violation_reaches_the_receiver_and_other_events_do_not(office, receiver):
    made = await office.opens(receiver)
    student = office.rig.client(office.sat.student_id)
    for event_type in ("window_focus", "fullscreen_exit"):
        body = {"attempt_id": office.sat.attempt_id, "event_type": event_type}
        severity = {"severity": "violation"} if event_type == "fullscreen_exit" else {}
        answer = await student.post("/events", json=body | severity)
        assert answer.status_code == 201, answer.text
    [got] = await receiver.got()
    told = got.verified(made["secret"])
    assert told["type"] == "attempt.violation_recorded"
    assert told["data"]["event"]["event_type"] == "fullscreen_exit"


async def test_grades_reach_the_receiver(office, receiver):
    await office.opens(receiver, topics=["attempt.graded", "attempt.grade_changed"])
    await office.says(status="graded", previous_status="submitted", version=4)
    await office.says("grade_changed", grade_version=2, reason="regrade", marks_obtained=3.5)
    await receiver.got(2)
    assert sorted(types(receiver)) == ["attempt.grade_changed", "attempt.graded"]


async def test_only_what_was_chosen_of_the_exam_that_was_chosen_and_from_now_on(office, receiver):
    await office.says(version=1)
    await office.opens(receiver, topics=["attempt.status_changed"])
    await office.says("grade_changed", grade_version=2)
    other = office.rig.stub.add()
    mine, office.sat = office.sat, other
    await office.says(version=2)
    office.sat = mine
    last = await office.says(version=3, status="submitted")
    await eventually(lambda: last in [got.id for got in receiver.requests], PATIENCE_SECONDS)
    assert [got.id for got in receiver.requests] == [last]


async def test_one_fact_is_told_once_however_often_it_is_heard(office, receiver):
    await office.opens(receiver)
    notice = {
        "id": f"attempts-{uuid.uuid4().hex}",
        "fact": "status_changed",
        "at": datetime.now(UTC).isoformat(),
        "exam_id": office.sat.exam_id,
        "attempt_id": office.sat.attempt_id,
        "data": {"status": "submitted", "previous_status": "in_progress"},
    }
    await office.publish(notice)
    await office.publish(notice, is_rebuilt=True)
    last = await office.says()
    await receiver.got(2)
    assert sorted(got.id for got in receiver.requests) == sorted([notice["id"], last])
    assert len(await office.deliveries()) == 2


async def test_each_endpoint_gets_the_same_id_signed_by_its_own_secret(office, receiver):
    one = await office.opens(receiver)
    with Receiver() as second:
        other = await office.opens(second)
        await office.says()
        [first_got], [second_got] = await receiver.got(), await second.got()
        assert first_got.id == second_got.id
        first_got.verified(one["secret"])
        second_got.verified(other["secret"])
        assert one["secret"] != other["secret"]
        await office.admin.delete(f"/webhooks/{one['id']}")


# Trying again


async def test_a_failed_try_is_repeated_under_the_same_id_with_a_new_signature(office, receiver):
    receiver.answer = lambda _: (500 if len(receiver.requests) < 3 else 200, {})
    made = await office.opens(receiver)
    said = await office.says()
    got = await receiver.got(3)
    assert {each.id for each in got} == {said}
    assert len({each.body for each in got}) == 1
    for each in got:
        each.verified(made["secret"])
    state = await office.until(lambda s: s["delivered_at"])
    assert (state["state"], state["failing_since"], state["last_error"]) == ("active", None, None)
    [delivery] = await office.deliveries()
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 3, 200)


async def test_after_the_last_try_the_endpoint_is_failing_and_staff_sees_it(office, receiver):
    receiver.answer = lambda _: (500, {})
    await office.opens(receiver)
    await office.says()
    state = await office.until(lambda s: s["state"] == "failing")
    assert len(receiver.requests) == 3
    assert (state["failed_count"], state["last_status"], state["last_error"]) == (1, 500, "status")
    assert state["failing_since"]
    hall = office.rig.member("hall_in_charge")
    assert office.made["id"] in [
        each["id"] for each in (await hall.get("/webhooks")).json() if each["state"] == "failing"
    ]


async def test_what_happens_meanwhile_waits_and_goes_out_when_it_is_switched_on(office, receiver):
    receiver.answer = lambda _: (500, {})
    made = await office.opens(receiver)
    await office.says()
    await office.until(lambda s: s["state"] == "failing")
    waits = await office.says()
    await office.until(lambda s: s["waiting_count"] == 1)
    tried = len(receiver.requests)
    receiver.answer = lambda _: (200, {})
    body = {"url": made["url"], "topics": made["topics"], "exam_id": made["exam_id"]}
    assert (await office.asks("PUT", json=body))["state"] == "active"
    got = await receiver.got(tried + 1)
    assert [each.id for each in got[tried:]] == [waits]


async def test_one_message_that_is_never_taken_does_not_stop_the_others(office, receiver):
    await office.opens(receiver)
    bad = f"attempts-{uuid.uuid4().hex}"
    receiver.answer = lambda got: (500 if got.id == bad else 200, {})
    notice = {
        "id": bad,
        "fact": "status_changed",
        "at": datetime.now(UTC).isoformat(),
        "exam_id": office.sat.exam_id,
        "attempt_id": office.sat.attempt_id,
        "data": {"status": "submitted"},
    }
    await office.publish(notice)
    await receiver.got(1)
    await office.says()
    state = await office.until(lambda s: s["failed_count"] == 1 and s["delivered_at"])
    assert state["state"] == "active"


async def test_410_switches_the_endpoint_off_and_nothing_waits_for_it(office, receiver):
    receiver.answer = lambda _: (410, {})
    await office.opens(receiver)
    await office.says()
    state = await office.until(lambda s: s["state"] == "disabled")
    assert (state["last_status"], len(receiver.requests)) == (410, 1)
    await office.says()
    with Receiver() as witness:
        await office.opens(witness)
        await office.says()
        await witness.got(1)
    assert len(receiver.requests) == 1


async def test_who_asks_for_time_is_left_alone_with_everything_else_too(office, receiver, rig):
    receiver.answer = lambda _: (429, {"Retry-After": "600"})
    made = await office.opens(receiver)
    await office.says()
    await office.until(lambda s: s["last_status"] == 429)
    await office.says()
    state = await office.until(lambda s: s["waiting_count"] == 2)
    held = text(
        "SELECT held_until - clock_timestamp() FROM proctoring.webhook_endpoints WHERE id = :id"
    )
    left = await rig.rows(lambda s: s.execute(held, {"id": made["id"]}).scalar_one())
    assert timedelta(seconds=500) < left <= timedelta(seconds=600)
    assert (len(receiver.requests), state["state"]) == (1, "active")


# Told again


async def test_one_delivery_is_told_again_under_its_id(office, receiver):
    made = await office.opens(receiver)
    said = await office.says()
    await office.until(lambda s: s["delivered_at"])
    [delivery] = await office.deliveries()
    assert (delivery["state"], delivery["message_id"]) == ("delivered", said)
    await office.asks("POST", f"/deliveries/{delivery['id']}/replay")
    first, again = await receiver.got(2)
    assert first.id == again.id
    again.verified(made["secret"])


async def test_all_since_an_instant_are_told_again_or_only_what_was_given_up(office, receiver):
    await office.opens(receiver)
    await office.says()
    await receiver.got(1)
    await office.until(lambda s: s["waiting_count"] == 0)
    since = datetime.now(UTC).isoformat()
    last = [await office.says(), await office.says()]
    await receiver.got(3)
    await office.until(lambda s: s["waiting_count"] == 0)
    body = {"since": since, "only_failed": True}
    assert await office.asks("POST", "/replay", json=body) == {"count": 0}
    assert await office.asks("POST", "/replay", json={"since": since}) == {"count": 2}
    got = await receiver.got(5)
    assert sorted(each.id for each in got[3:]) == sorted(last)


async def test_an_endpoint_can_be_tried(office, receiver):
    made = await office.opens(receiver, topics=["attempt.graded"])
    tried = await office.asks("POST", "/test")
    [got] = await receiver.got(1)
    assert got.verified(made["secret"])["type"] == "webhook.tried"
    await office.until(lambda s: s["delivered_at"])
    assert [d["id"] for d in await office.deliveries(state="delivered")] == [tried["delivery_id"]]


@pytest.mark.parametrize("path", ["/deliveries/9223372036854775807/replay"])
async def test_what_is_not_there_is_not_told_again(office, receiver, path):
    await office.opens(receiver)
    answer = await office.admin.post(office.path + path)
    assert (answer.status_code, answer.json()["type"][-18:]) == (404, "delivery-not-found")


# Secrets


async def test_a_secret_is_shown_once_and_stored_nowhere(office, receiver, rig):
    made = await office.opens(receiver)
    key = made["secret"].removeprefix("whsec_")
    assert "secret" not in await office.state()
    everything = text(
        "SELECT CAST(to_jsonb(e) AS text) || encode(e.salt, 'base64')"
        " FROM proctoring.webhook_endpoints e"
    )
    stored = await rig.rows(lambda s: list(s.execute(everything).scalars()))
    assert stored
    assert not [row for row in stored if key in row]


async def test_a_secret_is_changed_without_a_gap(office, receiver):
    made = await office.opens(receiver)
    changed = await office.asks("POST", "/secret", json={"overlap_hours": 1})
    assert changed["secret"] != made["secret"]
    assert changed["previous_secret_until"]
    await office.says()
    [got] = await receiver.got(1)
    got.verified(made["secret"])
    got.verified(changed["secret"])


async def test_a_secret_that_became_known_ends_at_once(office, receiver):
    made = await office.opens(receiver)
    changed = await office.asks("POST", "/secret", json={"overlap_hours": 0})
    await office.says()
    [got] = await receiver.got(1)
    got.verified(changed["secret"])
    assert len(got.headers["webhook-signature"].split(" ")) == 1
    with pytest.raises(Exception, match="No matching signature"):
        got.verified(made["secret"])


async def test_the_log_holds_neither_secret_nor_address_nor_what_was_said(office, receiver):
    with structlog.testing.capture_logs() as lines:
        made = await office.opens(receiver)
        await office.says()
        await office.until(lambda s: s["delivered_at"])
    told = json.dumps(lines, default=str)
    assert "outgoing.tried" in told
    for word in (made["secret"], "/hook", "previous_status"):
        assert word not in told


# Who may choose what


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://lms.example.org/", "https"),
        ("https://10.0.0.1/", "not public"),
        ("https://a:b@lms.example.org/", "user name"),
        ("nonsense", "https"),
    ],
)
async def test_an_address_that_nothing_is_sent_to_is_refused_with_the_reason(office, url, word):
    body = {"url": url, "topics": ["attempt.graded"]}
    answer = await office.admin.post("/webhooks", json=body)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"topics": []},
        {"topics": ["webhook.tried"]},
        {"topics": ["all"]},
        {"url": ""},
        {"exam_id": 0},
        {"secret": "whsec_mine"},
        {"description": "a\0b"},
    ],
)
async def test_what_no_endpoint_can_be_is_refused(office, change):
    body = {"url": "https://lms.example.org/", "topics": ["attempt.graded"]} | change
    answer = await office.admin.post("/webhooks", json=body)
    assert answer.status_code == 422, answer.text


async def test_there_are_not_more_endpoints_than_there_may_be(office, receiver, monkeypatch):
    await office.opens(receiver)
    monkeypatch.setattr("proctoring.outgoing.keeping.MOST", 1)
    body = {"url": receiver.url, "topics": ["attempt.graded"]}
    answer = await office.admin.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["status"]) == (409, 409)


async def test_a_removed_endpoint_is_gone_with_what_was_told_to_it(office, receiver, rig):
    made = await office.opens(receiver)
    await office.says()
    await office.until(lambda s: s["delivered_at"])
    await office.asks("DELETE")
    assert (await office.admin.get(office.path)).status_code == 404
    left = text("SELECT count(*) FROM proctoring.outgoing WHERE endpoint_id = :id")
    assert await rig.rows(lambda s: s.execute(left, {"id": made["id"]}).scalar_one()) == 0


# Several senders, ends, and what is left


@pytest.fixture
async def still(office, receiver, rig):
    """An endpoint with messages that nobody sends: it is held, and only the test lets it go."""
    made = await office.opens(receiver)
    hold = text("UPDATE proctoring.webhook_endpoints SET held_until = 'infinity' WHERE id = :id")
    await rig.rows(lambda s: s.execute(hold, {"id": made["id"]}))
    for _ in range(3):
        await office.says()
    await office.until(lambda s: s["waiting_count"] == 3)

    class Still:
        id = made["id"]

        async def let_go(self) -> None:
            go = text("UPDATE proctoring.webhook_endpoints SET held_until = NULL WHERE id = :id")
            await rig.rows(lambda s: s.execute(go, {"id": self.id}))

        def take(self, session, limit: int = 10):
            """Take of this endpoint alone, as if it were let go."""
            go = "UPDATE proctoring.webhook_endpoints SET held_until = :held WHERE id = :id"
            session.execute(text(go), {"id": self.id, "held": None})
            found = store.take(session, {}, limit=limit, each=10, lease=LEASE)
            session.execute(text(go), {"id": self.id, "held": datetime.max.replace(tzinfo=UTC)})
            return [taken for taken in found if taken.endpoint_id == self.id]

    return Still()


async def test_what_one_has_taken_nobody_else_takes_until_its_lease_is_over(still, rig):
    assert len(await rig.rows(still.take)) == 3
    assert await rig.rows(still.take) == []
    over = text("UPDATE proctoring.outgoing SET next_at = now() WHERE endpoint_id = :id")
    await rig.rows(lambda s: s.execute(over, {"id": still.id}))
    again = await rig.rows(still.take)
    assert [taken.tries for taken in again] == [2, 2, 2]


async def test_a_row_that_is_being_taken_keeps_nobody_waiting(still, rig):
    lock = text(
        "SELECT id FROM proctoring.outgoing WHERE endpoint_id = :id ORDER BY id LIMIT 1 FOR UPDATE"
    )

    def both(session):
        locked = session.execute(lock, {"id": still.id}).scalar_one()
        with rig.database.transaction() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            return locked, [taken.id for taken in still.take(other)]

    locked, found = await rig.rows(both)
    assert len(found) == 2
    assert locked not in found


async def test_who_comes_too_late_writes_nothing_down(still, rig):
    [taken, *_] = await rig.rows(still.take)
    over = text("UPDATE proctoring.outgoing SET next_at = now() WHERE id = :id")
    await rig.rows(lambda s: s.execute(over, {"id": taken.id}))
    await rig.rows(still.take)
    late = (taken, DeliveryState.DELIVERED, DELIVERED, NO_PAUSE)
    assert await rig.rows(store.settle, *late) is None
    assert await rig.rows(store.state_of, still.id, taken.id) is DeliveryState.WAITING


async def test_room_for_one_endpoint_is_bounded_and_counts_what_is_under_way(still, rig):
    def take(session, busy, each):
        go = text("UPDATE proctoring.webhook_endpoints SET held_until = NULL WHERE id = :id")
        session.execute(go, {"id": still.id})
        found = store.take(session, busy, limit=10, each=each, lease=LEASE)
        session.rollback()
        return len([taken for taken in found if taken.endpoint_id == still.id])

    assert await rig.rows(take, {still.id: 1}, 3) == 2
    assert await rig.rows(take, {still.id: 5}, 3) == 0
    assert await rig.rows(take, {}, 2) == 2


class Hanging:
    """A carrier that never comes back by itself."""

    name = "hanging"

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    async def carry(self, taken):
        self.begun.append(taken.id)
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append(taken.id)

    async def close(self) -> None:
        return


TERMS = Terms(schedule=(0.01,), seconds=5, at_once=2, look_seconds=0.05)


@pytest.fixture
async def own(office, rig, receiver):
    """An endpoint that only a sender of the test finds: the service's own leaves it alone."""
    made = await office.opens(receiver, is_active=False)
    new = text(
        "INSERT INTO proctoring.outgoing (endpoint_id, message_id, topic, occurred_at, body)"
        " SELECT :id, 'attempts-' || n, 'attempt.graded', now(), '{}'"
        " FROM generate_series(1, 3) AS n"
    )
    await rig.rows(lambda s: s.execute(new, {"id": made["id"]}))
    return made["id"]


class OnlyOne(Sender):
    """Sends what one endpoint that is switched off has, and nothing else."""

    only = 0
    looks = 0

    async def _wait(self):
        self.looks += 1
        await super()._wait()

    def _take(self, busy, room):
        with self._database.transaction() as session:
            switch = text("UPDATE proctoring.webhook_endpoints SET state = :state WHERE id = :id")
            session.execute(switch, {"state": "active", "id": self.only})
            others = text("SELECT id FROM proctoring.webhook_endpoints WHERE id <> :id")
            left_alone = session.execute(others, {"id": self.only}).scalars()
            busy = dict.fromkeys(left_alone, 10**6) | busy
            found = store.take(session, busy, limit=room, each=10, lease=LEASE)
            session.execute(switch, {"state": "disabled", "id": self.only})
            return found


async def test_no_more_is_under_way_than_there_is_room_and_all_ends_with_the_sender(own, rig):
    carrier = Hanging()
    sender = OnlyOne(rig.database, carrier, TERMS, due_webhooks(10))
    sender.only = own
    task = asyncio.create_task(sender.run())
    await eventually(lambda: len(carrier.begun) == 2, PATIENCE_SECONDS)
    looks = sender.looks
    await eventually(lambda: sender.looks > looks + 2, PATIENCE_SECONDS)
    assert len(carrier.begun) == 2
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    assert sorted(carrier.ended) == sorted(carrier.begun)
    names = [each.get_name() for each in asyncio.all_tasks()]
    assert not [name for name in names if name in {f"outgoing-{i}" for i in carrier.begun}]


async def test_a_defect_of_a_carrier_is_told_and_is_a_failed_try(own, rig):
    class Broken(Hanging):
        async def carry(self, taken):
            raise RuntimeError("unforeseen")

    sender = OnlyOne(rig.database, Broken(), TERMS, due_webhooks(10))
    sender.only = own
    failed = text(
        "SELECT count(*) FROM proctoring.outgoing"
        " WHERE endpoint_id = :id AND state = 'failed' AND tries = 2 AND last_error = 'unforeseen'"
    )

    async def all_failed() -> bool:
        return await rig.rows(lambda s: s.execute(failed, {"id": own}).scalar_one()) == 3

    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(sender.run())
        await eventually(all_failed, PATIENCE_SECONDS)
        task.cancel()
        await asyncio.wait([task], timeout=5)
    assert [line["event"] for line in lines].count("outgoing.unforeseen") == 6


async def test_what_was_told_of_an_attempt_is_exported_and_erased_and_not_told_anew(
    office, receiver, rig
):
    receiver.answer = lambda _: (200, {})
    await office.opens(receiver)
    notice = {
        "id": f"attempts-{uuid.uuid4().hex}",
        "fact": "status_changed",
        "at": datetime.now(UTC).isoformat(),
        "exam_id": office.sat.exam_id,
        "attempt_id": office.sat.attempt_id,
        "data": {"status": "submitted"},
    }
    await office.publish(notice)
    await office.until(lambda s: s["delivered_at"])
    attempt_id = office.sat.attempt_id
    [told] = await rig.rows(OUTGOING.export, attempt_id)
    assert (told["told_to"], told["topic"]) == ("127.0.0.1", "attempt.status_changed")
    assert json.loads(told["said"])["data"]["status"] == "submitted"
    assert await rig.rows(OUTGOING.count, attempt_id) == 1
    left = text(f"SELECT attempt_id FROM ({OUTGOING.left}) AS l")  # noqa: S608  # our own
    assert attempt_id in await rig.rows(lambda s: list(s.execute(left).scalars()))
    assert await rig.rows(OUTGOING.erase, attempt_id) == 1
    assert await rig.rows(OUTGOING.count, attempt_id) == 0
    assert attempt_id not in await rig.rows(lambda s: list(s.execute(left).scalars()))
    [delivery] = await office.deliveries()
    assert delivery["state"] == "erased"
    answer = await office.admin.post(f"{office.path}/deliveries/{delivery['id']}/replay")
    assert answer.status_code == 409
    await office.publish(notice)
    await office.says()
    await receiver.got(2)
    assert [got.id for got in receiver.requests].count(notice["id"]) == 1


async def test_old_rows_are_forgotten_and_what_is_older_is_not_told_anew(still, office, rig):
    old = text(
        "UPDATE proctoring.outgoing SET created_at = now() - interval '31 days'"
        " WHERE endpoint_id = :id"
    )
    await rig.rows(lambda s: s.execute(old, {"id": still.id}))
    sweeper = OutgoingSweeper(rig.database, kept=timedelta(days=30), seconds=60)
    assert await sweeper.sweep() >= 3
    assert await office.deliveries() == []


async def test_a_message_that_fails_for_good_is_not_tried_again(still, rig):
    [taken, *_] = await rig.rows(still.take)
    never = Outcome(Verdict.NEVER, error="refused")
    await rig.rows(store.settle, taken, DeliveryState.FAILED, never, NO_PAUSE)
    assert taken.id not in [each.id for each in await rig.rows(still.take)]
    assert await rig.rows(store.state_of, still.id, taken.id) is DeliveryState.FAILED
