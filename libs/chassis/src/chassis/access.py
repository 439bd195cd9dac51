"""FastAPI dependencies that say who is asking and whether he may (contract §2.3).

They run before the body is validated. The verifier is put on `app.state.verifier` by the service,
and, if it asks where callers come from, its `app.state.trusted_proxies`.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from chassis.errors import Forbidden, Unauthenticated
from chassis.origins import Origin, origin
from chassis.tokens import Caller, TokenVerifier


class NotAuthenticated(Unauthenticated):
    slug = "not-authenticated"
    detail = "Not authenticated"


class WrongScheme(Unauthenticated):
    slug = "wrong-scheme"
    detail = "Invalid authentication credentials"


class MissingRole(Forbidden):
    slug = "missing-role"


class _Bearer(SecurityBase):
    """The dependency, and what OpenAPI says of it."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token of auth.")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Caller:
        """Return the verified caller of a request; raise one of the 401s."""
        header = request.headers.get("authorization", "").strip()
        if not header:
            raise NotAuthenticated
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise WrongScheme
        verifier: TokenVerifier = request.app.state.verifier
        return verifier.verify(token.strip())


bearer = _Bearer()
AnyCaller = Annotated[Caller, Depends(bearer)]


async def _origin(request: Request) -> Origin:
    return origin(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        request.headers.get("user-agent"),
        request.app.state.trusted_proxies,
    )


From = Annotated[Origin, Depends(_origin)]
"""Where a request came from."""


def requires(*roles: str) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    """Return a dependency that lets only holders of one of `roles` pass."""

    async def holder(caller: AnyCaller) -> Caller:
        require(caller, *roles)
        return caller

    return holder


def require(caller: Caller, *roles: str) -> None:
    """Raise the contract's 403 unless `caller` holds one of `roles`."""
    if not caller.has_any(*roles):
        message = f"User does not have required role. Required: {list(roles)!r}"
        raise MissingRole(message)
