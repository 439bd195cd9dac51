"""The carrier against real HTTP servers: where it goes, whom it believes, how long it waits."""

import asyncio
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme
from outgoing_kit import Receiver
from proctoring.outgoing import signature
from proctoring.outgoing.queue import Taken
from proctoring.outgoing.schedule import Verdict
from proctoring.outgoing.webhook import WebhookCarrier

SECRET = "an installation's secret of 32 letters"
SALT = signature.new_salt()
KNOWN = signature.shown(signature.key_of(SECRET, SALT))


def taken(url: str) -> Taken:
    now = datetime.now(UTC)
    return Taken(
        id=1,
        message_id="attempts-1",
        topic="attempt.graded",
        attempt_id=1,
        student_id=None,
        body='{"type":"attempt.graded","name":"\u0928"}',
        tries=1,
        held_until=now,
        now=now,
        endpoint_id=1,
        url=url,
        salt=SALT,
    )


@pytest.fixture
async def carrier():
    carrier = WebhookCarrier(SECRET, {"127.0.0.1"}, seconds=5)
    yield carrier
    await carrier.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.test").configure_cert(tls)
    with Receiver(tls=tls) as receiver:
        yield receiver


@pytest.fixture
def named(monkeypatch):
    """Let names stand for what a test says; numbers stand for themselves."""
    names: dict[str, list[str]] = {}

    def install() -> dict[str, list[str]]:
        loop = asyncio.get_running_loop()
        real = loop.getaddrinfo

        async def getaddrinfo(host, port, **options):
            if host not in names:
                return await real(host, port, **options)
            return [(2, 1, 6, "", (address, port)) for address in names[host]]

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo, raising=False)
        return names

    return install


async def test_a_message_is_posted_as_json_with_the_three_headers(carrier, receiver):
    outcome = await carrier.carry(taken(receiver.url))
    assert (outcome.verdict, outcome.status) == (Verdict.DELIVERED, 204)
    [got] = receiver.requests
    assert got.verified(KNOWN) == {"type": "attempt.graded", "name": "\u0928"}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 10


async def test_a_redirection_is_not_followed(carrier, receiver):
    with Receiver() as elsewhere:
        receiver.answer = lambda _: (307, {"Location": elsewhere.url})
        outcome = await carrier.carry(taken(receiver.url))
        assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "redirection")
        assert elsewhere.requests == []


async def test_a_private_address_behind_a_name_gets_nothing(carrier, receiver, named):
    named()["lms.example.test"] = ["127.0.0.1"]
    outcome = await carrier.carry(taken(f"https://lms.example.test:{receiver.port}/"))
    assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "address-not-allowed")
    assert receiver.requests == []


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    authority, secure, named, tmp_path
):
    """A name that stands for something else a moment later is not looked up again."""
    names = named()
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    carrier = WebhookCarrier(
        SECRET, {"hooks.example.test"}, seconds=5, authorities_file=str(tmp_path / "ca.pem")
    )
    names["hooks.example.test"] = ["127.0.0.1"]
    outcome = await carrier.carry(taken(f"https://hooks.example.test:{secure.port}/"))
    assert outcome.verdict is Verdict.DELIVERED, "the certificate is the name's, not the address's"
    assert secure.requests[0].headers["host"] == f"hooks.example.test:{secure.port}"
    await carrier.close()


async def test_who_has_not_the_hosts_certificate_gets_nothing(authority, secure, named, tmp_path):
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    strangers = WebhookCarrier(SECRET, {"hooks.example.test"}, seconds=5)
    known = WebhookCarrier(
        SECRET, {"other.example.test"}, seconds=5, authorities_file=str(tmp_path / "ca.pem")
    )
    names = named()
    names["hooks.example.test"] = names["other.example.test"] = ["127.0.0.1"]
    for carrier, host in ((strangers, "hooks"), (known, "other")):
        outcome = await carrier.carry(taken(f"https://{host}.example.test:{secure.port}/"))
        assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "certificate")
        await carrier.close()
    assert secure.requests == []


async def test_one_that_does_not_answer_in_time_is_tried_again(receiver):
    carrier = WebhookCarrier(SECRET, {"127.0.0.1"}, seconds=0.2)
    receiver.has_patience.clear()
    outcome = await carrier.carry(taken(receiver.url))
    assert (outcome.verdict, outcome.error) == (Verdict.AGAIN, "timeout")
    await carrier.close()


async def test_nobody_there_no_such_name_and_no_http_are_failures(carrier, named):
    names = named()

    async def nonsense(_, writer) -> None:
        writer.write(b"SSH-2.0-none of yours\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    talks = await carrier.carry(taken(f"http://127.0.0.1:{port}/"))
    server.close()
    await server.wait_closed()
    refused = await carrier.carry(taken(f"http://127.0.0.1:{port}/"))
    names["nobody.example.test"] = []
    nowhere = await carrier.carry(taken("https://nobody.example.test/"))
    too_long = await carrier.carry(taken(f"https://{'a' * 64}.test/"))
    assert [o.error for o in (talks, refused, nowhere, too_long)] == [
        "connection",
        "connection",
        "address-not-allowed",
        "name-not-found",
    ]


async def test_an_answer_without_an_end_is_not_read(carrier):
    is_left = asyncio.Event()

    async def endless(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            is_left.set()
        writer.close()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await carrier.carry(taken(f"http://127.0.0.1:{port}/"))
        assert outcome.verdict is Verdict.DELIVERED
        await asyncio.wait_for(is_left.wait(), 10)


async def test_no_proxy_of_the_environment_sees_anything(receiver, monkeypatch):
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        carrier = WebhookCarrier(SECRET, {"127.0.0.1"}, seconds=5)
        outcome = await carrier.carry(replace(taken(receiver.url), message_id="attempts-2"))
        await carrier.close()
        assert outcome.verdict is Verdict.DELIVERED
        assert [len(each.requests) for each in (receiver, proxy)] == [1, 0]
