"""How to get into a running PostgreSQL, ours or a container's: URLs, psql, databases with roles.

Passwords travel in the environment, never in an argument that `ps` would show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from oep_local import processes, wheels
from oep_local.ports import LOOPBACK
from oep_local.processes import Command

ADMIN = "postgres"
DATABASE = "exam_db"
SERVICES = ("auth", "attempts", "proctoring")
ROLES = (*(f"{service}_{kind}" for service in SERVICES for kind in ("owner", "app")), "exam_user")
ROLES_FILE = Path(__file__).parents[3] / "postgres" / "roles.sql"


@dataclass(frozen=True)
class Access:
    """One server's address and the passwords of ROLES and of the superuser `postgres`."""

    port: int
    passwords: Mapping[str, str]
    host: str = LOOPBACK

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return a connection URL for programs."""
        secret = quote(self.passwords[role], safe="")
        return f"postgresql://{role}:{secret}@{self.host}:{self.port}/{database}"

    def environment(self, role: str, database: str = DATABASE) -> dict[str, str]:
        """Return the variables that let psql and its relatives in."""
        return {
            **processes.base_environment(),
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": role,
            "PGPASSWORD": self.passwords[role],
            "PGDATABASE": database,
            "PGCONNECT_TIMEOUT": "5",
        }

    def psql(
        self,
        arguments: Sequence[str],
        role: str = ADMIN,
        database: str = DATABASE,
        secrets: Mapping[str, str] | None = None,
    ) -> str:
        """Run psql to its end and return what it printed; raises CommandFailed. Blocks."""
        environment = {**self.environment(role, database), **(secrets or {})}
        argv = (str(wheels.postgres("psql")), "-X", "-v", "ON_ERROR_STOP=1", *arguments)
        return processes.run("psql", Command(argv, environment, Path("/")))

    def is_ready(self) -> bool:
        """Whether the server lets its superuser in. Blocks for up to two seconds."""
        try:
            psycopg2.connect(self.url(ADMIN, "postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def make_database(self, name: str = DATABASE) -> None:
        """Make the database unless it is there, with all roles and schemas; safe to repeat."""
        known = self.psql(["-At", "-c", "SELECT datname FROM pg_database"], database="postgres")
        if name not in known.splitlines():
            self.psql(["-q", "-c", f'CREATE DATABASE "{name}"'], database="postgres")
        secrets = {f"{role.upper()}_PASSWORD": self.passwords[role] for role in ROLES}
        self.psql(["-q", "-f", str(ROLES_FILE)], database=name, secrets=secrets)

    def drop_database(self, name: str) -> None:
        """Drop the database, whoever is still connected."""
        self.psql(
            ["-q", "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'], database="postgres"
        )
