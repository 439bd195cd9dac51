"""The migrations make exactly the tables that the code expects."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from attempts.tables import METADATA, SCHEMA
from chassis.migrating import migrate
from sqlalchemy import text


def test_the_migrated_schema_is_the_one_in_tables(urls, looking):
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        "include_object": lambda _, name, *__: name != "alembic_version",
    }
    with looking.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_changes_nothing(urls, looking):
    migrate("attempts", urls.owner_url, SCHEMA)
    with looking.connect() as connection:
        version = text("SELECT version_num FROM attempts.alembic_version")
        assert connection.execute(version).scalars().all() == ["0008"]
