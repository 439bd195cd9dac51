"""Brings a service's schema to its newest version; one job at a time, no long wait for a lock.

Migrations ship inside each service's package (`migrations/`); the version table lives in the
service's own schema. Run by a job before the service starts, never by the service itself.
"""

from importlib import resources

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.pool import NullPool

from chassis.settings import psycopg2_url


def migrate(package: str, url: str, schema: str, revision: str = "head") -> None:
    """Upgrade `schema` to `revision` with the migrations of `package`. Blocking.

    Replicas that start at once queue behind an advisory lock; a migration that cannot get a table
    lock within 5 s fails rather than stop the running service.
    """
    engine = create_engine(
        psycopg2_url(url), poolclass=NullPool, connect_args={"options": "-c lock_timeout=5000"}
    )
    config = Config()
    with resources.as_file(resources.files(package) / "migrations") as folder:
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        with engine.connect() as connection:
            connection.execute(text("SET lock_timeout = 0"))
            lock = text("SELECT pg_advisory_lock(hashtextextended(:name, 1))")
            connection.execute(lock, {"name": schema})
            connection.execute(text("SET lock_timeout = 5000"))
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    engine.dispose()


def run_env(metadata: MetaData, schema: str) -> None:
    """Be the body of a service's `migrations/env.py`."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=schema,
        include_schemas=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
