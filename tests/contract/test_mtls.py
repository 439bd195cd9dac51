"""All services as processes, gRPC between them by certificates: who may call, who may not."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import grpc
import httpx
import pytest
import trustme
from chassis.errors import Unavailable
from chassis.migrating import migrate
from chassis.mtls import Identity
from chassis.rpc import call, channel
from chassis.waiting import eventually
from oep.attempts.v1.attempts_pb2 import ListStudentAttemptsRequest
from oep.attempts.v1.attempts_pb2_grpc import AttemptsServiceStub
from oep.auth.v1.auth_pb2 import ListRevocationsRequest
from oep.auth.v1.auth_pb2_grpc import AuthServiceStub
from oep.proctoring.v1.proctoring_pb2 import GetBoardRequest
from oep.proctoring.v1.proctoring_pb2_grpc import ProctoringServiceStub
from oep_local import ports

STUDENT = ListStudentAttemptsRequest(student_id=1)

STORED = ("auth", "attempts", "proctoring")
CALLERS = {
    "auth": "attempts,proctoring,realtime",
    "attempts": "proctoring,realtime",
    "proctoring": "realtime",
}


class Authority:
    """Signs a certificate for a name, into files of a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._ca = trustme.CA()

    def issue_apart(self, name: str) -> Identity:
        """Issue another for somebody who has one: running services keep theirs."""
        return self.issue(name, f"{name}-apart")

    def issue(self, name: str, file: str = "") -> Identity:
        made = self._ca.issue_cert(name, common_name=name)
        files = [self._folder / f"{file or name}.{part}" for part in ("crt", "key", "ca")]
        files[0].write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
        files[1].write_bytes(made.private_key_pem.bytes())
        files[2].write_bytes(self._ca.cert_pem.bytes())
        return Identity(*files)


