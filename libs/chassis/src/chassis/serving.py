"""How a service is put together and run: supervised tasks, health, metrics, one line per request.

A service's `app.py` hands over its parts; nothing here knows what they do. One process per port;
scale by replicas.
"""

import asyncio
import contextlib
import gc
import random
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Any

import anyio.to_thread
import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import describing, metrics, patience, problems, tracing
from chassis.ending import end
from chassis.settings import ServiceSettings

log = structlog.get_logger()

REQUESTS = Counter("oep_http_requests_total", "REST requests", ["method", "route", "status"])
SECONDS = Histogram(
    "oep_http_request_seconds",
    "REST request duration",
    ["method", "route"],
    buckets=metrics.SECONDS,
)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
_END_SECONDS = 10.0
_GLANCE_SECONDS = 0.05
REQUEST_SECONDS = 10.0
"""How long a request may wait for storage and neighbours in all; the gateway waits for 15 s."""
_ALLOCATIONS_BETWEEN_COLLECTIONS = 10_000
_QUIET = ("/health/", "/metrics")

Check = Callable[[], Awaitable[bool]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Supervisor:
    """Runs background tasks for ever: restarts what fails, cancels and awaits all at the end."""

    def __init__(self) -> None:
        self._factories: dict[str, Callable[[], Awaitable[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, factory: Callable[[], Awaitable[None]]) -> None:
        """Name a task before `start`; `factory` is called again after each failure."""
        self._factories[name] = factory

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._keep(name, factory), name=name)
            for name, factory in self._factories.items()
        ]

    async def stop(self) -> None:
        """Cancel all tasks and wait until each has ended, finishing what it must."""
        await end(self._tasks, seconds=_END_SECONDS)
        self._tasks = []

    async def _keep(self, name: str, factory: Callable[[], Awaitable[None]]) -> None:
        pause = 0.1
        while True:
            began = time.monotonic()
            try:
                await factory()
                log.warning("task.ended", task=name)
            except Exception:
                log.exception("task.failed", task=name)
            if time.monotonic() - began > 60:
                pause = 0.1
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


@contextlib.asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[None]:
    """Keep the supervisor's tasks running for the length of a `with` block."""
    supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()


class Service(FastAPI):
    """FastAPI, but for what is on a lane (`chassis.lanes`): that is answered before it.

    So are sockets, when they have a router: no middleware of ours speaks WebSocket.
    """

    lanes: Mapping[str, ASGIApp] = MappingProxyType({})
    sockets: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self.sockets is not None:
            scope["app"] = self
            await self.sockets(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "POST":
            lane = self.lanes.get(scope["path"])
            if lane is not None:
                scope["app"] = self
                await lane(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def service(
    name: str,
    version: str,
    lifespan: Lifespan,
    checks: Mapping[str, Check],
    *,
    worker_threads: int = 8,
    sockets: ASGIApp | None = None,
    request_seconds: float = REQUEST_SECONDS,
) -> FastAPI:
    """Return a FastAPI app with problem bodies, request ids, health and metrics.

    `checks` are what `/health/ready` asks, by name; each has 2 s. `worker_threads` bounds plain
    `def` handlers and must not exceed the database pool. `sockets` takes what is a WebSocket.
    `request_seconds` is the patience of a request (`chassis.patience`).
    """

    @contextlib.asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = worker_threads
        metrics.BUILD.labels(name, version).set(1)
        lag = asyncio.create_task(metrics.watch_loop(), name="loop-lag")
        try:
            async with lifespan(app):
                app.state.is_stopping = False
                yield
        finally:
            await end([lag], seconds=_END_SECONDS)

    app = Service(
        title=f"OEP {name}",
        version=version,
        lifespan=whole,
        docs_url=None,
        redoc_url=None,
    )
    app.sockets = sockets
    app.state.is_stopping = False
    app.state.request_seconds = request_seconds
    problems.install(app)
    describing.describe(app)
    _add_health(app, name, checks)
    app.add_middleware(_Canonical, seconds=request_seconds)
    return app


def _add_health(app: FastAPI, name: str, checks: Mapping[str, Check]) -> None:
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "healthy", "service": name, "version": app.version})

    async def ready(_: Request) -> Response:
        results = await asyncio.gather(*(_passes(check) for check in checks.values()))
        state = dict(zip(checks, results, strict=True)) | {"serving": not app.state.is_stopping}
        good = all(state.values())
        words = {part: "ok" if fine else "failing" for part, fine in state.items()}
        return JSONResponse(
            {"status": "ready" if good else "not ready", "service": name, "checks": words},
            200 if good else 503,
        )

    async def counted(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app.add_route("/health/live", live, include_in_schema=False)
    app.add_route("/health/ready", ready, include_in_schema=False)
    app.add_route("/metrics", counted, include_in_schema=False)


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(2):
            return await check()
    except Exception as error:  # noqa: BLE001  # whatever it is, the answer is "failing"
        log.info("check.failed", error=type(error).__name__)
        return False


class _Canonical:
    """Gives each request an id, its patience and, at its end, one log line and its metrics."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_QUIET):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                patience.for_each_wait()
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        span = _span(scope, request_id) if tracing.is_on() else None
        try:
            with (
                patience.begun(self._seconds, scope["method"]),
                tracing.carried(span.traceparent if span is not None else None),
            ):
                await self._app(scope, receive, noting)
        except Exception:
            log.exception("request.unforeseen", path=scope["path"])
            if status is None:
                await problems.unforeseen(scope["path"], request_id)(scope, receive, noting)
        finally:
            _note(scope, status, time.perf_counter() - began)
            if span is not None:
                name = f"{scope['method']} {route_of(scope)}"
                span.end(name=name, attributes={"http.response.status_code": status or 500})
            structlog.contextvars.unbind_contextvars("request_id")


def request_id_of(scope: Scope) -> str:
    """Return the id that the gateway gave a request or handshake, or a new one."""
    return known_or_new_id(next((v for k, v in scope["headers"] if k == b"x-request-id"), None))


def known_or_new_id(given: bytes | None) -> str:
    """Return `given` when it can be an id, or a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(128):032x}"  # an id, not a secret


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that took a request, once it did."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _span(scope: Scope, request_id: str) -> tracing.Span | None:
    header = next((value for key, value in scope["headers"] if key == b"traceparent"), None)
    return tracing.at_edge(scope["method"], header, {"oep.request_id": request_id})


def _note(scope: Scope, status: int | None, seconds: float) -> None:
    route = route_of(scope)
    REQUESTS.labels(scope["method"], route, status).inc()
    SECONDS.labels(scope["method"], route).observe(seconds)
    log.info(
        "request.done",
        method=scope["method"],
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
    )


class _Server(uvicorn.Server):
    """Marks the app as stopping before sockets are closed, so that readiness goes first."""

    def __init__(self, config: uvicorn.Config, leaving_seconds: float) -> None:
        super().__init__(config)
        self._leaving_seconds = leaving_seconds
        self._is_in_a_hurry = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.is_stopping = True
        self._is_in_a_hurry |= sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def startup(self, sockets: Any = None) -> None:
        """Start; then tell the collector of garbage that what has been made until now stays.

        It looked through all modules again and again: a tenth of what a batch of events cost, and
        pauses of 50 ms. Reference counts free nearly everything else, so it may look less often.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)

    async def shutdown(self, sockets: Any = None) -> None:
        """Stay until the gateway has noticed, stop accepting, let the app `drain`, end the rest."""
        await self._leave()
        drain = getattr(getattr(self.config.app, "state", None), "drain", None)
        if drain is not None:
            for server in self.servers:
                server.close()
            await drain()
        await super().shutdown(sockets)

    async def _leave(self) -> None:
        """Be not ready and take what still comes; SIGINT ends that, or does without it."""
        until = time.monotonic() + self._leaving_seconds
        while time.monotonic() < until and not self._is_in_a_hurry:  # noqa: ASYNC110  # a signal wakes no loop
            await asyncio.sleep(_GLANCE_SECONDS)


def serve(app: FastAPI, settings: ServiceSettings, **options: Any) -> None:
    """Serve until SIGTERM or SIGINT; exits the process with 1 when the port is taken."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.rest_port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than the gateway keeps an idle connection
        timeout_graceful_shutdown=max(1, int(settings.shutdown_seconds)),
        **{"ws": "none", **options},
    )
    server = _Server(config, settings.leaving_seconds)
    tracing.configure(app.title, settings)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    tracing.stop()
    if not server.started:
        log.error("service.not_started", host=settings.host, port=settings.rest_port)
        raise SystemExit(1)
