"""Mail from the fact to the mailbox: a real bus, a real database, a real SMTP server."""

import asyncio
import contextlib
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from chassis.waiting import eventually
from mail_kit import Mailbox, PostOffice
from proctoring.outgoing.hearing import PLACE, Hearing
from proctoring.outgoing.letter import About
from proctoring.outgoing.mail import MailCarrier, Server, Style
from proctoring.outgoing.sending import Sender, Terms, due_letters
from proctoring.settings import Settings
from pydantic import ValidationError
from sqlalchemy import text

PATIENCE_SECONDS = 30
TERMS = Terms(schedule=(0.01, 0.01), seconds=5, at_once=4, look_seconds=0.05)
REVIEW = text(
    "INSERT INTO proctoring.reviews (attempt_id, exam_id, student_id, state, version, opened_by_id,"
    " opened_at, ground_ids, decision_due_at, decided_by_id, decided_at, decision, reason_code,"
    " explanation, outcome, closed_at, appealed_at, appeal_text, appeal_due_at,"
    " appeal_decided_by_id, appeal_decided_at, appeal_decision, appeal_explanation)"
    " VALUES (:attempt_id, 7, 9, 'closed', 4, 1, now(), '{}', now(), 2, now(), 'confirmed',"
    " 'left_the_room', 'x', 'confirmed', now(), :appealed, :words, :appealed, :by, :appealed,"
    " :decision, :words) RETURNING id"
)


class Mail:
    """An installation that mails: its own database, the common bus, a mailbox."""

    def __init__(self, bus, rows, mailbox: Mailbox) -> None:
        self.bus = bus
        self.rows = rows
        self.mailbox = mailbox

    async def say(self, fact: str, *, message_id: str = "", at: datetime | None = None, **data):
        attempt_id = int(uuid.uuid4().int % 10**9)
        message_id = message_id or f"attempts-{attempt_id}"
        notice = {
            "id": message_id,
            "fact": fact,
            "at": (at or datetime.now(UTC)).isoformat(),
            "exam_id": 7,
            "attempt_id": attempt_id,
            "data": {"student_id": 9} | data,
        }
        await self.bus.publish(f"oep.v1.7.{attempt_id}.{fact}", json.dumps(notice).encode(), None)
        return message_id

    async def review(self, *, is_appealed: bool) -> int:
        said = {
            "attempt_id": int(uuid.uuid4().int % 10**9),
            "appealed": datetime.now(UTC) if is_appealed else None,
            "words": "y" if is_appealed else None,
            "by": 3 if is_appealed else None,
            "decision": "upheld" if is_appealed else None,
        }
        return await self.rows(lambda s: s.execute(REVIEW, said).scalar_one())

    async def state(self, message_id: str) -> str | None:
        found = text("SELECT state FROM proctoring.outgoing WHERE message_id = :id")
        return await self.rows(lambda s: s.execute(found, {"id": message_id}).scalar())

    async def until(self, message_id: str, state: str) -> None:
        async def is_so() -> bool:
            return await self.state(message_id) == state

        await eventually(is_so, PATIENCE_SECONDS)

    def ids(self) -> list[str]:
        return [str(each["Message-ID"]).split("@")[0].strip("<") for each in self.mailbox.letters]


@pytest.fixture
async def mail(bus, own_database, monkeypatch):
    mailbox = Mailbox()

    async def rows(query, *arguments):
        def work():
            with own_database.transaction() as session:
                return query(session, *arguments)

        return await own_database.run(work)

    for table in ("outgoing", "webhook_endpoints", "inbox_positions", "reviews"):
        emptied = text(f"DELETE FROM proctoring.{table}")  # noqa: S608  # one of these
        with contextlib.suppress(Exception):  # reviews cannot be removed
            await rows(lambda s, emptied=emptied: s.execute(emptied))
    with PostOffice(mailbox) as office:
        yield Mail(bus, rows, mailbox), office.port


async def address(user_id: int) -> str:
    return f"student{user_id}@example.org"


