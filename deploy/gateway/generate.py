# ruff: noqa: INP001  # a script that is run by its path
"""Generate the gateway's Envoy configuration: one source for the runner, compose and Kubernetes.

The modules of `gateway_config` decide which path belongs to which service, what a browser page may
call, what the gateway says itself and where its limits are. None of them knows what a request
means: tokens are checked for being ours, roles and ownership are the services' business.

    make gateway                                                         # compose and Kubernetes
    python deploy/gateway/generate.py > one-file.yaml                    # nothing to reload
    python deploy/gateway/generate.py --upstream auth=127.0.0.1:8101 ... # any other
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from gateway_config.choices import (
    COMPOSE_UPSTREAMS,
    DEFAULT_ORIGINS,
    KUBERNETES_LIVE,
    KUBERNETES_STATS_PORT,
    KUBERNETES_TLS,
    PAGES,
    SERVICES,
    Gateway,
    Limits,
)
from gateway_config.shapes import Json
from gateway_config.whole import BOOTSTRAP_FILE, render


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the configuration that the arguments ask for."""
    gateway, folder = _parse(arguments)
    files = render(gateway)
    sys.stdout.write(files.pop(BOOTSTRAP_FILE))
    for name, text in files.items():  # clusters first, so that no route leads to nobody
        _replace(folder / name, text)


def _replace(place: Path, text: str) -> None:
    """Put a whole file where Envoy waits for one; an equal one is left alone."""
    if place.exists() and place.read_text() == text:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_suffix(".new")
    new.write_text(text)
    new.replace(place)


def _parse(arguments: Sequence[str] | None) -> tuple[Gateway, Path]:
    plain = Gateway()
    parser = argparse.ArgumentParser(description="Generate the gateway's Envoy configuration.")
    parser.add_argument("--upstream", action="append", default=[], metavar="NAME=HOST:PORT[,…]")
    parser.add_argument("--origin", action="append", default=[], metavar="URL")
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--host", default=plain.host)
    parser.add_argument("--port", type=int, default=plain.port)
    parser.add_argument("--admin-host", default=plain.admin_host)
    parser.add_argument("--admin-port", type=int, default=plain.admin_port)
    parser.add_argument("--keys-seconds", type=int, default=plain.keys_seconds)
    parser.add_argument("--openapi", default=plain.openapi, metavar="FILE")
    parser.add_argument("--docs", default=plain.docs, metavar="FILE")
    parser.add_argument("--live", default=plain.live, metavar="FOLDER")
    parser.add_argument("--live-seen-as", metavar="FOLDER", help="where Envoy finds --live")
    parser.add_argument("--tls", default=plain.tls, metavar="FILE")
    parser.add_argument("--certificate", default=plain.certificate, metavar="PEM")
    parser.add_argument("--private-key", default=plain.private_key, metavar="PEM")
    parser.add_argument("--stats-port", type=int, default=plain.stats_port)
    parser.add_argument(
        "--kubernetes", action="store_true", help="as in deploy/kubernetes: TLS, a port for stats"
    )
    parser.set_defaults(**_kubernetes(arguments))
    given = parser.parse_args(arguments)
    if bool(given.certificate) != bool(given.private_key):
        parser.error("--certificate and --private-key come together")
    gateway = Gateway(
        upstreams={**COMPOSE_UPSTREAMS, **dict(map(_upstream, given.upstream))},
        host=given.host,
        port=given.port,
        admin_host=given.admin_host,
        admin_port=given.admin_port,
        origins=given.origin or _default_origins(given),
        limits=Limits(**dict(map(_limit, given.limit))),
        keys_seconds=given.keys_seconds,
        openapi=given.openapi,
        docs=given.docs,
        live=given.live and (given.live_seen_as or given.live),
        tls=given.tls,
        certificate=given.certificate,
        private_key=given.private_key,
        stats_port=given.stats_port,
    )
    return gateway, Path(given.live)


def _default_origins(given: argparse.Namespace) -> Sequence[str]:
    """Know our own pages, which have another origin when they came by TLS."""
    is_tls = given.tls or given.certificate
    return (*DEFAULT_ORIGINS, f"https://localhost:{given.port}") if is_tls else DEFAULT_ORIGINS


def _kubernetes(arguments: Sequence[str] | None) -> Json:
    """Return what is another default in a cluster, where services are found by the same names."""
    asked = "--kubernetes" in (sys.argv[1:] if arguments is None else arguments)
    if not asked:
        return {}
    seen = {"tls": KUBERNETES_TLS, "live_seen_as": KUBERNETES_LIVE}
    return {**seen, "stats_port": KUBERNETES_STATS_PORT}


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    known = [each.name for each in fields(Limits)]
    if name.replace("-", "_") not in known:
        raise SystemExit(f"--limit {text}: the limits are {', '.join(known)}")
    if not number.isdigit() or int(number) < 1:
        raise SystemExit(f"--limit {text}: a number from 1 on")
    return name.replace("-", "_"), int(number)


def _upstream(text: str) -> tuple[str, list[str]]:
    name, _, addresses = text.partition("=")
    if name not in (*SERVICES, PAGES):
        raise SystemExit(f"--upstream {text}: the services are {', '.join(SERVICES)} and {PAGES}")
    return name, [address for address in addresses.split(",") if address]


if __name__ == "__main__":
    main()
