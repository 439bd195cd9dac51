"""Contract §7.1, row by row, for both kinds of client."""

import asyncio
import contextlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.waiting import eventually
from realtime.wire import door
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def refused(world, path, **options):
    """What the problem body of a handshake says that is refused before it is accepted."""
    with pytest.raises(InvalidStatus) as caught:
        await world.connect(path, modern=False, **options)
    return problem_of(caught.value.response)["detail"]


def problem_of(response):
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["status"] == 403
    assert problem["title"] == "Forbidden"
    assert problem["request_id"]
    assert problem["instance"].startswith("/api/v1/ws/")
    return problem


async def told(world, path, **options):
    client = await world.connect(path, **options)
    assert client.connection.subprotocol == "oep.v1"
    closed = await client.closed()
    assert client.frames == []
    return closed


async def test_who_is_refused_while_he_speaks_is_let_go_at_once(world):
    client = await world.connect("attempts/999999999", token=world.tokens.token())
    async with asyncio.timeout(door._CLOSE_SECONDS / 2):
        await client.connection.send("{}")
        assert (await client.closed())[0] == 4504


@pytest.mark.contract("9.1/table/connect")
async def test_connected_is_the_first_frame(world):
    attempt = world.attempt()
    client = await world.student(attempt)
    hello = client.hello
    assert hello["type"] == "connected"
    assert hello["attempt_id"] == attempt.attempt_id
    assert uuid.UUID(hello["connection_id"])
    assert 3530 <= hello["time_remaining_seconds"] <= 3540
    assert hello["server_time"].endswith("Z")
    assert (hello["heartbeat_interval"], hello["checkpoint_debounce"]) == (30, 2)
    assert isinstance(hello["position"]["sequence"], int)
    assert hello["position"]["epoch"]


@pytest.mark.contract("9.1/table/connect")
async def test_an_old_client_before_the_start_sees_the_full_duration(world):
    client = await world.student(world.attempt(status="not_started"), modern=False)
    assert client.connection.subprotocol is None
    assert client.hello["time_remaining_seconds"] == 3600


async def test_without_a_token(world):
    attempt = world.attempt()
    assert await refused(world, f"attempts/{attempt.attempt_id}") == "Invalid handshake"


async def test_a_first_frame_may_carry_the_token(world):
    attempt = world.attempt()
    client = await world.connect(f"attempts/{attempt.attempt_id}")
    await client.send({"type": "auth", "token": world.tokens.token()})
    assert (await client.frame())["type"] == "connected"


@pytest.mark.parametrize("frame", ["hello", '{"type":"pong"}', '{"type":"auth"}', b"\x00"])
async def test_a_first_frame_that_is_not_auth(world, frame):
    client = await world.connect(f"attempts/{world.attempt().attempt_id}")
    await client.send(frame)
    assert (await client.closed())[0] == 4500


async def test_no_first_frame_within_the_time(make_world):
    world = await make_world(auth_seconds=0.2)
    began = time.monotonic()
    assert (await told(world, f"attempts/{world.attempt().attempt_id}"))[0] == 4500
    assert time.monotonic() - began < 3


async def test_a_first_frame_with_a_bad_token(world):
    client = await world.connect(f"attempts/{world.attempt().attempt_id}")
    await client.send({"type": "auth", "token": "nonsense"})
    assert await client.closed() == (4501, "Authentication failed")


async def test_a_path_that_is_not_a_number(world):
    token = world.tokens.token()
    assert await refused(world, "attempts/abc", token=token) == "Invalid handshake"
    assert (await told(world, "attempts/abc", token=token))[0] == 4500


@pytest.mark.parametrize("kind", ["garbage", "expired", "refresh", "foreign"])
async def test_a_bad_token(world, kind):
    now = int(time.time())
    token = {
        "garbage": lambda: "a.b.c",
        "expired": lambda: world.tokens.token(iat=now - 20, exp=now - 10),
        "refresh": lambda: world.tokens.token(typ="refresh"),
        "foreign": lambda: type(world.tokens)().token(),
    }[kind]()
    path = f"attempts/{world.attempt().attempt_id}"
    assert await refused(world, path, token=token) == "Authentication failed"
    assert await told(world, path, token=token) == (4501, "Authentication failed")


