"""Composes proctoring: what is started in which order, who is handed what, what "ready" means.

`create_app` connects to nothing; that happens when the app is served.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Self

import grpc
from chassis import rpc
from chassis.assignments import Assignments
from chassis.bus import Bus
from chassis.database import Database
from chassis.lanes import open_lanes
from chassis.mtls import Identity
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
from proctoring.listing import schemas as listing_schemas
from proctoring.metrics import INTAKE_LOAD
from proctoring.outgoing import rest as outgoing_rest
from proctoring.outgoing.holdings import OUTGOING
from proctoring.outgoing.parts import Outgoing
from proctoring.posting import Posting
from proctoring.pulse import rest as pulse_rest
from proctoring.pulse import schemas as pulse_schemas
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
from proctoring.snapshots import rest as snapshots_rest
from proctoring.snapshots.holdings import SNAPSHOTS, Pictures, listed
from proctoring.snapshots.parts import Snapshots
from proctoring.tables import OUTBOX

HOLDINGS: tuple[Holding, ...] = (
    TIMING_ANSWERS,
    EVENT_CONFLICTS,
    RISK,
    ACCOMMODATIONS,
    REVIEWS,
    CHAT,
    ACTIONS,
    SNAPSHOTS,
    OUTGOING,
)
"""What concepts keep about students beside events: erased and exported with them."""


def create_app(settings: Settings) -> FastAPI:
    """Return the app; its connections live from the lifespan's start to its end."""
    keys = KeySet(settings.jwks_url)
    revocations = Revocations(patience_seconds=LIST_PATIENCE_SECONDS)
    database = Database.from_settings(settings)
    snapshots = Snapshots.of(settings, database)

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
        _lifespan(settings, database, keys, revocations, snapshots),
        {
            "storage": storage_answers,
            "keys": keys_are_loaded,
            "revocations": revocations_are_known,
        },
        worker_threads=settings.database_pool_size,
        request_seconds=settings.request_seconds,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.press = Press()
    app.state.signing_key = keyring.signing_key(settings)
    app.state.exports = Exports(database, app.state.signing_key, listed)
    app.state.gallery = snapshots.gallery
    app.state.retention = Retention.of(settings, database, HOLDINGS, [Pictures(snapshots.gallery)])
    app.state.verifier = TokenVerifier(keys, revocations, settings.token_issuer)
    app.state.trusted_proxies = settings.trusted_proxies
    app.include_router(rest.router)
    for concept in (
        evidence_rest,
        retention_rest,
        risk_rest,
        listing_rest,
        pulse_rest,
        review_rest,
        report_rest,
        acting_rest,
        snapshots_rest,
        outgoing_rest,
    ):
        app.include_router(concept.router)
    review_rest.install(app)
    rest.describe(app, listing_schemas.COMPONENTS, pulse_schemas.COMPONENTS, report_rest.COMPONENTS)
    return app


def _lifespan(
    settings: Settings,
    database: Database,
    keys: KeySet,
    revocations: Revocations,
    snapshots: Snapshots,
) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ways, supervisor = _Ways.of(settings, database), Supervisor()
        supervisor.add("relay", ways.relay.run)
        _know_callers(app, ways, supervisor, keys, revocations)
        _take_in(app, settings, ways, supervisor, snapshots)
        _keep_evidence(app, settings, ways, supervisor)
        _review_and_act(app, settings, ways, supervisor)
        outgoing = Outgoing.of(settings, ways.database, ways.bus, ways.auth.address)
        app.state.webhooks = outgoing.keeping
        outgoing.supervise(supervisor)
        servicer = ProctoringServicer(database)
        grpc_server = RpcServer(
            settings.host,
            settings.grpc_port,
            servicer.register,
            identity=Identity.of(settings),
            callers=settings.mtls_callers,
        )
        await ways.bus.start()
        await grpc_server.start()
        app.state.grpc_port = grpc_server.port
        try:
            async with running(supervisor):
                yield
        finally:
            await grpc_server.stop()
            await asyncio.to_thread(snapshots.shelving.close)
            await outgoing.close()
            await ways.close()

    return lifespan


