"""The REST edge of sign-in by an identity provider: two ways for browsers, the rest for pages."""

from typing import Annotated
from urllib.parse import urlencode

from chassis.access import From
from chassis.describing import refused
from chassis.errors import Failure
from fastapi import APIRouter, Cookie, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from auth.errors import OidcFlowUnknown
from auth.federating import Answer, Federating
from auth.identity import PAGES
from auth.identity_store import FLOW_SECONDS
from auth.rest_people import By, UserId
from auth.schemas import IdentityIn, LoggedIn, OidcCode, OidcShape
from auth.settings import Settings

PREFIX = "/api/v1/auth/oidc"
COOKIE = "oep_oidc"

router = APIRouter(prefix="/api/v1/auth", tags=["identity provider"])


async def _federating(request: Request) -> Federating:
    federating: Federating = request.app.state.federating
    return federating


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Deeds = Annotated[Federating, Depends(_federating)]
Config = Annotated[Settings, Depends(_settings)]
Carried = Annotated[str, Cookie(alias=COOKIE, max_length=100)]
Word = Annotated[str | None, Query(max_length=4_096)]


@router.get("/oidc")
async def about(deeds: Deeds, config: Config) -> OidcShape:
    """Say whether pages may offer sign-in by an identity provider, and what it is called."""
    return OidcShape(is_on=deeds.is_on, name=config.oidc_name if deeds.is_on else "")


@router.get(
    "/oidc/start", status_code=303, response_class=RedirectResponse, responses=refused(400, 404)
)
async def start(
    deeds: Deeds, config: Config, return_to: Annotated[str, Query(max_length=500)] = PAGES
) -> Response:
    """Send a browser to the identity provider; it comes back to the page `return_to`."""
    departure = await deeds.depart(return_to)
    response = _redirect(departure.address)
    response.set_cookie(
        COOKIE,
        departure.browser_token,
        max_age=FLOW_SECONDS,
        path=PREFIX,
        secure=config.oidc_redirect_uri.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(
    "/oidc/callback", status_code=303, response_class=RedirectResponse, responses=refused(404)
)
async def callback(
    deeds: Deeds,
    origin: From,
    state: Word = None,
    code: Word = None,
    error: Word = None,
    iss: Word = None,
    carried: Carried = "",
) -> Response:
    """Take a browser back from the identity provider and send it on to its page.

    Behind `#` the page finds `oidc=` and a code for its tokens, or `oidc-problem=` and the slug of
    what went wrong: what stands there, no server and no log sees.
    """
    answer = Answer(state or "", code, error, iss)
    try:
        back = await deeds.come_back(answer, carried, origin)
    except OidcFlowUnknown as failure:
        return _redirect(f"{PAGES}/#{_problem(failure)}")
    told = urlencode({"oidc": back.code}) if back.failure is None else _problem(back.failure)
    return _redirect(f"{back.path}#{told}")


@router.post("/oidc/exchange")
async def exchange(
    body: OidcCode, deeds: Deeds, origin: From, response: Response, carried: Carried = ""
) -> LoggedIn:
    """Exchange the code of a page for tokens, once, in the browser that came back with it."""
    response.headers["Cache-Control"] = "no-store"
    signed_in = await deeds.exchange(body.code, carried, origin)
    response.delete_cookie(COOKIE, path=PREFIX, httponly=True, samesite="lax")
    return LoggedIn.of(signed_in)


@router.put("/users/{user_id}/identity", status_code=204)
async def link(
    author: By, request: Request, deeds: Deeds, user_id: UserId, body: IdentityIn
) -> None:
    """Let an identity of the provider be this user's, instead of one before."""
    await request.app.state.parts.database.run(deeds.link, user_id, body.subject, by=author)


@router.delete("/users/{user_id}/identity", status_code=204)
async def unlink(author: By, request: Request, deeds: Deeds, user_id: UserId) -> None:
    """Take a user's identity away, with the roles that came by it."""
    await request.app.state.parts.database.run(deeds.unlink, user_id, by=author)


def _problem(failure: Failure) -> str:
    return urlencode({"oidc-problem": failure.slug})


def _redirect(address: str) -> RedirectResponse:
    quiet = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, 303, headers=quiet)
