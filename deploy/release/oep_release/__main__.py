"""The command: `python -m oep_release release|sbom|audit|compatibility`; the Makefile calls it."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from oep_local import unprivileged
from oep_local.rig import Platform

from oep_release import SERVICES, imaging, matrix, parts, releasing
from oep_release.building import Build, build
from oep_release.errors import ReleaseError
from oep_release.history import ROOT, Release, Repository
from oep_release.versions import Version

HANDED_ON = ROOT / "dist"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Service = Annotated[str, typer.Argument(help=", ".join(SERVICES))]
Services = Annotated[list[str] | None, typer.Argument(help="Which; all of them when none is said.")]


def _known(service: str) -> str:
    if service not in SERVICES:
        raise ReleaseError(f"{service!r} is no service: there are {', '.join(SERVICES)}")
    return service


@app.command()
def release(service: Service, version: Annotated[str, typer.Argument(help="Like 1.2.0")]) -> None:
    """Release one service from this checkout: changelog, version, tag, wheels, bill, image."""
    repository = Repository()
    today = datetime.now(UTC).date()
    wanted = releasing.plan(repository, _known(service), Version.read(version), today)
    made = releasing.make(repository, wanted, typer.echo)
    folder = _hand_on(made, build(repository, made))
    typer.echo(f"Handed on in {folder.relative_to(ROOT)}:")
    for file in sorted(folder.iterdir()):
        typer.echo(f"  {file.name}")
    typer.echo(f"\nPublish both at once:  git push --atomic origin HEAD:main {made.tag}")
    typer.echo(f"Audit its parts:       make audit SERVICE={service}")
    typer.echo(_image(repository, made))


def _hand_on(made: Release, built: Build) -> Path:
    folder = HANDED_ON / made.tag
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in built.wheels.glob("*.whl"):
        shutil.copy2(wheel, folder)
    parts.write_bill(made.service, built, folder / f"{made.tag}.cdx.json", is_validated=True)
    return folder


def _image(repository: Repository, made: Release) -> str:
    """Build the image where an engine is, and say what came of it."""
    command = image_command(made)
    if not imaging.has_engine():
        return f"No image: no container engine answers. On one:  {command}"
    built = imaging.build(repository, made)
    return f"Image:                 {built.name} ({built.size_megabytes} MB)"


def image_command(made: Release) -> str:
    """Return the command that builds a release's image from its tag and nothing else."""
    return f"git archive {made.tag} | {' '.join(imaging.words(made))}"


@app.command()
def sbom(services: Services = None) -> None:
    """Write the bill of parts (CycloneDX) of each service's last release into dist/."""
    repository = Repository()
    for service in map(_known, services or SERVICES):
        last = repository.releases(service)[-1]
        folder = _hand_on(last, build(repository, last))
        typer.echo(f"{folder.relative_to(ROOT)}/{last.tag}.cdx.json")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def audit(context: typer.Context, service: Service) -> None:
    """Ask about every locked dependency of a service; more words go to pip-audit."""
    count = parts.audit(parts.list_of(_known(service)), tuple(context.args))
    typer.echo(f"{service}: nothing is known against its {count} dependencies")


@app.command()
def compatibility(
    services: Services = None,
    at: Annotated[
        str, typer.Option(help="A commit to take the service from, instead of its last release.")
    ] = "",
) -> None:
    """Run each service's previous release between today's others, and play an exam each time."""
    repository = Repository()
    chosen = list(map(_known, services or SERVICES))
    releases = [
        repository.previous(name) if not at else Release(name, Version(0, 0, 0), _commit(at))
        for name in chosen
    ]
    builds = [build(repository, each) for each in releases]
    typer.echo("| service | release | commit | accepted / stored / lost / doubled | holds |")
    typer.echo("|---|---|---|---|---|")
    place = unprivileged.temporary_place("oep-matrix-", unprivileged.account())
    try:
        with Platform(place / "platform", {"realtime": 2}) as platform:
            held = [_row(platform, *pair) for pair in zip(releases, builds, strict=True)]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not all(held):
        raise typer.Exit(1)


def _commit(name: str) -> str:
    return Repository().git("rev-parse", f"{name}^{{commit}}")


def _row(platform: Platform, each: Release, made: Build) -> bool:
    found = matrix.tried(platform, each, made)
    words = (each.service, str(each.version), each.commit[:8], found.counts, found.verdict)
    typer.echo(f"| {' | '.join(words)} |")
    if not found.is_clean:
        typer.echo(found.transcript, err=True)
    return found.is_clean


def main() -> None:
    """Run the command line; a ReleaseError becomes a message and exit code 1."""
    try:
        app()
    except ReleaseError as failure:
        sys.exit(f"release: {failure}")


if __name__ == "__main__":
    main()
