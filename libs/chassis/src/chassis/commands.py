"""The command line of a service: serve, check-settings, and what verbs it brings along.

`python -m <service>` builds the settings once and hands them down; a missing or wrong variable is
named without its value. The verbs of a service with a schema are in `store_commands`.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from fastapi import FastAPI
from pydantic import ValidationError

from chassis import logs
from chassis.serving import serve
from chassis.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
S_contra = TypeVar("S_contra", bound=ServiceSettings, contravariant=True)


class Verb(Protocol[S_contra]):
    """One more thing that a service does from the command line."""

    @property
    def name(self) -> str: ...

    @property
    def help(self) -> str: ...

    def add_options(self, parser: argparse.ArgumentParser, /) -> None: ...

    def run(self, settings: S_contra, chosen: argparse.Namespace, /) -> int: ...


@dataclass(frozen=True)
class Service(Generic[S]):
    """What differs between services."""

    name: str
    description: str
    settings: type[S]
    create_app: Callable[[S], FastAPI]
    verbs: Sequence[Verb[S]] = ()
    serve_options: Callable[[S], Mapping[str, Any]] = field(default=lambda _: {})


def main(service: Service[S], arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code (2: wrong words or settings)."""
    chosen = _parser(service).parse_args(arguments)
    try:
        settings = service.settings.from_environment()
    except ValidationError as error:
        return _complain(error)
    for verb in service.verbs:
        if verb.name == chosen.verb:
            return verb.run(settings, chosen)
    if chosen.verb == "check-settings":
        sys.stdout.write(settings.masked() + "\n")
    else:
        logs.configure(settings.log_level, settings.log_format, service.name)
        serve(service.create_app(settings), settings, **service.serve_options(settings))
    return 0


def _parser(service: Service[S]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {service.name}", description=service.description
    )
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="serve until SIGTERM (also without a word)")
    verbs.add_parser("check-settings", help="print the settings, secrets masked")
    for verb in service.verbs:
        verb.add_options(verbs.add_parser(verb.name, help=verb.help))
    return parser


def _complain(error: ValidationError) -> int:
    """Name what is wrong without showing what was given: it may be a secret."""
    for each in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in each["loc"]).upper()
        sys.stderr.write(f"{name}: {each['msg']}\n")
    sys.stderr.write("Set the variables above; the README lists them all.\n")
    return 2
