"""What lies in the database: the migration, what is forgotten, what trouble looks like."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from auth import store
from auth.accounts import Method
from auth.tables import METADATA
from chassis.migrating import migrate
from chassis.settings import psycopg2_url
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError


def test_the_migration_makes_exactly_the_tables_that_the_code_knows(auth_database):
    # as a role whose search path does not hide the schema's name from Alembic
    engine = create_engine(psycopg2_url(auth_database.admin_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name == "auth",
                "version_table_schema": "auth",
            },
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(auth_database, world):
    there = (
        "SELECT oid, relname, relfilenode FROM pg_class WHERE relnamespace = 'auth'::regnamespace"
    )
    before = sorted(world.sql(there))
    migrate("auth", auth_database.owner_url, "auth")
    assert sorted(world.sql(there)) == before != []


def test_the_roles_have_their_fixed_ids(world):
    rows = world.sql("SELECT id, name FROM roles ORDER BY id")
    assert [tuple(row) for row in rows[:7]] == [
        (1, "admin"),
        (2, "hall_in_charge"),
        (3, "hall_auth"),
        (4, "technician"),
        (5, "student"),
        (6, "proctor"),
        (7, "grader"),
    ]


@pytest.mark.parametrize("state", ["active", "next"])
def test_there_is_at_most_one_active_and_one_next_key(world, state):
    with pytest.raises(IntegrityError):
        world.sql(
            "INSERT INTO signing_keys (kid, state, public_key, sealed_private_key)"
            " VALUES ('x', :state, '', '')",
            state=state,
        )


async def run(world, work):
    database = world.app.state.parts.database

    def inside():
        with database.transaction() as session:
            return work(session)

    return await database.run(inside)


async def test_what_nobody_can_use_any_more_is_forgotten_and_the_rest_stays(world):
    person = world.add("student")
    old = datetime.now(UTC) - timedelta(days=10)
    dead, alive = uuid4(), (await world.login(person)).json()
    world.sql(
        "INSERT INTO logins VALUES (:id, :user, 'password', :at, :at)",
        id=dead,
        user=person.id,
        at=old,
    )
    world.sql("INSERT INTO refresh_tokens VALUES (:a, :b, :at, :at)", a=uuid4(), b=dead, at=old)
    world.sql(
        "INSERT INTO revocations (login_id, revoked_at, forget_at) VALUES (:id, :at, :at)",
        id=dead,
        at=old,
    )
    world.sql("INSERT INTO login_tries VALUES ('password', 5, 9, :at, :at)", at=old)
    world.sql("INSERT INTO login_tries VALUES ('password', 6, 9, now(), now())")
    assert await run(world, lambda s: store.forget_old(s, quiet_seconds=900)) >= 3
    assert world.sql("SELECT * FROM logins WHERE id = :id", id=dead) == []
    assert world.sql("SELECT * FROM refresh_tokens WHERE login_id = :id", id=dead) == []
    assert world.sql("SELECT * FROM revocations WHERE login_id = :id", id=dead) == []
    assert [r.slot for r in world.sql("SELECT slot FROM login_tries WHERE slot IN (5, 6)")] == [6]
    assert (await world.me(alive["access_token"])).is_success


async def test_the_share_of_imported_hashes_is_measured(world):
    shares = await run(world, store.imported_shares)
    count = world.sql(
        "SELECT count(*) FILTER (WHERE hashed_password LIKE '$2%') * 1.0 / count(*) FROM users"
    )
    assert float(shares[Method.PASSWORD]) == pytest.approx(float(count[0][0]))
    assert 0 <= shares[Method.HALL_TICKET] <= 1


async def test_guesses_at_the_same_moment_are_all_counted(world):
    person = world.add("admin")
    answers = await asyncio.gather(*(world.login(person, "wrong") for _ in range(12)))
    passed = sum(a.status_code == 401 for a in answers)
    # on a slow machine a delay of a second or two may pass meanwhile
    assert 5 <= passed <= 7
    assert sum(a.status_code == 429 for a in answers) == 12 - passed


async def test_a_table_that_stays_locked_is_503_and_not_a_hanging_request(
    world, auth_database, settings_for, running_world
):
    person = world.add("admin")
    settings = settings_for(auth_database, lock_timeout_ms=200)
    engine = create_engine(psycopg2_url(auth_database.owner_url))
    async with running_world(settings) as other:
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("LOCK TABLE login_tries IN ACCESS EXCLUSIVE MODE")
            answer = await other.login(person)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert (await other.login(person)).is_success
    engine.dispose()