async def test_a_revoked_token(world):
    login_id = str(uuid.uuid4())
    token = world.tokens.token(login_id=login_id)
    now = datetime.now(UTC)
    world.node.revocations.revoke_login(login_id, now, now + timedelta(hours=1))
    path = f"attempts/{world.attempt().attempt_id}"
    assert await refused(world, path, token=token) == "Authentication failed"
    assert await told(world, path, token=token) == (4501, "Authentication failed")


@pytest.mark.parametrize("path", ["attempts/999999999", "attempts/99999999999999999999999999"])
async def test_an_unknown_attempt(world, path):
    token = world.tokens.token()
    assert await refused(world, path, token=token) == "Attempt not found"
    assert await told(world, path, token=token) == (4504, "Attempt not found")


@pytest.mark.parametrize("roles", [("student",), ("admin",), ("proctor", "hall_in_charge")])
async def test_an_attempt_of_another_user(world, roles):
    path = f"attempts/{world.attempt().attempt_id}"
    token = world.tokens.token(77, roles)
    assert await refused(world, path, token=token) == "Unauthorized"
    assert await told(world, path, token=token) == (4503, "Unauthorized")


@pytest.mark.contract("9.1/table/connect")
@pytest.mark.parametrize("status", ["submitted", "graded", "expired", "cancelled"])
async def test_an_attempt_that_is_not_open(world, status):
    path = f"attempts/{world.attempt(status=status).attempt_id}"
    token = world.tokens.token()
    assert await refused(world, path, token=token) == f"Attempt is {status}"
    assert await told(world, path, token=token) == (4509, f"Attempt is {status}")


async def test_more_sockets_than_allowed(world):
    attempt = world.attempt()
    clients = [await world.student(attempt, modern=bool(n % 2)) for n in range(8)]
    path, token = f"attempts/{attempt.attempt_id}", world.tokens.token()
    assert await refused(world, path, token=token) == "Connection limit exceeded"
    assert await told(world, path, token=token) == (4029, "Connection limit exceeded")
    for client in clients:  # nobody was pushed out
        await client.send({"type": "time_sync"})
        assert (await client.frame("time_update"))["time_remaining_seconds"] > 0
    await clients[0].connection.close()
    await eventually(lambda: len(world.node.hub) == 7)
    await world.student(attempt)


async def test_attempts_away(make_world):
    world = await make_world(admission_seconds=0.5)
    path, token = f"attempts/{world.attempt().attempt_id}", world.tokens.token()
    port = await world.stop_attempts()
    assert await refused(world, path, token=token) == "Service temporarily unavailable"
    assert (await told(world, path, token=token))[0] == 4013
    await world.start_attempts(port)

    async def lets_in():
        client = await world.connect(path, token=token)
        with contextlib.suppress(ConnectionClosed):
            return (await client.frame())["type"] == "connected"

    await eventually(lets_in, seconds=10)


async def test_attempts_coming_back_in_time_is_not_noticed(make_world):
    world = await make_world(admission_seconds=6.0)
    attempt = world.attempt()
    port = await world.stop_attempts()
    opening = asyncio.create_task(world.student(attempt))
    await eventually(lambda: len(world.node.hub) == 1)
    await world.start_attempts(port)
    assert (await opening).hello["type"] == "connected"


@pytest.mark.parametrize("modern", [True, False])
async def test_a_foreign_origin(world, modern):
    path, token = f"attempts/{world.attempt().attempt_id}", world.tokens.token()
    with pytest.raises(InvalidStatus) as caught:
        await world.connect(path, modern=modern, token=token, origin="https://evil.example")
    assert problem_of(caught.value.response)["detail"] == "Origin not allowed"
    client = await world.connect(path, modern=modern, token=token, origin="http://localhost:5173")
    assert (await client.frame())["type"] == "connected"


async def test_a_refused_socket_leaves_nothing_behind(world):
    token = world.tokens.token(77)
    await told(world, f"attempts/{world.attempt().attempt_id}", token=token)
    await eventually(lambda: len(world.node.hub) == 0)


