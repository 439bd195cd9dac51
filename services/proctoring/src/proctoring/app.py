"""Composes proctoring: what is started in which order, who is handed what, what "ready" means.

`create_app` connects to nothing; that happens when the app is served.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from importlib.metadata import version

from chassis import rpc
from chassis.assignments import Assignments
from chassis.bus import Bus
from chassis.database import Database
from chassis.lanes import open_lanes
from chassis.outbox import Relay
from chassis.rpc import RpcServer
from chassis.serving import Lifespan, Supervisor, running, service
from chassis.tokens import LIST_PATIENCE_SECONDS, KeySet, Revocations, TokenVerifier
from fastapi import FastAPI

from proctoring import keyring, rest
from proctoring.acting import parts as acting_parts
from proctoring.acting import rest as acting_rest
from proctoring.acting.holdings import ACTIONS, CHAT
from proctoring.attempts_client import AttemptsClient
from proctoring.auth_client import AuthClient
from proctoring.days import Days
from proctoring.evidence import rest as evidence_rest
from proctoring.evidence.exporting import Exports
from proctoring.evidence.sealing import Sweeper
from proctoring.inbox import Inbox
from proctoring.intake import Intake
from proctoring.listing import rest as listing_rest
from proctoring.posting import Posting
from proctoring.report import rest as report_rest
from proctoring.report.press import Press
from proctoring.retention import rest as retention_rest
from proctoring.retention.clock import Clock
from proctoring.retention.holdings import (
    ACCOMMODATIONS,
    EVENT_CONFLICTS,
    REVIEWS,
    RISK,
    TIMING_ANSWERS,
    Holding,
)
from proctoring.retention.parts import Retention
from proctoring.review import rest as review_rest
from proctoring.review.case import Terms
from proctoring.review.clock import ReviewClock
from proctoring.review.reviewing import Reviewing
from proctoring.risk import rest as risk_rest
from proctoring.risk.accommodating import Accommodating
from proctoring.risk.keeping import Keeper
from proctoring.rpc import ProctoringServicer
from proctoring.settings import Settings
from proctoring.tables import OUTBOX

HOLDINGS: tuple[Holding, ...] = (
    TIMING_ANSWERS,
    EVENT_CONFLICTS,
    RISK,
    ACCOMMODATIONS,
    REVIEWS,
    CHAT,
    ACTIONS,
)
"""What concepts keep about students beside events: erased and exported with them."""


def create_app(settings: Settings) -> FastAPI:
    """Return the app; its connections live from the lifespan's start to its end."""
    keys = KeySet(settings.jwks_url)
    revocations = Revocations(patience_seconds=LIST_PATIENCE_SECONDS)
    database = Database.from_settings(settings)

    async def storage_answers() -> bool:
        await database.run(database.ping)
        return True

    async def keys_are_loaded() -> bool:
        return keys.is_loaded

    async def revocations_are_known() -> bool:
        return revocations.is_known

    app = service(
        "proctoring",
        version("oep-proctoring"),
        _lifespan(settings, database, keys, revocations),
        {
            "storage": storage_answers,
            "keys": keys_are_loaded,
            "revocations": revocations_are_known,
        },
        worker_threads=settings.database_pool_size,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.press = Press()
    app.state.signing_key = keyring.signing_key(settings)
    app.state.exports = Exports(database, app.state.signing_key)
    app.state.retention = Retention.of(settings, database, HOLDINGS)
    app.state.verifier = TokenVerifier(keys, revocations, settings.token_issuer)
    app.state.trusted_proxies = settings.trusted_proxies
    app.include_router(rest.router)
    for concept in (
        evidence_rest,
        retention_rest,
        risk_rest,
        listing_rest,
        review_rest,
        report_rest,
        acting_rest,
    ):
        app.include_router(concept.router)
    review_rest.install(app)
    rest.describe(app, report_rest.COMPONENTS)
    return app


def _lifespan(
    settings: Settings, database: Database, keys: KeySet, revocations: Revocations
) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bus = Bus(settings.nats_url, f"proctoring-{settings.node_id}")
        relay = Relay(settings.database_url.get_secret_value(), OUTBOX, bus, source="proctoring")
        channel = rpc.channel(settings.attempts_grpc)
        auth_channel = rpc.channel(settings.auth_grpc)
        attempts = AttemptsClient(channel, seconds=settings.attempts_seconds)
        background = Database.from_settings(settings, pool_size=1)
        intake_database = Database.from_settings(
            settings, pool_size=settings.intake_groups_in_flight, by_index=True
        )
        keeper = Keeper(background, wake=relay.wake)
        intake = Intake(intake_database, attempts, settings, wake=_all(relay.wake, keeper.wake))
        app.state.accommodating = Accommodating(database, wake=relay.wake)
        app.state.attempts, app.state.intake = attempts, intake
        app.state.posting = posting = Posting(intake)
        open_lanes(app, posting.lanes, posting.said)
        auth = AuthClient(auth_channel)
        app.state.auth, app.state.assignments = auth, Assignments(auth.assigned)
        supervisor = Supervisor()
        supervisor.add("intake", intake.run)
        supervisor.add("days", Days(database).run)
        supervisor.add("inbox", Inbox(bus, database, attempts, app.state.signing_key).run)
        supervisor.add("sweeper", _sweeper(app, settings, background).run)
        supervisor.add("relay", relay.run)
        reviewing = Reviewing(database, _terms(settings), relay.wake)
        review_clock = ReviewClock(
            database, reviewing, interval_seconds=settings.review_clock_seconds
        )
        app.state.reviewing = reviewing
        supervisor.add("review-clock", review_clock.run)
        supervisor.add("risk", keeper.run)
        app.state.acting = acting = acting_parts.make(
            database,
            bus,
            attempts,
            channel,
            auth_channel,
            relay.wake,
            acting_seconds=settings.acting_seconds,
        )
        acting.supervise(supervisor)
        _know_callers(supervisor, keys, revocations, bus, auth)
        if settings.retention_is_on:
            eraser, pause = app.state.retention.eraser, settings.retention_interval_seconds
            supervisor.add("retention", Clock(database, eraser, interval_seconds=pause).run)
        grpc_server = RpcServer(
            settings.host, settings.grpc_port, ProctoringServicer(database).register
        )
        await bus.start()
        await grpc_server.start()
        app.state.grpc_port = grpc_server.port
        try:
            async with running(supervisor):
                yield
        finally:
            await grpc_server.stop()
            await channel.close()
            await auth_channel.close()
            await bus.close()
            for pool in (intake_database, background):
                await asyncio.to_thread(pool.dispose)
            await asyncio.to_thread(database.dispose)

    return lifespan


def _all(*wakes: Callable[[], None]) -> Callable[[], None]:
    """Return what tells everybody at once."""

    def tell() -> None:
        for wake in wakes:
            wake()

    return tell


def _terms(settings: Settings) -> Terms:
    return Terms(
        decision=timedelta(days=settings.review_decision_days),
        appeal=timedelta(days=settings.review_appeal_days),
        appeal_decision=timedelta(days=settings.review_appeal_decision_days),
    )


def _sweeper(app: FastAPI, settings: Settings, database: Database) -> Sweeper:
    return Sweeper(database, app.state.signing_key, seconds=settings.evidence_sweep_seconds)


def _know_callers(
    supervisor: Supervisor, keys: KeySet, revocations: Revocations, bus: Bus, auth: AuthClient
) -> None:
    supervisor.add("keys", keys.run)
    supervisor.add("revocations", lambda: revocations.follow(bus))
    supervisor.add("revocation-list", lambda: revocations.keep(auth.revoked, bus))
