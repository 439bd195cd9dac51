"""The REST edge of auth (contract §3): translates, authorises, calls one deed."""

from typing import Annotated

from chassis.access import AnyCaller, From
from fastapi import APIRouter, Depends, Request, Response

from auth.keyring import Keyring
from auth.schemas import (
    HallTicketLogin,
    Jwks,
    LoggedIn,
    LoggedOut,
    Logout,
    PasswordLogin,
    Refresh,
    Tokens,
    User,
)
from auth.settings import Settings
from auth.sign_in import SignIn

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])
keys_router = APIRouter(tags=["keys"])


def _sign_in(request: Request) -> SignIn:
    deeds: SignIn = request.app.state.sign_in
    return deeds


def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.keyring
    return keyring


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Deeds = Annotated[SignIn, Depends(_sign_in)]
Keys = Annotated[Keyring, Depends(_keyring)]
Config = Annotated[Settings, Depends(_settings)]


@router.post("/login")
async def login(body: PasswordLogin, deeds: Deeds, origin: From, response: Response) -> LoggedIn:
    """Log in with user name or e-mail address and password."""
    _keep_out_of_caches(response)
    return LoggedIn.of(await deeds.with_password(body.username, body.password, origin))


@router.post("/hall-ticket-login")
async def hall_ticket_login(
    body: HallTicketLogin, deeds: Deeds, origin: From, response: Response
) -> LoggedIn:
    """Log a student in with hall ticket, date of birth and the answer to his question."""
    _keep_out_of_caches(response)
    return LoggedIn.of(
        await deeds.with_hall_ticket(
            body.hall_ticket_number, body.date_of_birth, body.security_answer, origin
        )
    )


@router.post("/refresh")
async def refresh(body: Refresh, deeds: Deeds, origin: From, response: Response) -> Tokens:
    """Exchange a refresh token, once, for a new pair."""
    _keep_out_of_caches(response)
    return Tokens.of_pair(await deeds.refresh(body.refresh_token, origin))


@router.get("/me")
async def me(caller: AnyCaller, deeds: Deeds) -> User:
    """Show the user who asks."""
    return User.of(await deeds.holder(caller.user_id, caller.login_id))


@router.post("/logout")
async def logout(
    caller: AnyCaller, deeds: Deeds, origin: From, body: Logout | None = None
) -> LoggedOut:
    """End this login everywhere."""
    token = body.refresh_token if body else None
    await deeds.leave(caller.user_id, caller.login_id, token, origin)
    return LoggedOut()


@keys_router.get("/.well-known/jwks.json")
async def jwks(keyring: Keys, config: Config, response: Response) -> Jwks:
    """Publish the keys that sign tokens, now and next (RFC 7517)."""
    response.headers["Cache-Control"] = f"public, max-age={config.jwks_cache_seconds}"
    return Jwks.model_validate(keyring.jwks())


def _keep_out_of_caches(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
