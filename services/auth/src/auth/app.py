"""Puts auth together: which part gets which, what starts and stops, what readiness asks.

Building the app connects to nothing, so its OpenAPI document can be made anywhere.
"""

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from chassis.bus import Bus
from chassis.database import Database
from chassis.mtls import Identity
from chassis.outbox import Relay
from chassis.rpc import RpcServer
from chassis.serving import Supervisor, running, service
from chassis.tokens import KeySet, Revocations, TokenVerifier
from fastapi import FastAPI

from auth import (
    rest,
    rest_assignments,
    rest_audit,
    rest_forgetting,
    rest_oidc,
    rest_people,
    rest_second_factor,
    rest_sheets,
)
from auth.assigning import Assigning
from auth.clock import Clock
from auth.enrolling import Enrolling
from auth.entering import Entering
from auth.federating import Federating, Trust
from auth.forgetting import Forgetting
from auth.hashing import Hashing
from auth.keyring import Keyring
from auth.provider import Provider
from auth.proving import PURPOSE, Proving
from auth.roster import Roster
from auth.rpc import AuthServicer
from auth.sealing import Seal
from auth.settings import Settings
from auth.sign_in import SignIn
from auth.tables import OUTBOX
from auth.throttle import Policy


class Parts:
    """Everything that lives as long as the process, in the order of its making."""

    def __init__(self, settings: Settings) -> None:
        self.database = Database.from_settings(settings)
        self.bus = Bus(settings.nats_url, "auth", replicas=settings.nats_replicas)
        self.relay = Relay(
            settings.database_url.get_secret_value(), OUTBOX, self.bus, source="auth"
        )
        self.keyring = Keyring(settings.signing_key_secret)
        self.hashing = Hashing(
            threads=settings.hashing_threads,
            queue_size=settings.hashing_queue_size,
            wait_seconds=settings.hashing_wait_seconds,
        )
        demanding = frozenset(role.value for role in settings.second_factor_roles)
        self.entering = Entering(self.keyring, settings.lifetimes, settings.token_issuer, demanding)
        self.sign_in = SignIn(
            database=self.database,
            hashing=self.hashing,
            keyring=self.keyring,
            lifetimes=settings.lifetimes,
            entering=self.entering,
            policy=_policy(settings),
            issuer=settings.token_issuer,
            grace_seconds=settings.refresh_grace_seconds,
            announce=self.relay.wake,
        )
        self.roster = Roster(self.database, self.hashing, settings.lifetimes, self.relay.wake)
        self.proving = Proving(
            database=self.database,
            entering=self.entering,
            seal=Seal(settings.signing_key_secret, PURPOSE),
            policy=_policy(settings),
            name=settings.second_factor_name,
        )
        client = settings.oidc_client
        self.federating = Federating(
            database=self.database,
            entering=self.entering,
            roster=self.roster,
            provider=Provider(client) if client else None,
            trust=_trust(settings),
            announce=self.relay.wake,
        )
        self.enrolling = Enrolling(self.database, self.hashing, settings.lifetimes, self.relay.wake)
        self.assigning = Assigning(self.database)
        self.forgetting = Forgetting(self.database, settings.lifetimes, self.relay.wake)
        # Every use of a token here reads the login's row, so no list of revocations is kept.
        self.verifying = KeySet(settings.jwks_url)
        self.verifier = TokenVerifier(self.verifying, Revocations(), settings.token_issuer)
        self.clock = Clock(
            database=self.database,
            bus=self.bus,
            keyring=self.keyring,
            verifying=self.verifying,
            sign_in=self.sign_in,
            settings=settings,
        )
        servicer = AuthServicer(self.sign_in, self.assigning)
        self.rpc = RpcServer(
            settings.host,
            settings.grpc_port,
            servicer.register,
            identity=Identity.of(settings),
            callers=settings.mtls_callers,
        )

    def supervisor(self) -> Supervisor:
        supervisor = Supervisor()
        supervisor.add("keys", self.clock.keep_keys)
        supervisor.add("key_news", self.clock.hear_of_keys)
        supervisor.add("tidy", self.clock.keep_tidy)
        supervisor.add("relay", self.relay.run)
        return supervisor

    async def is_storage_there(self) -> bool:
        await self.database.run(self.database.ping)
        return True

    async def has_keys(self) -> bool:
        return self.keyring.is_loaded


def create_app(settings: Settings) -> FastAPI:
    """Return the service; it connects when it is started, not before."""
    parts = Parts(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as ends:
            ends.callback(parts.database.dispose)
            ends.callback(parts.hashing.close)
            await parts.bus.start()
            ends.push_async_callback(parts.bus.close)
            await parts.rpc.start()
            ends.push_async_callback(parts.rpc.stop)
            await ends.enter_async_context(running(parts.supervisor()))
            yield

    checks = {"database": parts.is_storage_there, "signing_keys": parts.has_keys}
    app = service(
        "auth",
        version("oep-auth"),
        lifespan,
        checks,
        worker_threads=settings.database_pool_size,
        request_seconds=settings.request_seconds,
    )
    app.state.settings = settings
    app.state.trusted_proxies = settings.trusted_proxies
    app.state.sign_in = parts.sign_in
    app.state.proving = parts.proving
    app.state.federating = parts.federating
    app.state.roster = parts.roster
    app.state.enrolling = parts.enrolling
    app.state.assigning = parts.assigning
    app.state.keyring = parts.keyring
    app.state.verifier = parts.verifier
    app.state.parts = parts
    app.include_router(rest.router)
    app.include_router(rest_second_factor.router)
    app.include_router(rest_oidc.router)
    app.include_router(rest_sheets.router)
    app.include_router(rest_people.router)
    app.include_router(rest_forgetting.router)
    app.include_router(rest_assignments.router)
    app.include_router(rest_audit.router)
    app.include_router(rest.keys_router)
    return app


def _policy(settings: Settings) -> Policy:
    return Policy(
        free_failures=settings.free_failures,
        longest_delay_seconds=settings.longest_delay_seconds,
        forget_failures_seconds=settings.forget_failures_seconds,
    )


def _trust(settings: Settings) -> Trust:
    return Trust(
        issuer=settings.oidc_issuer,
        role_claim=settings.oidc_role_claim,
        role_map=settings.role_map,
        links_by_email=settings.oidc_links_by_email,
    )
