"""Who may call whom by gRPC, by the names in certificates; renewed files are taken as they come."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
import trustme
from chassis import mtls, renewing
from chassis.errors import Unavailable
from chassis.mtls import Identity, Renewal
from chassis.rpc import RpcServer, call, channel
from chassis.settings import DatabaseSettings
from chassis.waiting import eventually
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr, ValidationError

METHOD = "/test.Echo/Answer"


class Authority:
    """Signs certificates into folders, as an operator would into mounted secrets."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self._folder = folder

    def issue(self, name: str, ca: trustme.CA | None = None, **life: datetime) -> Identity:
        """Give a service a new certificate, in place of its old one."""
        made = (ca or self.ca).issue_cert(name, common_name=name, **life)
        files = [self._folder / f"{name}.{part}" for part in ("crt", "key", "ca")]
        put(files[0], b"".join(each.bytes() for each in made.cert_chain_pems))
        put(files[1], made.private_key_pem.bytes())
        put(files[2], self.ca.cert_pem.bytes())
        return Identity(*files)


def put(file: Path, content: bytes) -> None:
    """Write another file of that name: in place, two writes of one tick would look like one."""
    fresh = file.with_suffix(".fresh")
    fresh.write_bytes(content)
    fresh.replace(file)


def ended() -> dict[str, datetime]:
    """Return the life of a certificate that ended a minute ago."""
    now = datetime.now(UTC)
    return {"not_before": now - timedelta(days=7), "not_after": now - timedelta(minutes=1)}


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