async def test_a_refusal_that_passes_says_when_to_come_back(make_world):
    world = await make_world(admission_seconds=0.5)
    path, token = f"attempts/{world.attempt().attempt_id}", world.tokens.token()
    await world.stop_attempts()
    with pytest.raises(InvalidStatus) as caught:
        await world.connect(path, modern=False, token=token)
    assert int(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.parametrize("modern", [True, False])
async def test_a_path_without_a_socket(world, modern):
    with pytest.raises(InvalidStatus) as caught:
        await world.connect("nowhere/1", modern=modern, token=world.tokens.token())
    assert problem_of(caught.value.response)["detail"] == "Not Found"


OTHER = "Attempt is open on another device"


async def test_another_device_is_refused_by_policy(world):
    attempt = world.attempt(policy="refuse", active_login_id="desk")
    world.attempts.is_admitted = False
    path, token = f"attempts/{attempt.attempt_id}", world.tokens.token(login_id="phone")
    assert await refused(world, path, token=token) == OTHER
    assert await told(world, path, token=token) == (4503, OTHER)
    asked = world.attempts.devices[0]
    assert (asked.attempt_id, asked.student_id, asked.login_id) == (
        attempt.attempt_id,
        attempt.student_id,
        "phone",
    )
    assert asked.ip_address == "127.0.0.1"


SAFE = "This exam opens only in Safe Exam Browser, with the configuration of this exam"


async def test_a_login_that_has_not_shown_the_keys_of_safe_exam_browser_is_refused(world):
    attempt = world.attempt(requires_safe_browser=True, active_login_id="desk")
    world.attempts.is_admitted, world.attempts.lacks_safe_browser = False, True
    path, token = f"attempts/{attempt.attempt_id}", world.tokens.token(login_id="desk")
    assert await refused(world, path, token=token) == SAFE
    assert await told(world, path, token=token) == (4503, SAFE)
    assert world.attempts.devices[0].login_id == "desk"


async def test_a_login_that_has_shown_them_is_let_in(world):
    attempt = world.attempt(requires_safe_browser=True)
    await world.student(attempt)
    assert len(world.attempts.devices) == 1


async def test_attempts_is_told_where_another_device_is(world):
    attempt = world.attempt(policy="flag", active_login_id="desk")
    await world.connect(
        f"attempts/{attempt.attempt_id}",
        token=world.tokens.token(login_id="phone"),
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "User-Agent": "Firefox"},
    )
    await eventually(lambda: world.attempts.devices)
    [asked] = world.attempts.devices
    assert (asked.ip_address, asked.user_agent) == ("203.0.113.9", "Firefox")


async def test_an_address_is_believed_only_from_a_trusted_proxy(make_world):
    world = await make_world(trusted_proxies="10.0.0.0/8")
    attempt = world.attempt(policy="flag", active_login_id="desk")
    await world.connect(
        f"attempts/{attempt.attempt_id}",
        token=world.tokens.token(login_id="phone"),
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    await eventually(lambda: world.attempts.devices)
    assert world.attempts.devices[0].ip_address == "127.0.0.1"


async def test_a_refused_device_takes_no_place_and_the_one_that_is_in_stays(make_world):
    world = await make_world(socket_limit=8)
    attempt = world.attempt(policy="refuse", active_login_id="desk")
    desk = world.tokens.token(login_id="desk")
    world.attempts.is_admitted = False
    path, phone = f"attempts/{attempt.attempt_id}", world.tokens.token(login_id="phone")
    for _ in range(8):
        assert (await told(world, path, token=phone))[0] == 4503
    client = await world.student(attempt, token=desk)
    await client.send({"type": "time_sync"})
    assert (await client.frame())["type"] == "time_update"


@pytest.mark.parametrize(
    ("policy", "active", "asks"),
    [
        ("unspecified", "desk", False),
        ("allow", "desk", False),
        ("flag", "phone", False),
        ("flag", "desk", True),
        ("refuse", None, False),
        ("refuse", "phone", False),
        ("refuse", "desk", True),
    ],
)
async def test_attempts_is_asked_about_a_device_only_where_it_matters(world, policy, active, asks):
    attempt = world.attempt(policy=policy, active_login_id=active)
    await world.student(attempt, token=world.tokens.token(login_id="phone"))
    assert bool(world.attempts.devices) is asks


async def test_when_nobody_can_say_whether_a_device_may_it_comes_back_later(
    make_world, unavailable
):
    world = await make_world(admission_seconds=0.5)
    attempt = world.attempt(policy="refuse", active_login_id="desk")
    world.attempts.device_failure = unavailable()
    path, token = f"attempts/{attempt.attempt_id}", world.tokens.token(login_id="phone")
    assert (await told(world, path, token=token))[0] == 4013
