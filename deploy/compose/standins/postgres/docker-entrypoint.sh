#!/bin/bash
# What we use of the vendor's entrypoint, written anew: on an empty PGDATA it makes the cluster with
# POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, runs /docker-entrypoint-initdb.d against a server
# that listens on its socket only, and then becomes the server. As root it first becomes postgres.
set -euo pipefail

user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"

make_cluster() {
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD is not set: a superuser without a password is refused" >&2
    exit 1
  fi
  # shellcheck disable=SC2086  # several options in one variable, as with the vendor's
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # the wheel's programs were built for another place of the socket than the vendor's
  printf "%s\n" "listen_addresses = '*'" "unix_socket_directories = '/var/run/postgresql'" \
    >>"$PGDATA/postgresql.conf"
}

psql_here() {
  psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$user" "$@"
}

fill_cluster() {
  PGPASSWORD="$POSTGRES_PASSWORD" pg_ctl --wait --silent start -o "-c listen_addresses=''"
  if [ "$database" != postgres ]; then
    psql_here --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) echo "running $file" && . "$file" ;;
      *.sql) echo "running $file" && psql_here --dbname "$database" --file "$file" ;;
    esac
  done
  pg_ctl --wait --silent --mode fast stop
  echo "the new cluster is ready"
}

case "${1:-}" in
  '' | -*) set -- postgres "$@" ;;
esac
if [ "$1" != postgres ]; then
  exec "$@"
fi
mkdir -p "$PGDATA"
if [ "$(id -u)" = 0 ]; then
  chown -R postgres:postgres "$PGDATA"
  chown postgres:postgres /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  make_cluster
  fill_cluster
fi
exec "$@"