class Running:
    """One service as a process, with its log."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self.rest = f"http://127.0.0.1:{environment['REST_PORT']}"
        self.grpc = f"127.0.0.1:{environment['GRPC_PORT']}"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", name], env=environment, stdout=out, stderr=out
            )

    async def ready(self) -> None:
        async def is_ready():
            assert self._process.poll() is None, self.said()
            try:
                async with httpx.AsyncClient() as http:
                    return (await http.get(f"{self.rest}/health/ready")).status_code == 200
            except httpx.HTTPError:
                return False

        await eventually(is_ready, seconds=200)

    def said(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("mtls") / "ours")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("mtls") / "foreign")


@pytest.fixture(scope="module")
async def services(authority, database, nats_server, tmp_path_factory):
    """auth, then those who ask it, then who asks those."""
    port = {name: (ports.free_port(), ports.free_port()) for name in (*STORED, "realtime")}
    folder = tmp_path_factory.mktemp("logs")
    common = {
        "PATH": os.environ["PATH"],
        "NATS_URL": nats_server.url,
        "JWKS_URL": f"http://127.0.0.1:{port['auth'][0]}/.well-known/jwks.json",
        "SIGNING_KEY_SECRET": "s" * 32,
        "RECEIPT_SIGNING_SECRET": "r" * 32,
        "EVIDENCE_SIGNING_SECRET": "e" * 32,
        **{f"{name.upper()}_GRPC": f"127.0.0.1:{port[name][1]}" for name in STORED},
    }
    running = {}

    def start(name: str, **more: str) -> None:
        files = authority.issue(name)
        told = {
            **common,
            "REST_PORT": str(port[name][0]),
            "GRPC_PORT": str(port[name][1]),
            "MTLS_CERTIFICATE_FILE": str(files.certificate),
            "MTLS_KEY_FILE": str(files.key),
            "MTLS_CA_FILE": str(files.ca),
            **more,
        }
        running[name] = Running(name, told, folder / f"{name}.log")

    urls_of = {name: database(name) for name in STORED}
    try:
        for name, urls in urls_of.items():
            await asyncio.to_thread(migrate, name, urls.owner_url, name)
            if name == "auth":  # gets ready while the others' tables are made
                start(name, DATABASE_URL=urls.app_url, MTLS_CALLERS=CALLERS[name])
        await running["auth"].ready()
        for name in STORED[1:]:
            start(name, DATABASE_URL=urls_of[name].app_url, MTLS_CALLERS=CALLERS[name])
        await asyncio.gather(*(service.ready() for service in running.values()))
        start("realtime")  # it compares clocks when it starts, then each 30 s
        await running["realtime"].ready()
        yield running
    finally:
        for service in reversed(running.values()):
            service.stop()


async def ask(service: Running, caller: Identity | None, peer: str | None = None) -> object:
    """Call what a service offers; raises what its neighbours would see."""
    async with channel(service.grpc, peer or service.name, caller) as way:
        method, request = {
            "auth": (AuthServiceStub(way).ListRevocations, ListRevocationsRequest()),
            "attempts": (AttemptsServiceStub(way).ListStudentAttempts, STUDENT),
            "proctoring": (ProctoringServiceStub(way).GetBoard, GetBoardRequest(exam_id=1)),
        }[service.name]
        return await call(method, request, seconds=20, idempotent=False)


@pytest.mark.parametrize(
    ("called", "method", "times"),
    [
        ("auth", "auth.v1.AuthService/ListRevocations", 3),
        ("attempts", "attempts.v1.AttemptsService/GetClock", 1),
    ],
)
async def test_services_ask_each_other_by_their_certificates(services, called, method, times):
    """Each asks auth who was revoked; realtime asks attempts what time it is."""
    counted = rf'^oep_rpc_seconds_count\{{method="/oep.{re.escape(method)}"\}} (\d+)'

    async def all_are_answered():
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{services[called].rest}/metrics")).text
        found = re.search(counted, text, flags=re.MULTILINE)
        return found is not None and int(found[1]) >= times

    await eventually(all_are_answered, seconds=90)
    said = [line for each in services.values() for line in each.said().splitlines()]
    failed = [line for line in said if "rpc.failed" in line]
    assert [line for line in failed if re.search("PERMISSION_DENIED|[Hh]andshake", line)] == []


@pytest.mark.parametrize(
    ("caller", "called"),
    [(one, called) for called, callers in CALLERS.items() for one in callers.split(",")],
)
async def test_a_neighbour_on_the_list_is_answered(services, authority, caller, called):
    assert await ask(services[called], authority.issue_apart(caller)) is not None


@pytest.mark.parametrize("caller", ["web", "gateway"])
async def test_a_neighbour_that_is_not_on_the_list_is_refused_and_named(
    services, authority, caller
):
    with pytest.raises(Unavailable):
        await ask(services["attempts"], authority.issue_apart(caller))

    async def is_named():
        said = services["attempts"].said().splitlines()
        return any("rpc.refused" in line and f'"{caller}"' in line for line in said)

    await eventually(is_named)


async def test_without_a_certificate_nothing_is_answered(services):
    with pytest.raises(Unavailable):
        await ask(services["auth"], None)
    await says(services["auth"], "WRONG_VERSION_NUMBER")


async def test_a_client_that_shows_nothing_is_refused(services, authority):
    ca = authority.issue_apart("proctoring").read().ca
    options = [("grpc.ssl_target_name_override", "attempts")]
    credentials = grpc.ssl_channel_credentials(ca)
    async with grpc.aio.secure_channel(
        services["attempts"].grpc, credentials, options=options
    ) as way:
        stub = AttemptsServiceStub(way)
        with pytest.raises(Unavailable):
            await call(stub.ListStudentAttempts, STUDENT, seconds=20, idempotent=False)
    await says(services["attempts"], "PEER_DID_NOT_RETURN_A_CERTIFICATE")


async def test_a_certificate_of_another_authority_is_refused(services, authority, foreign):
    theirs, ours = foreign.issue("proctoring"), authority.issue_apart("proctoring")
    mixed = Identity(theirs.certificate, theirs.key, ours.ca)
    with pytest.raises(Unavailable):
        await ask(services["attempts"], mixed)
    await says(services["attempts"], "CERTIFICATE_VERIFY_FAILED")


async def test_a_service_of_another_name_is_not_believed(services, authority, capsys):
    with pytest.raises(Unavailable):
        await ask(services["attempts"], authority.issue_apart("realtime"), peer="auth")
    assert "Hostname Verification Check failed" in capsys.readouterr().out


async def says(service: Running, words: str) -> None:
    async def has_said():
        return words in service.said()

    await eventually(has_said)
