from chassis.migrating import run_env
from proctoring.tables import METADATA, SCHEMA

run_env(METADATA, SCHEMA)
