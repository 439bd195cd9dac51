"""The carrier of mail against a real SMTP server, with and without TLS."""

import asyncio
from datetime import UTC, datetime

import pytest
import trustme
from chassis.errors import Unavailable
from mail_kit import Mailbox, PostOffice, server_side
from proctoring.outgoing.mail import MailCarrier, Server, Style
from proctoring.outgoing.queue import Taken
from proctoring.outgoing.schedule import Verdict

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STYLE = Style("exams@example.org", "hi", "https://exams.example.org")


async def known(user_id: int) -> str | None:
    return f"student{user_id}@example.org"


def taken(**more) -> Taken:
    said = {
        "id": 1,
        "message_id": "attempts-1",
        "topic": "extra_time",
        "attempt_id": 1,
        "student_id": 9,
        "body": "",
        "tries": 1,
        "held_until": NOW,
        "now": NOW,
    }
    return Taken(**said | more)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def authorities_file(authority, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("mail") / "ca.pem"
    path.write_bytes(authority.cert_pem.bytes())
    return str(path)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def carrier(port: int, address_of=known, **more) -> MailCarrier:
    said = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "user": None,
        "password": None,
        "authorities_file": None,
        "seconds": 5,
    }
    return MailCarrier(Server(**said | more), STYLE, address_of)


async def test_a_letter_is_whole_and_says_that_a_machine_wrote_it(mailbox):
    with PostOffice(mailbox) as office:
        outcome = await carrier(office.port).carry(taken())
    assert outcome.verdict is Verdict.DELIVERED
    [letter] = mailbox.letters
    assert mailbox.envelopes == [("exams@example.org", ["student9@example.org"])]
    told = {name: letter[name] for name in ("From", "To", "Message-ID", "Date")}
    assert told == {
        "From": "exams@example.org",
        "To": "student9@example.org",
        "Message-ID": "<attempts-1@example.org>",
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
    }
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "hi")
    assert "https://exams.example.org" in letter.get_content()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_it_is_handed_over_by_tls(tls, mailbox, authority, authorities_file):
    offered = {tls: server_side(authority, "127.0.0.1")}
    with PostOffice(mailbox, **offered) as office:
        sender = carrier(
            office.port,
            tls=tls,
            authorities_file=authorities_file,
            user="exams",
            password="a password",
        )
        outcome = await sender.carry(taken())
    assert outcome.verdict is Verdict.DELIVERED
    assert (mailbox.was_secure, mailbox.users) == ([True], [b"exams"])


@pytest.mark.parametrize("case", ["no starttls", "no tls", "a stranger", "another name"])
async def test_a_server_without_tls_or_with_a_strangers_certificate_gets_nothing(
    case, mailbox, authority, authorities_file
):
    mine = server_side(authority, "mail.example.org" if case == "another name" else "127.0.0.1")
    offered = {} if case.startswith("no ") else {"starttls": mine}
    known_to_us = None if case == "a stranger" else authorities_file
    tls = "implicit" if case == "no tls" else "starttls"
    with PostOffice(mailbox, **offered) as office:
        sender = carrier(office.port, tls=tls, authorities_file=known_to_us, seconds=2)
        outcome = await sender.carry(taken())
    assert outcome.verdict is Verdict.AGAIN
    assert mailbox.letters == []


@pytest.mark.parametrize(
    ("answers", "verdict", "code"),
    [
        ({"RCPT": "450 mailbox busy"}, Verdict.AGAIN, 450),
        ({"RCPT": "550 no such user"}, Verdict.NEVER, 550),
        ({"MAIL": "451 later"}, Verdict.AGAIN, 451),
        ({"MAIL": "553 not you"}, Verdict.NEVER, 553),
        ({"DATA": "452 disk full"}, Verdict.AGAIN, 452),
        ({"DATA": "554 refused"}, Verdict.NEVER, 554),
    ],
)
async def test_what_the_server_says_is_for_now_or_for_good(answers, verdict, code, mailbox):
    mailbox.answers |= answers
    with PostOffice(mailbox) as office:
        outcome = await carrier(office.port).carry(taken())
    assert (outcome.verdict, outcome.status, outcome.error) == (verdict, code, "refused")


async def test_a_refused_sign_in_is_about_us_and_not_about_the_letter(
    mailbox, authority, authorities_file
):
    with PostOffice(mailbox, starttls=server_side(authority, "127.0.0.1")) as office:
        sender = carrier(
            office.port,
            tls="starttls",
            authorities_file=authorities_file,
            user="exams",
            password="another password",
        )
        outcome = await sender.carry(taken())
    assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "server-refuses-us")


async def test_a_line_that_breaks_behind_the_text_leaves_it_unknown_and_it_is_tried_again(mailbox):
    mailbox.answers["DATA"] = "cut"
    with PostOffice(mailbox) as office:
        outcome = await carrier(office.port).carry(taken())
    assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "connection")


async def test_nobody_there_and_one_who_says_nothing_are_tried_again():
    async def silent(reader, writer) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        slow = await carrier(port, seconds=0.2).carry(taken())
    gone = await carrier(port).carry(taken())
    assert [(o.verdict, o.error) for o in (slow, gone)] == [
        (Verdict.AGAIN, "timeout"),
        (Verdict.AGAIN, "connection"),
    ]


@pytest.mark.parametrize(
    "address", [None, "", "nobody", "a@b@c", "a\nBcc: b@example.org", "\u0928@example.org"]
)
async def test_who_has_no_address_gets_no_mail_and_no_header_is_slipped_in(address, mailbox):
    async def found(_: int) -> str | None:
        return address

    with PostOffice(mailbox) as office:
        outcome = await carrier(office.port, found).carry(taken())
    assert (outcome.verdict, outcome.error) == (Verdict.NEVER, "no-address")
    assert mailbox.letters == []


async def test_while_auth_is_away_it_waits():
    async def away(_: int) -> str | None:
        raise Unavailable

    outcome = await carrier(1, away).carry(taken())
    assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "auth-unavailable")
