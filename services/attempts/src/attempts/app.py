"""Composes the service: what it is made of, what runs beside it, when it is ready.

`create_app` opens nothing: the description of the API can be had without any server.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

import grpc
from chassis.assignments import Assignments
from chassis.bus import Bus
from chassis.database import Database
from chassis.mtls import Identity
from chassis.outbox import Relay
from chassis.rpc import RpcServer, channel
from chassis.serving import Supervisor, running, service
from chassis.signing import SigningKey
from chassis.tokens import LIST_PATIENCE_SECONDS, KeySet, Revocations, TokenVerifier
from fastapi import FastAPI
from oep.attempts.v1.attempts_pb2_grpc import add_AttemptsServiceServicer_to_server
from starlette.types import ASGIApp, Receive, Scope, Send

from attempts.acting import Acting
from attempts.allowing import Allowing
from attempts.auth_client import AuthClient, Names
from attempts.authoring import Authoring
from attempts.authorising import Authorising
from attempts.broadcasting import Broadcasting
from attempts.clock import Clock
from attempts.compensating import Compensating
from attempts.composing import Composing
from attempts.exchanging import Exchanging
from attempts.forgetting import Forgetting
from attempts.grouping import GROUPS_IN_FLIGHT, Grouping
from attempts.hand_marking import Marking
from attempts.inbox import Inbox
from attempts.lifecycle import Lifecycle
from attempts.moving import Moving
from attempts.opener import Opener
from attempts.opening import Openings
from attempts.papers import Papers
from attempts.reading import Reading
from attempts.receipt import PURPOSE
from attempts.regrading import Regrading
from attempts.releasing import Releasing
from attempts.rest import actions as action_routes
from attempts.rest import attempts as attempt_routes
from attempts.rest import audit as audit_routes
from attempts.rest import content as content_routes
from attempts.rest import exams as exam_routes
from attempts.rest import exchange as exchange_routes
from attempts.rest import finals as final_routes
from attempts.rest import grading as grading_routes
from attempts.rest import lobby as lobby_routes
from attempts.rest import outages as outage_routes
from attempts.rest import outpaced
from attempts.rest import people as people_routes
from attempts.rest import receipts as receipt_routes
from attempts.rest import safe_browser as safe_browser_routes
from attempts.rest import sitting as sitting_routes
from attempts.rest import statements as statement_routes
from attempts.rest import transfers as transfer_routes
from attempts.rest.shared import Parts
from attempts.rpc import AttemptsServicer
from attempts.rubric_writing import RubricWriting
from attempts.safe_browsing import SafeBrowsing
from attempts.saving import Saving
from attempts.settings import Settings
from attempts.starting import Starting
from attempts.stating import Stating
from attempts.steering import Steering
from attempts.surveying import Surveying
from attempts.tables import OUTBOX

_SUBMITS_AT_ONCE = 100
"""A group holds its attempts for as long as it takes: a third of a second by what one costs."""
_WITH_SLASH = {"/api/v1/exams", "/api/v1/attempts"}


class Attempts:
    """One running service; `open` is the length of its life."""

    def __init__(self, settings: Settings) -> None:
        """Only remember; nothing is opened here."""
        self._settings = settings
        secret = settings.receipt_signing_secret.get_secret_value()
        self._receipt_key = SigningKey.derived(secret, PURPOSE)
        self.keys = KeySet(settings.jwks_url)
        self.revocations = Revocations(patience_seconds=LIST_PATIENCE_SECONDS)
        self.verifier = TokenVerifier(self.keys, self.revocations, settings.token_issuer)
        self._database: Database | None = None

    @contextlib.asynccontextmanager
    async def open(self, app: FastAPI) -> AsyncIterator[None]:
        """Open everything, serve, close everything in the opposite order."""
        settings = self._settings
        async with contextlib.AsyncExitStack() as stack:
            database = await _opened(stack, Database.from_settings(settings))
            ticking = await _opened(stack, _clock_database(settings))
            bus = Bus(
                settings.nats_url, f"attempts-{settings.node_id}", replicas=settings.nats_replicas
            )
            await bus.start()
            stack.push_async_callback(bus.close)
            relay = Relay(settings.database_url.get_secret_value(), OUTBOX, bus, source="attempts")
            auth = channel(settings.auth_grpc, "auth", Identity.of(settings))
            stack.push_async_callback(auth.close)
            app.state.verifier = self.verifier
            app.state.parts = parts = self._parts(database, relay, auth)
            await self._listen(stack, parts)
            supervisor = self._tasks(bus, relay, ticking)
            supervisor.add("safe-browser", lambda: parts.safe_browsing.keep(ticking))
            asking = AuthClient(auth)
            supervisor.add("opener", self._opener(database, parts).run)
            supervisor.add("inbox", Inbox(bus, database, parts.compensating).run)
            for number in range(GROUPS_IN_FLIGHT):
                supervisor.add(f"saves-{number}", parts.saves.run)
                supervisor.add(f"submits-{number}", parts.submits.run)
            supervisor.add("revocation-list", lambda: self.revocations.keep(asking.revoked, bus))
            await stack.enter_async_context(running(supervisor))
            self._database = database
            yield
            self._database = None

    async def can_reach_database(self) -> bool:
        if self._database is None:
            return False
        await self._database.run(self._database.ping)
        return True

    async def has_keys(self) -> bool:
        return self.keys.is_loaded

    async def knows_revocations(self) -> bool:
        return self.revocations.is_known

    async def _listen(self, stack: contextlib.AsyncExitStack, parts: Parts) -> None:
        servicer = AttemptsServicer(
            parts.database,
            parts.reading,
            parts.saving,
            parts.names,
            parts.safe_browsing,
            Acting(
                parts.steering,
                parts.allowing,
                parts.authorising,
                parts.releasing,
                Broadcasting(parts.database),
            ),
        )

        def register(server: grpc.aio.Server) -> None:
            add_AttemptsServiceServicer_to_server(servicer, server)

        settings = self._settings
        rpc = RpcServer(
            settings.host,
            settings.grpc_port,
            register,
            identity=Identity.of(settings),
            callers=settings.mtls_callers,
        )
        await rpc.start()
        stack.push_async_callback(rpc.stop)

    def _tasks(self, bus: Bus, relay: Relay, ticking: Database) -> Supervisor:
        settings = self._settings
        lifecycle = self._lifecycle(ticking, relay)
        regrading = Regrading(ticking, relay.wake)
        clock = Clock(
            ticking, lifecycle, regrading, interval_seconds=settings.clock_interval_seconds
        )
        supervisor = Supervisor()
        supervisor.add("keys", self.keys.run)
        supervisor.add("revocations", lambda: self.revocations.follow(bus))
        supervisor.add("relay", relay.run)
        supervisor.add("clock", clock.run)
        return supervisor

    def _opener(self, database: Database, parts: Parts) -> Opener:
        settings = self._settings
        return Opener(
            database,
            parts.openings,
            parts.names,
            interval_seconds=settings.opening_interval_seconds,
            seconds=settings.opening_seconds,
            window_ms=settings.opening_window_ms,
        )

    def _lifecycle(self, database: Database, relay: Relay) -> Lifecycle:
        return Lifecycle(
            database,
            relay.wake,
            self._receipt_key,
            grace_seconds=self._settings.grace_seconds,
            ended_of=self.revocations.ended_of,
        )

    def _parts(self, database: Database, relay: Relay, auth: grpc.aio.Channel) -> Parts:
        settings, ended_of = self._settings, self.revocations.ended_of
        saving = Saving(database, relay.wake, ended_of)
        lifecycle = self._lifecycle(database, relay)
        reading = Reading(database)
        return Parts(
            database=database,
            reading=reading,
            papers=Papers(database, reading),
            lifecycle=lifecycle,
            saving=saving,
            saves=Grouping(database, saving.save_all),
            submits=Grouping(database, lifecycle.submit_all, most=_SUBMITS_AT_ONCE),
            marking=Marking(database, relay.wake),
            regrading=Regrading(database, relay.wake),
            openings=Openings(database, relay.wake, grace_seconds=settings.grace_seconds),
            rubric_writing=RubricWriting(database),
            surveying=Surveying(database),
            stating=Stating(database),
            authoring=Authoring(database),
            composing=Composing(database, relay.wake),
            exchanging=Exchanging(database),
            moving=Moving(database, relay.wake),
            trusted_proxies=settings.trusted_proxies,
            forgetting=Forgetting(database),
            starting=Starting(database, relay.wake, ended_of),
            steering=Steering(database, relay.wake),
            allowing=Allowing(database, relay.wake),
            compensating=Compensating(database, relay.wake),
            authorising=Authorising(database, relay.wake),
            releasing=Releasing(database, relay.wake, ended_of),
            safe_browsing=SafeBrowsing(database, settings.public_url),
            names=Names(auth, seconds=settings.names_timeout_seconds),
            assignments=Assignments(AuthClient(auth).assigned),
            receipt_key=self._receipt_key.public,
        )


def create_app(settings: Settings) -> FastAPI:
    """Return the app; nothing is opened before it starts."""
    attempts = Attempts(settings)
    app = service(
        "attempts",
        version("oep-attempts"),
        attempts.open,
        {
            "database": attempts.can_reach_database,
            "keys": attempts.has_keys,
            "revocations": attempts.knows_revocations,
        },
        worker_threads=settings.database_pool_size,
        request_seconds=settings.request_seconds,
    )
    app.router.redirect_slashes = False
    app.include_router(sitting_routes.router)
    app.include_router(grading_routes.router)  # /exams/rubrics before /exams/{exam_id}
    app.include_router(final_routes.router)
    app.include_router(outage_routes.router)
    app.include_router(exam_routes.router)
    app.include_router(content_routes.router)
    app.include_router(exchange_routes.router)
    app.include_router(safe_browser_routes.router)
    app.include_router(statement_routes.router)
    app.include_router(audit_routes.router)
    app.include_router(receipt_routes.router)
    app.include_router(people_routes.router)
    app.include_router(attempt_routes.router)
    app.include_router(transfer_routes.router)
    app.include_router(action_routes.router)
    app.include_router(lobby_routes.router)
    outpaced.install(app)
    app.add_middleware(EitherSlash)
    return app


class EitherSlash:
    """Serves every path with and without its last slash, without a redirect (contract §2.1)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            bare = scope["path"].removesuffix("/")
            scope = {**scope, "path": f"{bare}/" if bare in _WITH_SLASH else bare}
        await self._app(scope, receive, send)


def _clock_database(settings: Settings) -> Database:
    return Database(
        settings.database_url.get_secret_value(),
        pool_size=1,
        statement_timeout_ms=settings.statement_timeout_ms,
        lock_timeout_ms=settings.lock_timeout_ms,
    )


async def _opened(stack: contextlib.AsyncExitStack, database: Database) -> Database:
    stack.push_async_callback(asyncio.to_thread, database.dispose)
    return database
