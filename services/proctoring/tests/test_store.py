"""The schema: migrations make what the tables say; people with psql see what they were promised."""

import asyncio

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from chassis.migrating import migrate
from proctoring.tables import METADATA
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

# the two commands of contract §12, as people type them
EVENTS_QUERY = """SELECT event_type, severity, COUNT(*) as count, MAX(event_timestamp) as latest
  FROM proctoring_events WHERE attempt_id = {}
  GROUP BY event_type, severity ORDER BY latest DESC;"""
TIMINGS_QUERY = """SELECT question_id, total_time_seconds, answer_count, last_viewed_at
  FROM question_timings WHERE attempt_id = {} ORDER BY question_id;"""


def differences(url: str) -> list:
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg2://"),
        poolclass=NullPool,
        connect_args={"options": "-c search_path=pg_catalog"},  # so that every name has its schema
    )
    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == "proctoring",
            # A day's partition is what its parent is.
            "include_object": lambda _, name, *__: not name.startswith(("alembic_", "events_")),
            "compare_server_default": True,
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)


def ask(url: str, query: str) -> list:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


async def test_migrations_make_exactly_the_tables(urls):
    assert await asyncio.to_thread(differences, urls.owner_url) == []


async def test_migrating_twice_changes_nothing(urls):
    there = (
        "SELECT oid, relname, relfilenode FROM pg_class"
        " WHERE relnamespace = 'proctoring'::regnamespace AND NOT relispartition ORDER BY oid"
    )
    before = await asyncio.to_thread(ask, urls.owner_url, there)
    await asyncio.to_thread(migrate, "proctoring", urls.owner_url, "proctoring")
    assert await asyncio.to_thread(ask, urls.owner_url, there) == before != []


async def test_exam_user_reads_both_tables_unqualified_and_writes_nothing(rig, urls):
    sat, client = rig.sits()
    posted = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
    await client.post("/events", json=posted)
    timing = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 7}
    await client.post("/question-timing", json=timing)
    url = urls.exam_user_url
    (event,) = await asyncio.to_thread(ask, url, EVENTS_QUERY.format(sat.attempt_id))
    assert event[:3] == ("tab_switch", "warning", 1)
    (row,) = await asyncio.to_thread(ask, url, TIMINGS_QUERY.format(sat.attempt_id))
    assert row[:3] == (1, 7, 0)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        await asyncio.to_thread(ask, url, "DELETE FROM proctoring_events RETURNING 1")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM proctoring.{}",
        "UPDATE proctoring.{} SET severity = 'info'",
        "UPDATE proctoring.{} SET hash = network_hash",
        "TRUNCATE proctoring.{}",
    ],
)
async def test_the_service_itself_may_not_rewrite_evidence(rig, urls, statement):
    sat, client = rig.sits()
    await client.post("/events", json={"attempt_id": sat.attempt_id, "event_type": "tab_switch"})

    def partition(session) -> str:
        day = "SELECT 'events_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM_DD')"
        return session.execute(text(day)).scalar_one()

    today = await rig.rows(partition)
    for table in ("proctoring_events", today, "events_of_no_day"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            await asyncio.to_thread(ask, urls.app_url, statement.format(table))
