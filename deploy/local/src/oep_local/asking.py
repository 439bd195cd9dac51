"""How verbs of the exam office ask the platform: through its gateway, as the person who signs in.

The services judge what that person may do; nothing is shown to whoever has only the machine. A
refusal becomes an error with the platform's own words and an exit code of its kind.
"""

import contextlib
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Self

import httpx
import typer

from oep_local import state, tls
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.layout import Layout

SECONDS = 60.0
"""How long the gateway may be silent."""
PAGE = 1000
"""The most that a list gives at once."""
ALL = 100_000
"""More than there are of what an office lists whole."""

Url = Annotated[str | None, typer.Option(help="Another platform's address.", envvar="OEP_URL")]
Login = Annotated[str | None, typer.Option(help="Who asks: a user name.", envvar="OEP_LOGIN")]
Password = Annotated[
    str | None, typer.Option(envvar="OEP_PASSWORD", help="Better asked for, or OEP_PASSWORD.")
]


class OutOfReach(RunnerError):
    """Nothing answers there, or it broke off; whether a change was made is to be looked up."""

    code = Exit.NOTHING_RUNS


class Unsaid(RunnerError):
    """Nobody said who asks, and nobody is there to be asked."""

    code = Exit.USAGE


class Refused(RunnerError):
    """The platform said no; the text is its own."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(words(answer))
        self.status = answer.status_code
        if self.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self.code = Exit.REFUSED
        elif self.status == HTTPStatus.NOT_FOUND:
            self.code = Exit.NOT_FOUND


def words(answer: httpx.Response) -> str:
    """Return what a problem says, with its status and when to come back."""
    try:
        said = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        said = "the gateway does not say why"
    later = answer.headers.get("retry-after")
    return f"{said} ({answer.status_code})" + (f"; come back in {later} s" if later else "")


class Unknown(RunnerError):
    """Nobody is called so."""

    code = Exit.NOT_FOUND


class Gateway:
    """One person's calls; use it as a context manager.

    Every method blocks, and raises Refused or OutOfReach.
    """

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self.url = base_url.rstrip("/")
        self.http = httpx.Client(
            base_url=f"{self.url}/api/v1", timeout=SECONDS, trust_env=False, verify=tls.trust()
        )
        self._who = {"username": login, "password": password}

    def __enter__(self) -> Self:
        """Sign in."""
        try:
            self.sign_in()
        except BaseException:
            self.http.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_in(self) -> str:
        """Take a new token, use it from now on, and return it."""
        token = str(self.post("/auth/login", **self._who)["access_token"])
        self.http.headers["Authorization"] = f"Bearer {token}"
        return token

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=_given(query))

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, json=_given(body))

    def put(self, path: str, **body: Any) -> Any:
        return self.call("PUT", path, json=_given(body))

    def patch(self, path: str, **body: Any) -> Any:
        return self.call("PATCH", path, json=_given(body))

    def delete(self, path: str) -> None:
        self.call("DELETE", path)

    def call(self, method: str, path: str, **how: Any) -> Any:
        """Return the JSON of the answer; None when there is none."""
        with self.in_reach():
            answer = self.http.request(method, path, **how)
        if not answer.is_success:
            raise Refused(answer)
        return answer.json() if answer.content else None

    def pages(self, path: str, limit: int, **query: Any) -> list[Any]:
        """Return the first `limit` items of a list, asked for in pages."""
        found: list[Any] = []
        while len(found) < limit:
            size = min(PAGE, limit - len(found))
            page = self.get(path, skip=len(found), limit=size, **query)
            found += page
            if len(page) < size:
                break
        return found

    @contextlib.contextmanager
    def in_reach(self) -> Iterator[None]:
        """Turn what breaks on the way into OutOfReach."""
        try:
            yield
        except httpx.HTTPError as error:
            raise OutOfReach(
                f"{self.url} broke off or does not answer ({error or type(error).__name__})"
            ) from error


def sign_in(url: str | None, login: str | None, password: str | None) -> Gateway:
    """Return the way in for a person, who is asked for what he did not say.

    Raises NotRunning before anybody is asked, and Unsaid where nobody sits.
    """
    base = url or _running_url()
    return Gateway(base, login or ask("User name"), password or ask("Password", hide=True))


def user_id(gateway: Gateway, user: str) -> int:
    """Return a person's id by his name, or the id as it was given; raises Unknown."""
    if user.removeprefix("id:").isdecimal():
        return int(user.removeprefix("id:"))
    found = gateway.pages("/auth/users", ALL, q=user)
    exact = [person["id"] for person in found if person["username"] == user]
    if not exact:
        raise Unknown(f"Nobody is called {user!r}.")
    return int(exact[0])


def _running_url() -> str:
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return Layout.read(place).url


def ask(what: str, *, hide: bool = False) -> str:
    """Return what the person at the keyboard says; raises Unsaid where nobody is."""
    if not sys.stdin.isatty():
        raise Unsaid(f"{what}? Nobody is here to ask: say --login (OEP_LOGIN) and OEP_PASSWORD.")
    return str(typer.prompt(what, hide_input=hide, err=True))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not said."""
    return {name: value for name, value in fields.items() if value is not None}
