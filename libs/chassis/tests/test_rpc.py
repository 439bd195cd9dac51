"""Failures keep their identity over gRPC; calls end in time."""

import asyncio
import time

import grpc
import pytest
from chassis.errors import Refused, Unavailable
from chassis.rpc import NeighbourUnavailable, RpcServer, call, channel
from grpc_health.v1 import health_pb2, health_pb2_grpc


class Closed(Refused):
    slug = "attempt-closed"
    detail = "Attempt is submitted"


class Servicer:
    """Answers what it was told to, over the wire of any generic method."""

    def __init__(self) -> None:
        self.calls = 0

    async def answer(self, request: bytes, context: object) -> bytes:
        self.calls += 1
        match request:
            case b"closed":
                raise Closed
            case b"later":
                raise Unavailable("Busy", retry_after_seconds=7)
            case b"broken":
                raise RuntimeError("secret text")
            case b"slow":
                await asyncio.Event().wait()
        return request

    def register(self, server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(self.answer)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Echo", {"Answer": handler}),)
        )


@pytest.fixture
async def echo():
    servicer = Servicer()
    server = RpcServer("127.0.0.1", 0, servicer.register)
    await server.start()
    async with channel(f"127.0.0.1:{server.port}") as open_channel:
        yield servicer, open_channel.unary_unary("/test.Echo/Answer"), server, open_channel
    await server.stop(0)


async def test_an_answer_comes_back(echo):
    assert await call(echo[1], b"hello", seconds=2) == b"hello"


async def test_a_failure_crosses_the_wire_with_kind_slug_and_words(echo):
    with pytest.raises(Refused, match="Attempt is submitted") as caught:
        await call(echo[1], b"closed", seconds=2)
    assert caught.value.slug == "attempt-closed"


async def test_retry_after_crosses_the_wire(echo):
    with pytest.raises(Unavailable, match="Busy") as caught:
        await call(echo[1], b"later", seconds=0.3, idempotent=False)
    assert caught.value.retry_after_seconds == 7
    assert echo[0].calls == 1


async def test_an_unforeseen_error_crosses_without_its_text(echo, capsys):
    with pytest.raises(NeighbourUnavailable) as caught:
        await call(echo[1], b"broken", seconds=2)
    assert "secret" not in str(caught.value)
    assert "rpc.unforeseen" in capsys.readouterr().out


async def test_a_call_never_takes_longer_than_its_deadline(echo):
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await call(echo[1], b"slow", seconds=0.3)
    assert time.monotonic() - began < 1


async def test_nobody_there_is_unavailable_within_the_deadline():
    async with channel("127.0.0.1:1") as nobody:
        began = time.monotonic()
        with pytest.raises(NeighbourUnavailable):
            await call(nobody.unary_unary("/test.Echo/Answer"), b"x", seconds=0.5)
        assert time.monotonic() - began < 1.5


async def test_an_idempotent_call_is_tried_again_on_another_replica(echo):
    both = channel(f"127.0.0.1:1,127.0.0.1:{echo[2].port}")
    async with both:
        for _ in range(4):
            answer = await call(both.unary_unary("/test.Echo/Answer"), b"x", seconds=3)
            assert answer == b"x"


async def test_a_taken_port_is_named(echo):
    second = RpcServer("127.0.0.1", echo[2].port, echo[0].register)
    with pytest.raises(OSError, match=str(echo[2].port)):
        await second.start()


async def test_health_is_served(echo):
    stub = health_pb2_grpc.HealthStub(echo[3])
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
