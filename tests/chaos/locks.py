"""A session that stands in the way: it holds a lock until the block ends. Blocking calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg2


@contextlib.asynccontextmanager
async def held(url: str, statement: str) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Hold what `statement` locks; yields its rows, if it has any."""
    connection: Any = await asyncio.to_thread(psycopg2.connect, url, connect_timeout=3)
    try:
        yield await asyncio.to_thread(_execute, connection, statement)
    finally:
        await asyncio.to_thread(connection.close)


def _execute(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
