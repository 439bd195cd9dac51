"""The border: no SQL on the loop, trouble is `Unavailable`, waiting is bounded."""

import asyncio
import threading

import pytest
from chassis.database import Database, LoopThreadSQL
from chassis.errors import Unavailable
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError


async def test_sql_on_the_loop_thread_is_refused(store: Database):
    def one() -> int:
        with store.transaction() as session:
            return session.execute(text("SELECT 1")).scalar_one()

    with pytest.raises(LoopThreadSQL):
        one()
    assert await store.run(one) == 1
    with pytest.raises(LoopThreadSQL):
        one()  # also with a connection waiting in the pool


async def test_a_slow_statement_becomes_unavailable(store: Database):
    def slow() -> None:
        with store.transaction() as session:
            session.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable, match="nothing was stored"):
        await store.run(slow)


async def test_nobody_there_is_unavailable():
    away = Database("postgresql://u:p@127.0.0.1:1/d", pool_size=1)
    with pytest.raises(Unavailable):
        await away.run(away.ping)
    away.dispose()


async def test_a_defect_in_a_statement_stays_a_defect(store: Database):
    def wrong() -> None:
        with store.transaction() as session:
            session.execute(text("SELECT nonsense"))

    with pytest.raises(ProgrammingError):
        await store.run(wrong)


async def test_an_error_rolls_back(store: Database, outbox):
    def write_and_fail() -> None:
        with store.transaction() as session:
            session.execute(
                text("INSERT INTO auth.outbox (order_key, subject, payload) VALUES (1, 'x', '{}')")
            )
            raise ValueError("changed my mind")

    def count() -> int:
        with store.transaction() as session:
            return session.execute(text("SELECT count(*) FROM auth.outbox")).scalar_one()

    with pytest.raises(ValueError, match="changed my mind"):
        await store.run(write_and_fail)
    assert await store.run(count) == 0


async def test_a_full_queue_refuses_at_once(urls):
    narrow = Database(urls.app_url, pool_size=1, queue_size=2)
    held = threading.Event()
    waiting = [asyncio.create_task(narrow.run(held.wait, 5)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await narrow.run(narrow.ping)
    held.set()
    await asyncio.gather(*waiting)
    await narrow.run(narrow.ping)
    narrow.dispose()


async def test_another_services_schema_is_refused(store: Database):
    def peek() -> None:
        with store.transaction() as session:
            session.execute(text("SELECT * FROM attempts.outbox"))

    with pytest.raises(ProgrammingError, match="permission denied for schema attempts"):
        await store.run(peek)