@dataclass(frozen=True)
class _Ways:
    """The ways out: pools, the bus with its relay, and channels to the neighbours."""

    database: Database
    background: Database
    intake: Database
    snapshots: Database
    bus: Bus
    relay: Relay
    attempts_channel: grpc.aio.Channel
    auth_channel: grpc.aio.Channel
    attempts: AttemptsClient
    auth: AuthClient

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Self:
        """Return them; for an event loop that runs, though nothing is connected yet."""
        bus = Bus(
            settings.nats_url, f"proctoring-{settings.node_id}", replicas=settings.nats_replicas
        )
        url = settings.database_url.get_secret_value()
        identity = Identity.of(settings)
        attempts_channel = rpc.channel(settings.attempts_grpc, "attempts", identity)
        auth_channel = rpc.channel(settings.auth_grpc, "auth", identity)
        in_flight = settings.intake_groups_in_flight
        return cls(
            database=database,
            background=Database.from_settings(settings, pool_size=1),
            intake=Database.from_settings(settings, pool_size=in_flight, by_index=True),
            snapshots=Database.from_settings(settings, pool_size=2, by_index=True),
            bus=bus,
            relay=Relay(url, OUTBOX, bus, source="proctoring"),
            attempts_channel=attempts_channel,
            auth_channel=auth_channel,
            attempts=AttemptsClient(attempts_channel, seconds=settings.attempts_seconds),
            auth=AuthClient(auth_channel),
        )

    async def close(self) -> None:
        await self.attempts_channel.close()
        await self.auth_channel.close()
        await self.bus.close()
        for pool in (self.intake, self.snapshots, self.background, self.database):
            await asyncio.to_thread(pool.dispose)


def _know_callers(
    app: FastAPI,
    ways: _Ways,
    supervisor: Supervisor,
    keys: KeySet,
    revocations: Revocations,
) -> None:
    app.state.auth, app.state.assignments = ways.auth, Assignments(ways.auth.assigned)
    supervisor.add("keys", keys.run)
    supervisor.add("revocations", lambda: revocations.follow(ways.bus))
    supervisor.add("revocation-list", lambda: revocations.keep(ways.auth.revoked, ways.bus))


def _take_in(
    app: FastAPI, settings: Settings, ways: _Ways, supervisor: Supervisor, snapshots: Snapshots
) -> None:
    """Make what takes posts and pictures in, and what keeps scores up with them."""
    keeper = Keeper(ways.background, wake=ways.relay.wake)
    wake = _all(ways.relay.wake, keeper.wake)
    intake = Intake(ways.intake, ways.attempts, settings, wake=wake)
    app.state.snapshots = snapshots.taking(ways.snapshots, ways.attempts, wake)
    snapshots.supervise(supervisor, ways.snapshots)
    app.state.attempts, app.state.intake = ways.attempts, intake
    INTAKE_LOAD.set_function(lambda: intake.load)
    app.state.posting = posting = Posting(intake)
    open_lanes(app, posting.lanes, posting.said)
    supervisor.add("intake", intake.run)
    supervisor.add("days", Days(ways.database).run)
    supervisor.add("risk", keeper.run)


def _keep_evidence(app: FastAPI, settings: Settings, ways: _Ways, supervisor: Supervisor) -> None:
    """Make what hears of ends and seals them, and what removes what need not be kept."""
    key = app.state.signing_key
    inbox = Inbox(ways.bus, ways.database, ways.attempts, key, wake=ways.relay.wake)
    sweeper = Sweeper(ways.background, key, seconds=settings.evidence_sweep_seconds)
    supervisor.add("inbox", inbox.run)
    supervisor.add("sweeper", sweeper.run)
    if settings.retention_is_on:
        eraser, pause = app.state.retention.eraser, settings.retention_interval_seconds
        supervisor.add("retention", Clock(ways.database, eraser, interval_seconds=pause).run)


def _review_and_act(app: FastAPI, settings: Settings, ways: _Ways, supervisor: Supervisor) -> None:
    """Make what staff decides by, and acts by."""
    wake = ways.relay.wake
    app.state.accommodating = Accommodating(ways.database, wake=wake)
    app.state.reviewing = reviewing = Reviewing(ways.database, _terms(settings), wake)
    pause = settings.review_clock_seconds
    clock = ReviewClock(ways.database, reviewing, interval_seconds=pause)
    supervisor.add("review-clock", clock.run)
    app.state.acting = acting = acting_parts.make(
        ways.database,
        ways.attempts,
        ways.attempts_channel,
        ways.auth_channel,
        wake,
        acting_seconds=settings.acting_seconds,
    )
    acting.supervise(supervisor)


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
