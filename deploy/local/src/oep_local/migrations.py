"""Brings the services' tables up to date at a start, through each service's own `migrate`.

Starting three interpreters that find nothing to do takes seconds, so what was migrated is noted:
the migrations' content and the database's birth. Either one changed, and the service is asked.
"""

import hashlib
import json
import sys

from oep_local import processes
from oep_local.layout import Layout
from oep_local.postgres import PostgresServer
from oep_local.processes import Command
from oep_local.state import ROOT


def migrate(layout: Layout, name: str, database: PostgresServer) -> None:
    """Bring one service's tables up to date; raises CommandFailed. Blocks."""
    note = layout.state.root / f"migrated-{name}.json"
    wanted = [_content(name), database.birth()]
    if note.exists() and json.loads(note.read_text()) == wanted:
        return
    argv = (sys.executable, "-m", name, "migrate")
    command = Command(argv, layout.environment_of_deeds(name), layout.state.root)
    processes.run(f"{name} migrate", command)
    note.write_text(json.dumps(wanted))


def _content(name: str) -> str:
    folder = ROOT / "services" / name / "src" / name / "migrations"
    parts = [
        b"%s\0%s" % (str(path.relative_to(folder)).encode(), path.read_bytes())
        for path in sorted(folder.rglob("*.py"))
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
