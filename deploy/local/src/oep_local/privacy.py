"""`oep privacy`: all that the platform holds on a person, as one document; and its erasure.

The services' own verbs do it, each in a process of its own: they need no administrator's password.
What an erasure leaves, and why, says ADR 21.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell_json

User = Annotated[str, typer.Argument(help="User name or id; id:7 is always an id.")]
Output = Annotated[Path | None, typer.Option(help="Write here instead of to the terminal.")]
Reason = Annotated[str, typer.Option(help="Signed and kept for good: no names.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")]


class PrivacyFailed(RunnerError):
    """The text says what was not done, and what to do."""


def register(app: typer.Typer) -> None:
    """Add `oep privacy` to the command line."""
    privacy = typer.Typer(no_args_is_help=True)
    app.add_typer(privacy, name="privacy")

    @privacy.callback()
    def about() -> None:
        """Export or erase what is held on a person.

        Example: `oep privacy export demo001`
        """

    @privacy.command("export")
    def export(user: User, output: Output = None) -> None:
        """Put all that the platform holds on a person into one JSON document.

        JSON: `{user_id, exported_at, auth, attempts, proctoring}`, each as its service keeps it

        Example: `oep privacy export demo001`

        Example: `oep privacy export id:900001 --output demo001.json`
        """
        document = json.dumps(export_in(_running(), user), indent=2, ensure_ascii=False)
        if output is None:
            typer.echo(document)
        else:
            output.write_text(document + "\n", encoding="utf-8")

    @privacy.command("erase")
    def erase(
        user: User,
        reason: Reason = "the person asked for it",
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        """Forget a student: name, addresses, payloads. Exam records and signed facts stay.

        What is on hold is named and erased by itself when nothing holds it any more.

        JSON: `{user_id, attempts, auth, proctoring: {attempts: [{attempt_id, held_by, …}], …}}`,
        what each service did

        Example: `oep privacy erase demo012 --yes`
        """
        running = _running()
        if not yes:
            typer.confirm(
                f"Erase what is known of {user}? It cannot be undone", abort=True, err=True
            )
        done = erase_in(running, user, reason)
        if as_json:
            tell_json(done)
            return
        typer.echo(f"Person {done['user_id']} is erased.")
        for attempt in done["proctoring"]["attempts"]:
            if attempt["held_by"]:
                why = " and ".join(attempt["held_by"])
                typer.echo(f"Attempt {attempt['attempt_id']} waits: {why}.")


def export_in(running: Layout, user: str) -> dict[str, Any]:
    """Return a person's whole document from a given platform; raises PrivacyFailed. Blocks."""
    auth = _said(running, "auth", "export", user)
    user_id = str(auth.pop("user_id"))
    others = ("attempts", "proctoring")
    with ThreadPoolExecutor(len(others)) as threads:
        parts = list(threads.map(lambda s: _said(running, s, "export", user_id), others))
    return {
        "user_id": int(user_id),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "auth": auth,
        **dict(zip(others, parts, strict=True)),
    }


def erase_in(running: Layout, user: str, reason: str) -> dict[str, Any]:
    """Erase a person in a given platform; return what each service did. Blocks.

    attempts comes first, because it refuses while he sits; then auth lets him in no more. Raises
    PrivacyFailed; what was begun is finished by saying it again with the id.
    """
    found = _said(running, "auth", "find", user)
    user_id = str(found["user_id"])
    if not found["may_be_erased"]:
        raise PrivacyFailed(
            "Nothing was erased: only students can be; take the person's other roles away first"
        )
    done: dict[str, Any] = {"user_id": int(user_id)}
    for service, name in (
        ("attempts", user_id),
        ("auth", f"id:{user_id}"),
        ("proctoring", user_id),
    ):
        try:
            done[service] = _said(running, service, "erase", name, "--reason", reason)
        except PrivacyFailed as failure:
            so_far = ", ".join(each for each in done if each != "user_id") or "nothing"
            raise PrivacyFailed(
                f"{failure} Done so far: {so_far}. Say it again: oep privacy erase id:{user_id}"
            ) from failure
    return done


def _said(running: Layout, service: str, *words: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", service, "people", *words]
    done = subprocess.run(  # noqa: S603  # our own module, our own arguments
        argv,
        env=dict(running.environment(service)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PrivacyFailed(f"{service}: {done.stderr.strip() or 'it failed'}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _running() -> Layout:
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return Layout.read(place)
