"""Access tokens without a login: thousands of people need not be let in one by one to be measured.

The platform's own key signs, read from auth's database as auth reads it; the services check such a
token like any other.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from auth.keyring import Keyring
from auth.tokens import Claims, sign
from pydantic import SecretStr
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

_HOURS = 4
_ISSUER = "oep"

Sign = Callable[[int, str], str]
"""User id and role to a token."""


def signer(environment: Mapping[str, str]) -> Sign:
    """Return who signs with the active key of an auth that runs in `environment`. Blocking."""
    keyring = Keyring(SecretStr(environment["SIGNING_KEY_SECRET"]))
    url = environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
    engine = create_engine(url)
    try:
        with Session(engine) as session, session.begin():
            keyring.load(session)
    finally:
        engine.dispose()
    now = datetime.now(UTC)
    issuer = environment.get("TOKEN_ISSUER", _ISSUER)

    def token(user_id: int, role: str) -> str:
        until = now + timedelta(hours=_HOURS)
        claims = Claims("access", user_id, (role,), uuid4(), uuid4(), now, until)
        return sign(keyring.active, claims, issuer)

    return token
