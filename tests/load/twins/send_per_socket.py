"""Sockets as they are served first: each comes in through the database, each is sent to by itself.

Who connects has what he missed read from Postgres, whoever he is; what is said is stored with a
commit of its own and sent to one socket after the other, each send awaited. It does less than the
node: no position is kept beyond a row's id, nobody is bounded, presence is not told.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Annotated, Any

from chassis import logs
from chassis.serving import serve, service
from chassis.settings import DatabaseSettings, psycopg2_url
from chassis.tokens import KeySet, Revocations, TokenVerifier
from fastapi import FastAPI, Query, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

TABLES = (
    "CREATE SCHEMA load_twin_sockets",
    """CREATE TABLE load_twin_sockets.messages (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        attempt_id bigint NOT NULL, body text NOT NULL)""",
    "CREATE INDEX ON load_twin_sockets.messages (attempt_id, id)",
    "GRANT USAGE ON SCHEMA load_twin_sockets TO attempts_app",
    "GRANT ALL ON ALL TABLES IN SCHEMA load_twin_sockets TO attempts_app",
)
"""What makes its table; for the superuser."""
_ADD = text(
    "INSERT INTO load_twin_sockets.messages (attempt_id, body) VALUES (:attempt, :body)"
    " RETURNING id"
)
_OWNER = text("SELECT student_id FROM attempts.attempts WHERE id = :attempt")
_MISSED = text(
    "SELECT id, body FROM load_twin_sockets.messages"
    " WHERE attempt_id = :attempt AND id > :since ORDER BY id"
)


class Said(BaseModel):
    """One message for the sockets of each attempt."""

    attempt_ids: list[int]
    body: str


async def sit(
    socket: WebSocket,
    attempt_id: int,
    token: str,
    since: Annotated[int | None, Query()] = None,
) -> None:
    state = socket.app.state
    caller = state.verifier.verify(token)
    found = await asyncio.to_thread(_come, state.sessions, attempt_id, since or 0)
    await socket.accept("oep.v1")
    if found is None or found[0] != caller.user_id:
        await socket.close(4004)
        return
    await socket.send_json({"type": "connected", "position": {"sequence": 0, "epoch": "twin"}})
    state.sockets[attempt_id].add(socket)
    try:
        for place, body in found[1]:
            await socket.send_json(_frame(place, body))
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        state.sockets[attempt_id].discard(socket)


def _come(
    sessions: sessionmaker[Session], attempt_id: int, since: int
) -> tuple[int, list[tuple[int, str]]] | None:
    with sessions() as session:
        owner = session.scalar(_OWNER, {"attempt": attempt_id})
        missed = session.execute(_MISSED, {"attempt": attempt_id, "since": since})
        return None if owner is None else (owner, [(place, body) for place, body in missed])


async def say(request: Request, said: Said) -> dict[str, int]:
    """Store and send; return how many sockets were reached."""
    state, reached = request.app.state, 0
    for attempt_id in said.attempt_ids:
        place = await asyncio.to_thread(_add, state.sessions, attempt_id, said.body)
        for socket in list(state.sockets[attempt_id]):
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_json(_frame(place, said.body))
                reached += 1
    return {"reached": reached}


def _add(sessions: sessionmaker[Session], attempt_id: int, body: str) -> int:
    with sessions() as session:
        place: int = session.execute(_ADD, {"attempt": attempt_id, "body": body}).scalar_one()
        session.commit()
    return place


def _frame(place: int, body: str) -> dict[str, Any]:
    position = {"sequence": place, "epoch": "twin"}
    return {"type": "notification", "title": "Answer Saved", "message": body, "position": position}


def create_app(settings: DatabaseSettings) -> FastAPI:
    keys = KeySet(settings.jwks_url)
    pool = settings.database_pool_size
    url = psycopg2_url(settings.database_url.get_secret_value())
    engine = create_engine(url, pool_size=pool, max_overflow=0, pool_pre_ping=True)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.verifier = TokenVerifier(keys, Revocations(), settings.token_issuer)
        app.state.sessions = sessionmaker(engine)
        app.state.sockets = defaultdict(set)
        refreshing = asyncio.create_task(keys.run())
        yield
        refreshing.cancel()
        engine.dispose()

    async def has_keys() -> bool:
        return keys.is_loaded

    app = service("send-per-socket", "0", lifespan, {"keys": has_keys}, worker_threads=pool)
    app.websocket("/api/v1/ws/attempts/{attempt_id}")(sit)
    app.post("/say")(say)
    return app


def main() -> None:
    settings = DatabaseSettings.from_environment()
    logs.configure(settings.log_level, settings.log_format, "send-per-socket")
    serve(create_app(settings), settings, ws="websockets-sansio")


if __name__ == "__main__":
    main()
