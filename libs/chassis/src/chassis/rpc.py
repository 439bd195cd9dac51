"""gRPC, both ends: deadlines in code, failures that keep their identity over the wire.

A `Failure` raised by a handler travels as a status with `google.rpc.ErrorInfo`; `call` turns it
back into a `Failure`, so that no `grpc.RpcError` is seen above a `_client` module.
"""

import asyncio
import functools
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from chassis import metrics, mtls, patience, tracing
from chassis.errors import BY_GRPC_STATUS, Failure, Unavailable
from chassis.mtls import Identity
from chassis.renewing import RenewedChannel

log = structlog.get_logger()

Request = TypeVar("Request")
Response = TypeVar("Response")

_DOMAIN = "oep"
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_OPTIONS = [
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.enable_retries", 0),
]


class NeighbourUnavailable(Unavailable):
    slug = "neighbour-unavailable"
    detail = "A required service is temporarily unavailable. Please try again."


def channel(addresses: str, peer: str = "", identity: Identity | None = None) -> grpc.aio.Channel:
    """Return a channel to one address, to a `dns:///` name, or to several, comma-separated.

    With an identity it shows its certificate and talks to nobody whose own does not name `peer`.
    """
    many = "," in addresses and "://" not in addresses
    target = f"ipv4:{addresses}" if many else addresses
    if identity is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    options = [*_OPTIONS, ("grpc.ssl_target_name_override", peer)]
    return RenewedChannel(
        identity, lambda shown: grpc.aio.secure_channel(target, shown, options=options)
    )


async def call(
    method: Callable[..., Awaitable[Response]],
    request: object,
    *,
    seconds: float,
    idempotent: bool = True,
) -> Response:
    """Call `method` and raise our own failures; never takes longer than `seconds`.

    Nor longer than what is left of the patience of the request for which it is called.

    UNAVAILABLE is tried again within the deadline when the call is idempotent.
    """
    if tracing.current() is not None:
        return await _traced(method, request, seconds=seconds, idempotent=idempotent)
    return await _call(method, request, seconds=seconds, idempotent=idempotent)


async def _traced(
    method: Callable[..., Awaitable[Response]], request: object, *, seconds: float, idempotent: bool
) -> Response:
    name = getattr(method, "_method", b"").decode()
    with tracing.span(name or "call", kind="client"):
        here = ((tracing.HEADER, tracing.current()),)
        call = functools.partial(method, metadata=here)
        return await _call(call, request, seconds=seconds, idempotent=idempotent)


async def _call(
    method: Callable[..., Awaitable[Response]], request: object, *, seconds: float, idempotent: bool
) -> Response:
    asked = patience.current()
    left = seconds if asked is None else min(seconds, asked.left())
    deadline = time.monotonic() + left
    pause = 0.05
    while True:
        try:
            return await method(request, timeout=max(deadline - time.monotonic(), 0.001))
        except grpc.aio.AioRpcError as error:
            failure = _failure(error)
            again = idempotent and error.code() is grpc.StatusCode.UNAVAILABLE
            wait = pause * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, not a secret
            if not again or time.monotonic() + wait >= deadline:
                metrics.NEIGHBOUR_FAILURES.labels(failure.slug).inc()
                raise failure from error
            await asyncio.sleep(wait)
            pause = min(pause * 2, 0.5)


def _failure(error: grpc.aio.AioRpcError) -> Failure:
    status = rpc_status.from_call(error)
    if status is not None:
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info) and info.domain == _DOMAIN:
                return _rebuilt(error.code(), info, status.message)
    # What gRPC says itself of a connection: names and addresses of services, nothing of a request.
    about = {"why": error.details()} if error.code() is grpc.StatusCode.UNAVAILABLE else {}
    log.warning("rpc.failed", status=error.code().name, **about)
    return NeighbourUnavailable()


def _rebuilt(code: grpc.StatusCode, info: error_details_pb2.ErrorInfo, message: str) -> Failure:
    cls = BY_GRPC_STATUS.get(code.name, Unavailable)
    named = type(cls.__name__, (cls,), {"slug": info.reason})
    seconds = info.metadata.get("retry_after_seconds")
    failure: Failure = named(message, retry_after_seconds=float(seconds) if seconds else None)
    return failure


