"""Prepared statements: one message each way, within and without a larger transaction."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from chassis.database import Database
from chassis.prepared import Prepared
from oep_local.wire import Wire
from sqlalchemy import text
from sqlalchemy.exc import DataError, ProgrammingError

SUM = Prepared(
    "sum_of",
    "SELECT sum(n) AS total, :word || '!' AS word FROM unnest(:numbers) AS t (n)",
    {"word": "text", "numbers": "bigint[]"},
)
VALUES = {"numbers": [1, 2, 3], "word": "six"}

ADD = """
INSERT INTO auth.outbox (order_key, subject, payload)
SELECT :key, 'x', jsonb_build_object('n', count(*) + 1) FROM auth.outbox WHERE order_key = :key
RETURNING payload
"""
HOLD = Prepared("hold_key", "SELECT pg_advisory_xact_lock(:key)", {"key": "bigint"})
COUNT_UP = Prepared("count_up", ADD, {"key": "bigint"}, behind=HOLD)
"""Counts wrongly unless it sees what others counted while it waited."""


@pytest.fixture
def line(urls, wire) -> Wire:
    return wire(urls.app_url)


@pytest.fixture
def far(line: Wire) -> Iterator[Database]:
    """One connection to the database, over the wire."""
    database = Database(line.url, pool_size=1)
    yield database
    database.dispose()


def test_alone_it_takes_one_message_each_way(far: Database, line: Wire):
    def one() -> list:
        with far.single() as connection:
            return SUM.run(connection, VALUES)

    one()
    before = line.turns
    assert [dict(row) for row in one()] == [{"total": 6, "word": "six!"}]
    assert line.turns - before == 1


def test_a_transaction_takes_three_for_the_same(far: Database, line: Wire):
    def one() -> None:
        with far.transaction() as session:
            SUM.run(session.connection(), VALUES)

    one()
    before = line.turns
    one()
    assert line.turns - before == 3, "BEGIN, the statement, COMMIT"


def test_it_is_part_of_the_transaction_that_it_runs_in(far: Database, outbox):
    write = Prepared(
        "write_note",
        "INSERT INTO auth.outbox (order_key, subject, payload) VALUES (:key, 'x', '{}')"
        " RETURNING order_key",
        {"key": "bigint"},
    )

    def write_and_fail() -> None:
        with far.transaction() as session:
            assert write.run(session.connection(), {"key": -7})
            raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        write_and_fail()
    with far.transaction() as session:
        query = text("SELECT count(*) FROM auth.outbox WHERE order_key = -7")
        assert session.execute(query).scalar_one() == 0


def test_a_defect_in_it_stays_a_defect(far: Database):
    wrong = Prepared("wrong", "SELECT nonsense", {})
    with pytest.raises(ProgrammingError), far.single() as connection:
        wrong.run(connection, {})
    with far.single() as connection:
        assert SUM.run(connection, VALUES)


def test_behind_another_it_is_still_one_message(far: Database, line: Wire, outbox):
    def one() -> list:
        with far.single() as connection:
            return COUNT_UP.run(connection, {"key": -8})

    one()
    before = line.turns
    assert [dict(row) for row in one()] == [{"payload": {"n": 2}}]
    assert line.turns - before == 1


@pytest.mark.parametrize("is_single", [True, False])
def test_behind_a_lock_it_sees_what_was_committed_while_it_waited(far, urls, outbox, is_single):
    """The lock is got, and only then the snapshot is taken: alone and in a larger transaction."""

    def one(database: Database) -> None:
        if is_single:
            with database.single() as connection:
                COUNT_UP.run(connection, {"key": -9})
        else:
            with database.transaction() as session:
                COUNT_UP.run(session.connection(), {"key": -9})

    near = Database(urls.app_url, pool_size=2)
    with ThreadPoolExecutor(1) as threads:
        with near.transaction() as session:
            COUNT_UP.run(session.connection(), {"key": -9})
            waiting = threads.submit(one, far)
            wait_until_somebody_waits(near)
        waiting.result(10)
    one(near)
    with near.transaction() as session:
        query = text("SELECT payload ->> 'n' FROM auth.outbox WHERE order_key = -9 ORDER BY id")
        assert session.execute(query).scalars().all() == ["1", "2", "3"]
    near.dispose()


def test_what_fails_behind_another_takes_its_writes_back(far: Database, outbox):
    write = Prepared(
        "write_first",
        "INSERT INTO auth.outbox (order_key, subject, payload) VALUES (:key, 'x', '{}')",
        {"key": "bigint"},
    )
    fail = Prepared("fail_then", "SELECT 1 / (:key - :key)", {"key": "bigint"}, behind=write)
    with pytest.raises(DataError, match="division by zero"), far.single() as connection:
        fail.run(connection, {"key": -10})
    with far.single() as connection:
        query = text("SELECT count(*) FROM auth.outbox WHERE order_key = -10")
        assert connection.execute(query).scalar_one() == 0, "the connection works, nothing is there"


def test_what_fails_before_it_keeps_it_from_running(far: Database, outbox):
    fail = Prepared("fail_first", "SELECT 1 / (:key - :key)", {"key": "bigint"})
    behind = Prepared("count_behind", ADD, {"key": "bigint"}, behind=fail)
    with pytest.raises(DataError, match="division by zero"), far.single() as connection:
        behind.run(connection, {"key": -11})
    with far.single() as connection:
        query = text("SELECT count(*) FROM auth.outbox WHERE order_key = -11")
        assert connection.execute(query).scalar_one() == 0


def wait_until_somebody_waits(database: Database) -> None:
    deadline = time.monotonic() + 10
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with database.single() as connection:
        while not connection.execute(query).scalar_one():
            assert time.monotonic() < deadline, "nobody waits"


def test_a_percent_sign_is_refused_before_anybody_runs_it():
    with pytest.raises(ValueError, match="percent"):
        Prepared("like", "SELECT 1 WHERE 'a' LIKE 'a%'", {})
