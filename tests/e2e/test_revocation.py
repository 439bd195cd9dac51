"""A token that has ended is refused by everybody within five seconds, and stays refused.

After a restart of any service, from the first request that it answers, and after the bus has lost
its memory. Open sockets of the login are closed with 4501.
"""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from chassis.waiting import eventually
from oep_local import legacy, seed, seed_rows
from oep_local.rig import Platform
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

REVOKED_SECONDS = 5.0
RESTART_SECONDS = 60.0
CLOSE_REVOKED = 4501
EXAM = seed_rows.EXAM_ID
READS = {
    "auth": "/api/v1/auth/me",
    "attempts": "/api/v1/exams/trades",
    "proctoring": "/api/v1/proctoring/attempt/{attempt_id}/events",
}
SERVICES = (*READS, "realtime")


class Login:
    """One signed-in stay, asked about directly at each service, past the gateway."""

    def __init__(self, platform: Platform, body: dict, socket: str, attempt_id: int) -> None:
        self._platform = platform
        self._attempt_id = attempt_id
        self.token: str = body["access_token"]
        self.refresh_token: str = body["refresh_token"]
        self.user_id: int = body["user"]["id"]
        self.socket_path = f"/api/v1/ws/{socket}"
        self.client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.token}"}, timeout=5, trust_env=False
        )

    async def status(self, service: str) -> int:
        """Return how a service answers the token; 0 when it cannot be reached."""
        if service == "realtime":
            return await self.handshake()
        path = READS[service].format(attempt_id=self._attempt_id)
        url = self._platform.service_url(service) + path
        try:
            return (await self.client.get(url)).status_code
        except httpx.TransportError:
            return 0

    async def handshake(self, replica: int = 1) -> int:
        """Return 101 or the HTTP status of the refusal; a code tells more, see `open`."""
        url = self._platform.service_url("realtime", replica).replace("http", "ws", 1)
        try:
            async with connect(f"{url}{self.socket_path}?token={self.token}", proxy=None):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code
        except (OSError, ConnectionClosed, TimeoutError):
            return 0

    @contextlib.asynccontextmanager
    async def open_socket(self) -> AsyncIterator[asyncio.Task[int]]:
        """Open a socket through the gateway; the task ends with the code that closes it."""
        url = f"{self._platform.ws_url}{self.socket_path}?token={self.token}"
        connection = await eventually(lambda: _connected(url), 15, every=0.5)

        async def until_closed() -> int:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await connection.recv()
            return connection.close_code or 0

        reading = asyncio.create_task(until_closed())
        yield reading
        await connection.close()
        await reading

    async def is_refused_everywhere(self) -> bool:
        found = {service: await self.status(service) for service in SERVICES}
        return found == dict.fromkeys(READS, 401) | {"realtime": 403}


async def _connected(url: str):
    try:
        connection = await connect(url, subprotocols=["oep.v1"], proxy=None, open_timeout=10)
        await connection.recv()
    except (InvalidStatus, ConnectionClosed):
        return None
    return connection


@pytest.fixture
async def attempt_id(platform) -> int:
    """An attempt of the first demo student that has not begun; other tests use theirs up."""
    launcher = legacy.ProcessLauncher(platform.environment)
    await asyncio.to_thread(seed.seed, launcher, platform.state.root, fresh=True)
    query = "SELECT id FROM attempts.attempts WHERE status = 'not_started' AND student_id = "
    found = await asyncio.to_thread(platform.rows, f"{query}{seed_rows.student_id(1)}")
    return max(int(row[0]) for row in found)


@pytest.fixture
async def log_in(platform, attempt_id) -> AsyncIterator[Callable[[str], Awaitable[Login]]]:
    made: list[Login] = []
    paths = {"demo-proctor": f"exams/{EXAM}/monitor", "demo001": f"attempts/{attempt_id}"}

    async def log_in(username: str) -> Login:
        body = {"username": username, "password": seed_rows.people()["password"]}
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.post(f"{platform.url}/api/v1/auth/login", json=body)
        login = answer.raise_for_status().json()
        made.append(Login(platform, login, paths.get(username, ""), attempt_id))
        return made[-1]

    yield log_in
    for login in made:
        await login.client.aclose()


async def post(login: Login, platform: Platform, path: str, body: dict) -> httpx.Response:
    return await login.client.post(f"{platform.url}/api/v1/auth/{path}", json=body)


@pytest.fixture
def healed(platform):
    yield platform
    platform.heal()