class RpcServer:
    """A gRPC server on the service's event loop, with health and our errors."""

    def __init__(
        self,
        host: str,
        port: int,
        register: Callable[[grpc.aio.Server], None],
        *,
        identity: Identity | None = None,
        callers: Iterable[str] = (),
    ) -> None:
        """`register` adds the servicers; port 0 takes a free one.

        With an identity only `callers` may call, by the names in their certificates.
        """
        self._address = f"{host}:{port}"
        self._register = register
        self._identity = identity
        self._callers = frozenset(callers)
        self._server: grpc.aio.Server | None = None
        self._health = health.aio.HealthServicer()
        self.port = port

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken or a file of the identity is away."""
        self._server = grpc.aio.server(
            interceptors=[_Translator(self._judged)],
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
            ],
            maximum_concurrent_rpcs=1_000,
        )
        self._register(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            self.port = self._listen(self._server)
        except RuntimeError as error:
            message = f"gRPC port {self._address} is taken; stop what holds it or set GRPC_PORT"
            raise OSError(message) from error
        await self._server.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    def _listen(self, server: grpc.aio.Server) -> int:
        if self._identity is None:
            return server.add_insecure_port(self._address)
        return server.add_secure_port(self._address, mtls.server_credentials(self._identity))

    @property
    def _judged(self) -> frozenset[str] | None:
        return None if self._identity is None else self._callers

    async def stop(self, grace_seconds: float = 1.0) -> None:
        """Refuse new calls at once, give running ones `grace_seconds`."""
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace_seconds)


class _Translator(grpc.aio.ServerInterceptor):
    """Turns strangers away and failures into statuses; logs what nobody foresaw, once."""

    def __init__(self, callers: frozenset[str] | None) -> None:
        """None takes calls from everybody who can reach the port."""
        self._callers = callers

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        behaviour = handler.unary_unary
        if behaviour is None:
            # Streams only tell of health; where callers are judged nobody needs them.
            return handler if self._callers is None else _not_offered()
        translated = _translated(behaviour, handler_call_details.method)
        if self._callers is not None:
            translated = _judged(translated, self._callers, handler_call_details.method)
        return grpc.unary_unary_rpc_method_handler(
            translated,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


Behaviour = Callable[[Any, Any], Awaitable[Any]]


def _judged(behaviour: Behaviour, callers: frozenset[str], method: str) -> Behaviour:
    async def run(request: Any, context: Any) -> Any:
        shown = mtls.names(context.auth_context())
        if shown.isdisjoint(callers):
            log.warning("rpc.refused", caller=sorted(shown), method=method)
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "This caller may not call here")
        return await behaviour(request, context)

    return run


def _not_offered() -> Any:
    async def run(_: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Not offered here")

    return grpc.unary_unary_rpc_method_handler(run)


def _translated(behaviour: Behaviour, method: str) -> Behaviour:
    seconds = metrics.RPC_SECONDS.labels(method)

    async def run(request: Any, context: Any) -> Any:
        if not tracing.is_on():
            return await answered(request, context)
        said = dict(context.invocation_metadata() or ()).get(tracing.HEADER)
        with tracing.span(method, said, kind="server"):
            return await answered(request, context)

    async def answered(request: Any, context: Any) -> Any:
        began = time.perf_counter()
        try:
            answer = await behaviour(request, context)
        except Failure as failure:
            metrics.RPC_FAILURES.labels(method, failure.slug).inc()
            await context.abort_with_status(rpc_status.to_status(_status(failure)))
        except grpc.aio.AbortError:
            raise
        except Exception:
            metrics.RPC_FAILURES.labels(method, "unforeseen").inc()
            log.exception("rpc.unforeseen", method=method)
            await context.abort(grpc.StatusCode.INTERNAL, "Internal Server Error")
        else:
            seconds.observe(time.perf_counter() - began)
            return answer

    return run


def _status(failure: Failure) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason=failure.slug, domain=_DOMAIN)
    if failure.retry_after_seconds is not None:
        info.metadata["retry_after_seconds"] = str(failure.retry_after_seconds)
    packed = any_pb2.Any()
    packed.Pack(info)
    return status_pb2.Status(
        code=grpc.StatusCode[failure.kind.value.grpc_status].value[0],
        message=failure.detail,
        details=[packed],
    )
