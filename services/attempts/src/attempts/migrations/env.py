from attempts.tables import METADATA, SCHEMA
from chassis.migrating import run_env

run_env(METADATA, SCHEMA)