@pytest.mark.contract("2.3/revocation-everywhere", "2.3/revocation-sockets")
async def test_a_logout_ends_sockets_and_tokens_everywhere_and_for_good(healed, log_in):
    platform = healed
    student, proctor = await log_in("demo001"), await log_in("demo-proctor")
    stayed = await log_in("demo001")
    for login in (student, proctor):
        assert {await login.status(service) for service in READS} == {200}
    async with student.open_socket() as page, proctor.open_socket() as board:
        for login in (student, proctor):
            assert (await post(login, platform, "logout", {})).status_code == 200
        async with asyncio.timeout(REVOKED_SECONDS):
            assert await asyncio.gather(page, board) == [CLOSE_REVOKED, CLOSE_REVOKED]
            for login in (student, proctor):
                await eventually(login.is_refused_everywhere, REVOKED_SECONDS)
    assert await stayed.status("attempts") == 200, "another login of the same person goes on"
    for service in SERVICES:
        await refused_over_a_restart(platform, service, student, stayed)
    await lose_the_bus_store(platform)
    for service in SERVICES:
        assert await student.status(service) in {401, 403}, service
        await refused_over_a_restart(platform, service, student, stayed)


async def refused_over_a_restart(
    platform: Platform, service: str, revoked: Login, good: Login
) -> None:
    """Kill a service and ask until it takes a good token; the revoked one is never taken."""
    labels = [f"{service}#{n}" for n in (1, 2)] if service == "realtime" else [service]
    await asyncio.to_thread(platform.kill, labels[0])
    taken, seen = {200, 101}, set()
    end = time.monotonic() + RESTART_SECONDS
    while True:
        seen.add(await revoked.status(service))
        if await good.status(service) in taken:
            break
        assert time.monotonic() < end, f"{service} does not come back; it said {seen}"
    seen.add(await revoked.status(service))
    assert not seen & taken, f"{service} has taken a revoked token: {seen}"
    await asyncio.to_thread(platform.wait_ready, labels[0])


async def lose_the_bus_store(platform: Platform) -> None:
    await asyncio.to_thread(lambda: platform.kill("nats", hold=True))
    await asyncio.to_thread(shutil.rmtree, platform.state.nats / "jetstream")
    await asyncio.to_thread(platform.cont, "nats")
    await asyncio.to_thread(platform.wait_ready, "nats")


async def test_a_revocation_counts_within_five_seconds_while_the_bus_is_away(healed, log_in):
    student, stayed = await log_in("demo001"), await log_in("demo001")
    await asyncio.to_thread(lambda: healed.kill("nats", hold=True))
    assert (await post(student, healed, "logout", {})).status_code == 200
    await eventually(student.is_refused_everywhere, REVOKED_SECONDS)
    assert await stayed.status("attempts") == 200


@pytest.mark.contract("2.3/rotation")
async def test_a_refresh_token_used_by_two_ends_the_whole_family(healed, log_in):
    student = await log_in("demo001")
    async with student.open_socket() as page:
        first = await post(student, healed, "refresh", {"refresh_token": student.refresh_token})
        again = {"refresh_token": first.json()["refresh_token"]}
        assert (await post(student, healed, "refresh", again)).status_code == 200
        stolen = await post(student, healed, "refresh", {"refresh_token": student.refresh_token})
        assert stolen.status_code == 401
        async with asyncio.timeout(REVOKED_SECONDS):
            assert await page == CLOSE_REVOKED
            await eventually(student.is_refused_everywhere, REVOKED_SECONDS)


@pytest.mark.contract("2.3/deactivation")
async def test_a_deactivated_person_is_out_within_five_seconds(healed, log_in):
    admin = await log_in("demo-admin")
    student = await log_in("demo001")
    path = f"{healed.url}/api/v1/auth/users/{student.user_id}"
    async with student.open_socket() as page:
        gone = await admin.client.patch(path, json={"is_active": False})
        try:
            assert gone.status_code == 200
            async with asyncio.timeout(REVOKED_SECONDS):
                assert await page == CLOSE_REVOKED
                await eventually(lambda: out(student), REVOKED_SECONDS)
        finally:
            back = await admin.client.patch(path, json={"is_active": True})
    assert back.status_code == 200
    assert await out(student), "a token from before stays refused"

    async def is_in_again() -> bool:
        return await (await log_in("demo001")).status("attempts") == 200

    # A token tells whole seconds: one of the very second of the deactivation is still refused.
    await eventually(is_in_again, REVOKED_SECONDS)


async def out(student: Login) -> bool:
    """Whether nobody takes the token; auth, which knows the person, may say 403."""
    found = {service: await student.status(service) for service in SERVICES}
    return found.pop("auth") in {401, 403} and found == {
        "attempts": 401,
        "proctoring": 401,
        "realtime": 403,
    }