class Echo:
    """Answers with what it is asked, and remembers which certificates it saw."""

    def __init__(self) -> None:
        self.shown: list[bytes] = []

    async def answer(self, request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        self.shown.append(b"".join(context.auth_context().get("x509_pem_cert", ())))
        return request

    def register(self, server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(self.answer)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Echo", {"Answer": handler}),)
        )


@pytest.fixture
async def attempts(authority):
    """A service that takes calls of proctoring alone."""
    echo = Echo()
    server = RpcServer(
        "127.0.0.1",
        0,
        echo.register,
        identity=authority.issue("attempts"),
        callers=["proctoring"],
    )
    await server.start()
    yield echo, f"127.0.0.1:{server.port}"
    await server.stop(0)


async def ask(address: str, peer: str, identity: Identity | None) -> bytes:
    async with channel(address, peer, identity) as way:
        return await call(way.unary_unary(METHOD), b"hello", seconds=10, idempotent=False)


async def test_who_is_on_the_list_is_answered(attempts, authority):
    assert await ask(attempts[1], "attempts", authority.issue("proctoring")) == b"hello"


async def test_several_addresses_are_one_name(attempts, authority):
    both = f"127.0.0.1:1,{attempts[1]}"
    async with channel(both, "attempts", authority.issue("proctoring")) as way:
        assert await call(way.unary_unary(METHOD), b"hello", seconds=10) == b"hello"


async def test_a_call_by_certificate_is_traced_by_its_method(attempts, authority):
    async with channel(attempts[1], "attempts", authority.issue("proctoring")) as way:
        assert way.unary_unary(METHOD)._method == METHOD.encode()


async def test_who_is_not_on_the_list_is_refused_by_name(attempts, authority, capsys):
    with pytest.raises(Unavailable):
        await ask(attempts[1], "attempts", authority.issue("web"))
    said = capsys.readouterr().out
    assert "rpc.refused" in said
    assert "web" in said
    assert METHOD in said
    assert attempts[0].shown == []


async def test_nobody_is_on_an_empty_list(authority):
    echo = Echo()
    server = RpcServer("127.0.0.1", 0, echo.register, identity=authority.issue("attempts"))
    await server.start()
    with pytest.raises(Unavailable):
        await ask(f"127.0.0.1:{server.port}", "attempts", authority.issue("proctoring"))
    await server.stop(0)
    assert echo.shown == []


async def test_health_is_no_way_around_the_list(attempts, authority):
    async with channel(attempts[1], "attempts", authority.issue("web")) as way:
        stub = health_pb2_grpc.HealthStub(way)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Watch(health_pb2.HealthCheckRequest(), timeout=10).read()
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("who", ["nobody", "no certificate", "a foreign authority", "ended"])
async def test_without_a_certificate_of_ours_there_is_no_connection(
    attempts, authority, who, capfd
):
    foreign = authority.issue("proctoring", trustme.CA()).read()
    old = authority.issue("realtime", **ended()).read()
    ca = authority.ca.cert_pem.bytes()
    credentials = {
        "ended": grpc.ssl_channel_credentials(ca, old.key, old.certificate),
        "no certificate": grpc.ssl_channel_credentials(ca),
        "a foreign authority": grpc.ssl_channel_credentials(ca, foreign.key, foreign.certificate),
    }
    options = [("grpc.ssl_target_name_override", "attempts")]
    way = (
        grpc.aio.secure_channel(attempts[1], credentials[who], options=options)
        if who in credentials
        else channel(attempts[1])
    )
    async with way:
        with pytest.raises(Unavailable):
            await call(way.unary_unary(METHOD), b"hello", seconds=10, idempotent=False)
    assert attempts[0].shown == []
    reasons = {
        "nobody": "WRONG_VERSION_NUMBER",
        "no certificate": "PEER_DID_NOT_RETURN_A_CERTIFICATE",
        "a foreign authority": "CERTIFICATE_VERIFY_FAILED",
        "ended": "CERTIFICATE_VERIFY_FAILED",
    }
    heard = {"out": "", "err": ""}

    async def is_said():
        now = capfd.readouterr()
        heard["out"], heard["err"] = heard["out"] + now.out, heard["err"] + now.err
        return "rpc.failed" in heard["out"] and reasons[who] in heard["err"]

    await eventually(is_said)  # the server writes its own line when it likes


async def test_a_server_of_another_name_is_told_nothing(attempts, authority, capsys):
    with pytest.raises(Unavailable):
        await ask(attempts[1], "auth", authority.issue("proctoring"))
    assert "Hostname Verification Check failed" in capsys.readouterr().out
    assert attempts[0].shown == []


async def test_a_server_of_a_foreign_authority_is_told_nothing(attempts, authority, capsys):
    stranger = Authority(authority._folder)
    with pytest.raises(Unavailable):
        await ask(attempts[1], "attempts", stranger.issue("proctoring"))
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().out


async def test_a_server_whose_certificate_has_ended_is_told_nothing(authority, capsys):
    echo = Echo()
    old = authority.issue("attempts", **ended())
    server = RpcServer("127.0.0.1", 0, echo.register, identity=old, callers=["proctoring"])
    await server.start()
    address = f"127.0.0.1:{server.port}"
    with pytest.raises(Unavailable):
        await ask(address, "attempts", authority.issue("proctoring"))
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().out
    assert echo.shown == []
    authority.issue("attempts")  # renewed at last: no restart is needed
    assert await ask(address, "attempts", authority.issue("proctoring")) == b"hello"
    await server.stop(0)


async def test_a_renewed_client_certificate_is_shown_from_the_next_call_on(attempts, authority):
    echo, address = attempts
    identity = authority.issue("proctoring")
    ways = renewing.RenewedChannel(
        identity, lambda shown: channel_of(address, shown), look_seconds=0.0
    )
    async with ways as way:
        method = way.unary_unary(METHOD)
        await call(method, b"1", seconds=10)
        authority.issue("proctoring")
        await call(method, b"2", seconds=10)
    assert echo.shown[0] != echo.shown[1]


def channel_of(address: str, shown: grpc.ChannelCredentials) -> grpc.aio.Channel:
    options = [("grpc.ssl_target_name_override", "attempts")]
    return grpc.aio.secure_channel(address, shown, options=options)


async def test_what_is_under_way_when_a_client_renews_is_answered(authority):
    release = asyncio.Event()

    async def answer(request: bytes, _: object) -> bytes:
        if request == b"slow":
            await release.wait()
        return request

    def register(server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(answer)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Echo", {"Answer": handler}),)
        )

    identity = authority.issue("attempts")
    server = RpcServer("127.0.0.1", 0, register, identity=identity, callers=["proctoring"])
    await server.start()
    ways = renewing.RenewedChannel(
        authority.issue("proctoring"),
        lambda shown: channel_of(f"127.0.0.1:{server.port}", shown),
        look_seconds=0.0,
    )
    async with ways as way:
        first = way.newest()
        slow = asyncio.create_task(call(way.unary_unary(METHOD), b"slow", seconds=10))
        await asyncio.sleep(0)
        authority.issue("proctoring")
        assert await call(way.unary_unary(METHOD), b"quick", seconds=10) == b"quick"
        assert way.newest() is not first
        release.set()
        assert await slow == b"slow"
    await server.stop(0)


async def test_a_server_shows_its_renewed_certificate_to_the_next_who_connects(attempts, authority):
    identity = authority.issue("proctoring")
    before = await shown_by(attempts[1], identity)
    authority.issue("attempts")
    after = await shown_by(attempts[1], identity)
    assert before != after


async def shown_by(address: str, identity: Identity) -> bytes:
    """Return the certificate that a server shows to somebody new."""

    def look() -> bytes:
        context = ssl.create_default_context(cafile=str(identity.ca))
        context.load_cert_chain(identity.certificate, identity.key)
        context.set_alpn_protocols(["h2"])
        host, port = address.split(":")
        with (
            socket.create_connection((host, int(port)), timeout=5) as line,
            context.wrap_socket(line, server_hostname="attempts") as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True) or b""

    return await asyncio.to_thread(look)


def test_a_half_written_pair_is_passed_over_until_it_fits(authority, capsys):
    identity = authority.issue("attempts")
    renewal = Renewal(identity)
    good = renewal.pem
    key = identity.key.read_bytes()
    authority.issue("attempts")
    fresh = identity.key.read_bytes()
    put(identity.key, key)  # the new certificate beside the old key
    assert not renewal.renewed()
    assert renewal.pem is good
    assert "mtls.unfit" in capsys.readouterr().out
    put(identity.key, fresh)
    assert renewal.renewed()
    assert renewal.pem != good
    assert not renewal.renewed()


def test_when_the_certificate_ends_can_be_watched(authority):
    renewal = Renewal(authority.issue("attempts"))
    assert mtls.NOT_AFTER._value.get() == renewal.pem.not_after.timestamp()


async def test_a_missing_file_is_named_at_the_start(authority):
    identity = authority.issue("attempts")
    identity.key.unlink()
    server = RpcServer("127.0.0.1", 0, Echo().register, identity=identity)
    with pytest.raises(OSError, match=r"attempts\.key"):
        await server.start()


def settings(**more: object) -> DatabaseSettings:
    return DatabaseSettings(
        rest_port=1,
        grpc_port=2,
        nats_url="nats://127.0.0.1:1",
        jwks_url="http://127.0.0.1:1/keys",
        database_url=SecretStr("postgresql://a@h/d"),
        **more,
    )


def test_no_certificates_are_wanted_unless_they_are_named():
    assert Identity.of(settings()) is None


def test_callers_are_read_as_a_list():
    files = {f"mtls_{part}_file": Path(part) for part in ("certificate", "key", "ca")}
    read = settings(**files, mtls_callers="proctoring, realtime")
    assert read.mtls_callers == ("proctoring", "realtime")
    assert Identity.of(read) == Identity(Path("certificate"), Path("key"), Path("ca"))


@pytest.mark.parametrize(
    "half",
    [{"mtls_key_file": Path("key")}, {"mtls_callers": "proctoring"}],
)
def test_half_an_identity_is_refused(half):
    with pytest.raises(ValidationError, match="MTLS_CERTIFICATE_FILE"):
        settings(**half)


async def test_a_client_looks_at_its_files_only_now_and_then(attempts, authority):
    echo, address = attempts
    async with channel(address, "attempts", authority.issue("proctoring")) as way:
        method = way.unary_unary(METHOD)
        await call(method, b"1", seconds=10)
        authority.issue("proctoring")
        await call(method, b"2", seconds=10)
        assert echo.shown[0] == echo.shown[1]
        way._look_at = 0.0

        async def is_new():
            await call(method, b"3", seconds=10)
            return echo.shown[-1] != echo.shown[0]

        await eventually(is_new)
