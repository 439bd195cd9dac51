"""Fixtures of the chassis' own tests: a table of its own in a real database, a connected bus."""

from collections.abc import AsyncIterator, Iterator

import pytest
from chassis.bus import Bus
from chassis.database import Database
from chassis.outbox import outbox_table
from sqlalchemy import MetaData, Table, text


@pytest.fixture(scope="session")
def urls(database):
    """URLs of a database with the schema `auth`, whose tables belong to the app role's owner."""
    return database("auth")


@pytest.fixture
def outbox(urls) -> Iterator[Table]:
    metadata = MetaData()
    table = outbox_table(metadata, "auth")
    owner = Database(urls.owner_url, pool_size=1)
    metadata.create_all(owner.engine)
    yield table
    with owner.transaction() as session:
        session.execute(text("TRUNCATE auth.outbox"))
    owner.dispose()


@pytest.fixture
def store(urls) -> Iterator[Database]:
    database = Database(urls.app_url, pool_size=2, statement_timeout_ms=500, lock_timeout_ms=300)
    yield database
    database.dispose()


@pytest.fixture
async def bus(nats_server) -> AsyncIterator[Bus]:
    bus = Bus(nats_server.url, "chassis-tests")
    await bus.start()
    await bus.wait_ready()
    yield bus
    await bus.close()