@contextlib.asynccontextmanager
async def running(mail, port, database, mails=tuple(About)):
    """Hear and send until the block ends; begin when it is known from where on is heard."""
    server = Server("127.0.0.1", port, "none", None, None, None, 5)
    style = Style("exams@example.org", "en", "https://exams.example.org")
    sender = Sender(database, MailCarrier(server, style, address), TERMS, due_letters)
    hearing = Hearing(
        mail.bus,
        database,
        kept=timedelta(days=30),
        look_seconds=0.05,
        wake=sender.wake,
        mails=mails,
    )
    tasks = [asyncio.create_task(each.run()) for each in (hearing, sender)]
    kept = text("SELECT 1 FROM proctoring.inbox_positions WHERE stream = :place")

    async def has_begun() -> bool:
        found = await mail.rows(lambda s: s.execute(kept, {"place": PLACE}).scalar())
        return not mails or found is not None

    await eventually(has_begun, PATIENCE_SECONDS)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_extra_time_a_result_and_an_appeal_are_mailed_once_each(mail, own_database):
    mail, port = mail
    review_id = await mail.review(is_appealed=True)
    async with running(mail, port, own_database):
        said = [
            await mail.say("allowance_granted", seconds=600),
            await mail.say("status_changed", status="graded", previous_status="submitted"),
            await mail.say("review_changed", state="closed", review_id=review_id),
        ]
        for each in said:
            await mail.until(each, "delivered")
        await mail.say("allowance_granted", message_id=said[0], seconds=600)
        last = await mail.say("grade_changed", grade_version=2)
        await mail.until(last, "delivered")
    assert sorted(mail.ids()) == sorted([*said, last])
    subjects = {str(each["Subject"]) for each in mail.mailbox.letters}
    assert len(subjects) == 3


async def test_the_end_of_a_review_without_an_appeal_is_no_news(mail, own_database):
    mail, port = mail
    review_id = await mail.review(is_appealed=False)
    async with running(mail, port, own_database):
        over = await mail.say("review_changed", state="closed", review_id=review_id)
        await mail.until(await mail.say("allowance_granted"), "delivered")
    assert await mail.state(over) is None
    assert len(mail.mailbox.letters) == 1


async def test_a_server_that_is_busy_gets_it_later_and_one_that_refuses_never(mail, own_database):
    mail, port = mail
    mail.mailbox.answers["RCPT"] = "450 busy"
    async with running(mail, port, own_database):
        busy = await mail.say("allowance_granted")
        tried = text("SELECT 1 FROM proctoring.outgoing WHERE last_status = 450")
        await eventually(lambda: mail.rows(lambda s: s.execute(tried).scalar()), PATIENCE_SECONDS)
        mail.mailbox.answers.clear()
        await mail.until(busy, "delivered")
        mail.mailbox.answers["RCPT"] = "550 no such user"
        refused = await mail.say("allowance_granted")
        await mail.until(refused, "failed")
    assert mail.ids() == [busy]
    tries = text("SELECT tries FROM proctoring.outgoing WHERE message_id = :id")
    assert await mail.rows(lambda s: s.execute(tries, {"id": refused}).scalar()) == 1


async def test_what_was_said_before_mail_was_switched_on_or_long_ago_is_not_mailed(
    mail, own_database
):
    mail, port = mail
    before = await mail.say("allowance_granted", at=datetime.now(UTC) - timedelta(minutes=1))
    async with running(mail, port, own_database):
        old = await mail.say("allowance_granted", at=datetime.now(UTC) - timedelta(hours=25))
        now = await mail.say("allowance_granted")
        await mail.until(now, "delivered")
    assert [await mail.state(each) for each in (before, old)] == [None, None]
    assert mail.ids() == [now]


async def test_no_mail_is_written_unless_the_installation_says_so(mail, own_database):
    mail, port = mail
    assert Settings.model_fields["mail_host"].default is None
    async with running(mail, port, own_database, mails=[About.EXTRA_TIME]):
        result = await mail.say("grade_changed", grade_version=2)
        await mail.until(await mail.say("allowance_granted"), "delivered")
    assert await mail.state(result) is None


async def test_no_address_is_stored_or_logged(mail, own_database):
    mail, port = mail
    with structlog.testing.capture_logs() as lines:
        async with running(mail, port, own_database):
            await mail.until(await mail.say("allowance_granted"), "delivered")
    everything = text("SELECT CAST(to_jsonb(o) AS text) FROM proctoring.outgoing o")
    stored = await mail.rows(lambda s: list(s.execute(everything).scalars()))
    assert stored
    assert "student9@" not in json.dumps(stored) + json.dumps(lines, default=str)


@pytest.mark.parametrize(
    "change",
    [
        {"mail_from": ""},
        {"public_url": "exams.example.org"},
        {"mail_user": "exams"},
        {"mail_tls": "none", "mail_user": "exams", "mail_password": "x"},
        {"mail_about": "gossip"},
        {"mail_language": "fr"},
    ],
)
def test_settings_that_would_send_nothing_or_a_password_in_the_clear_are_refused(settings, change):
    good = {
        "mail_host": "mail.example.org",
        "mail_from": "exams@example.org",
        "public_url": "https://exams.example.org",
    }
    given = settings.model_dump()
    assert Settings(**given | good).mail_about == ("extra_time", "result", "appeal")
    with pytest.raises(ValidationError):
        Settings(**given | good | change)
