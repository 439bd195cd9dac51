"""The border: no SQL on the loop, trouble is `Unavailable`, waiting is bounded."""

import asyncio
import threading
import time

import pytest
from chassis import patience
from chassis.database import Database, DatabaseUnavailable, LoopThreadSQL
from chassis.errors import OutcomeUnknown, Unavailable
from chassis.waiting import eventually
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


# A server that stands still: no time limit of its own ends anything


async def test_a_write_to_a_stopped_server_is_neither_done_nor_lost(store, outbox, standstill):
    """Whether it is stored is said by who sends it again: here it is, once the server goes on."""
    await store.run(store.ping)
    ends = time.monotonic() + 5
    with standstill():
        with patience.begun(0.3, "POST"), pytest.raises(OutcomeUnknown, match="not known yet"):
            await store.run(write_one, store)
        assert time.monotonic() < ends
    await eventually(lambda: store.run(written, store), 10)


async def test_what_never_began_at_a_stopped_server_is_not_stored(store, outbox, standstill):
    """Two stand on the only threads; the third is told that nothing was stored, and nothing is."""
    with standstill(), patience.begun(0.3, "POST"):
        waits = [store.run(write_one, store) for _ in range(3)]
        ends = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(end) for end in ends] == [OutcomeUnknown, OutcomeUnknown, DatabaseUnavailable]
    await eventually(lambda: store.run(written, store), 10)
    await eventually(lambda: is_at(store, 2), 10)


async def test_who_reads_from_a_stopped_server_is_told_to_come_again(store, standstill):
    await store.run(store.ping)
    with standstill(), patience.begun(0.3, "GET"), pytest.raises(DatabaseUnavailable):
        await store.run(store.ping)


async def test_a_line_that_breaks_in_a_commit_says_nothing_of_it(store, outbox, urls):
    """The server is told to end that connection when all but the COMMIT is done."""

    def write_and_lose_the_line() -> None:
        with store.transaction() as session:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            add(session)
            end_connection(urls.admin_url, pid)

    with pytest.raises(OutcomeUnknown):
        await store.run(write_and_lose_the_line)


async def test_a_line_that_breaks_before_the_commit_has_stored_nothing(store, outbox, urls):
    def lose_the_line_and_write() -> None:
        with store.transaction() as session:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            end_connection(urls.admin_url, pid)
            add(session)

    with pytest.raises(DatabaseUnavailable, match="nothing was stored"):
        await store.run(lose_the_line_and_write)


async def test_a_message_that_is_a_transaction_by_itself_says_nothing_when_its_line_breaks(
    store, outbox, urls
):
    def lose_the_line_and_write() -> None:
        with store.single() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            end_connection(urls.admin_url, pid)
            add(connection)

    with pytest.raises(OutcomeUnknown):
        await store.run(lose_the_line_and_write)


def end_connection(admin_url: str, pid: int) -> None:
    """Return when the server has ended it."""
    admin = Database(admin_url, pool_size=1)
    with admin.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    admin.dispose()


def add(session) -> None:
    row = "INSERT INTO auth.outbox (order_key, subject, payload) VALUES (1, 'x', '{}')"
    session.execute(text(row))


def write_one(store: Database) -> None:
    with store.transaction() as session:
        add(session)


def written(store: Database) -> int:
    with store.transaction() as session:
        return session.execute(text("SELECT count(*) FROM auth.outbox")).scalar_one()


async def is_at(store: Database, count: int) -> bool:
    return await store.run(written, store) == count
