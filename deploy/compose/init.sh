#!/bin/sh
# Write .env beside docker-compose.yml: one random secret for each purpose, readable by its owner
# only. What an existing .env says stays as it is; only what is missing is added.
set -eu
umask 077

env_file="${1:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/.env}"
touch "$env_file"

# A letter first: the NATS configuration would read a text like 12e5 as a number.
secret() {
  printf 's%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
}

for name in \
  POSTGRES_PASSWORD \
  AUTH_OWNER_PASSWORD AUTH_APP_PASSWORD \
  ATTEMPTS_OWNER_PASSWORD ATTEMPTS_APP_PASSWORD \
  PROCTORING_OWNER_PASSWORD PROCTORING_APP_PASSWORD \
  EXAM_USER_PASSWORD \
  NATS_PASSWORD \
  SIGNING_KEY_SECRET \
  RECEIPT_SIGNING_SECRET \
  EVIDENCE_SIGNING_SECRET
do
  if ! grep -q "^$name=" "$env_file"; then
    printf '%s=%s\n' "$name" "$(secret)" >>"$env_file"
    echo "added $name"
  fi
done
echo "secrets are in $env_file; next: docker-compose up --build"
