import proctoring.acting.tables
import proctoring.evidence.tables  # its tables are in METADATA, too
import proctoring.keyring  # likewise
import proctoring.outgoing.tables  # likewise
import proctoring.retention.tables  # likewise
import proctoring.risk.tables  # likewise
import proctoring.snapshots.tables  # noqa: F401  # likewise
from chassis.migrating import run_env
from proctoring.tables import METADATA, SCHEMA

run_env(METADATA, SCHEMA)
