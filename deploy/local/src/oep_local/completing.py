"""What a shell offers behind `oep` when somebody presses Tab, and the script that lets it ask.

Names of services and logs come from the state folder; nobody is asked and no login is needed.
"""

from enum import Enum
from typing import Annotated

import typer

from oep_local import state
from oep_local.errors import RunnerError

SERVICES = ("auth", "attempts", "proctoring", "realtime")


class Shell(Enum):
    """Those that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add `oep completion` to the command line."""

    @app.command()
    def completion(shell: Annotated[Shell, typer.Argument(show_default=False)]) -> None:
        """Print what makes a shell complete `oep`.

        For good: `oep --install-completion` does it for the shell that you are in.

        Example: `eval "$(oep completion bash)"`

        Example: `oep completion fish > ~/.config/fish/completions/oep.fish`
        """
        # Imported late: only the script is made there.
        from typer.completion import (  # type: ignore[attr-defined]  # noqa: PLC0415
            get_completion_script,
        )

        script = get_completion_script(
            prog_name="oep", complete_var="_OEP_COMPLETE", shell=shell.value
        )
        typer.echo(script)


def running_parts(incomplete: str) -> list[str]:
    """Return the processes that run, or would."""
    try:
        known = [*state.here().read_run().get("parts", {})]
    except RunnerError:
        known = []
    names = known or ["postgres", "nats", *SERVICES, "gateway"]
    # `attempts` means all replicas of it
    return _fitting({*names, *(name.partition("#")[0] for name in names)}, incomplete)


def known_logs(incomplete: str) -> list[str]:
    """Return what has a log."""
    logs = state.here().logs.glob("*.log")
    return _fitting({path.stem.replace("-", "#") for path in logs}, incomplete)


def known_services(incomplete: str) -> list[str]:
    return _fitting({*SERVICES}, incomplete)


def known_exams(incomplete: str) -> list[str]:
    """Return the ids of exams that were seen on this machine before (`exams list` notes them)."""
    return _fitting({*read_exams()}, incomplete)


def read_exams() -> list[str]:
    try:
        return (state.here().root / "exam-ids").read_text(encoding="utf-8").split()
    except OSError:
        return []


def note_exams(ids: list[int]) -> None:
    """Keep the ids of exams for the next Tab; where there is no state folder, nothing is kept."""
    place = state.here().root
    if place.is_dir():
        (place / "exam-ids").write_text("\n".join(map(str, ids)), encoding="utf-8")


def _fitting(names: set[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
