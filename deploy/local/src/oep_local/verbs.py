"""The table of contents of `oep`: which verbs there are, and which module has each.

A module is imported when its verb is used, so that `oep --help` and the completion of a word in a
shell cost no more than reading this table. Each module has `register(app)`, which adds its verbs.
"""

import importlib
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

PLATFORM, OFFICE, PROOF, LOOK = "The platform", "The exam office", "Proof", "This command"


@dataclass(frozen=True)
class Verb:
    """A word behind `oep`."""

    name: str
    module: str
    panel: str
    summary: str
    """The first sentence of its own help; a test holds them equal."""


VERBS = {
    verb.name: verb
    for verb in (
        Verb("up", "running", PLATFORM, "Start everything, keep it alive until Ctrl-C."),
        Verb("down", "running", PLATFORM, "Stop everything, wherever it was started."),
        Verb("status", "running", PLATFORM, "Show every process and whether it is healthy."),
        Verb("logs", "running", PLATFORM, "Show what a service said last."),
        Verb("psql", "running", PLATFORM, "Open psql on the platform's database."),
        Verb("kill", "running", PLATFORM, "End a service without a word, as a crash would."),
        Verb("stop", "running", PLATFORM, "Suspend a service: it lives and says nothing."),
        Verb("cont", "running", PLATFORM, "Wake what was suspended or held down."),
        Verb("term", "running", PLATFORM, "Ask a service to end cleanly."),
        Verb("reset", "running", PLATFORM, "Stop everything and forget all data."),
        Verb(
            "check-settings",
            "check_settings",
            PLATFORM,
            "Say what services would run with, or why not.",
        ),
        Verb("seed", "seed", PLATFORM, "Load the demo exam and its people."),
        Verb("demo", "demo", PLATFORM, "Play one exam and show that nothing promised was lost."),
        Verb("import-legacy", "legacy", PLATFORM, "Bring in a dump of the legacy portal."),
        Verb("replay", "replay", PLATFORM, "Put back into the bus what it has lost of events."),
        Verb("backup", "backup", PLATFORM, "Write all that the platform keeps into one file."),
        Verb("restore", "backup", PLATFORM, "Make the platform that a backup holds."),
        Verb("capacity", "capacity.command", PLATFORM, "Say what an installation needs and costs."),
        Verb("exams", "exams", OFFICE, "Look at exams, make and publish them, assign staff."),
        Verb("people", "people", OFFICE, "Find, add, block and import people."),
        Verb("attempts", "attempts", OFFICE, "Look at attempts, give time, pause and end them."),
        Verb("watch", "watch", OFFICE, "Watch an exam live, in the terminal."),
        Verb("report", "report", PROOF, "Write a proctoring report into a file."),
        Verb("verify", "verifying", PROOF, "Check a signed receipt or an evidence bundle."),
        Verb("keys", "keys", PROOF, "Look at the signing keys, rotate them, or revoke one."),
        Verb("privacy", "privacy", PROOF, "Export or erase what is held on a person."),
        Verb("retention", "retention", PROOF, "Erase evidence whose time is over."),
        Verb("exit-codes", "exits", LOOK, "Say what the exit codes mean."),
        Verb("completion", "completing", LOOK, "Print what makes a shell complete `oep`."),
    )
}


class LazyGroup(TyperGroup):
    """Knows all verbs by name, and each by its module only when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # typer passes it
        return [*VERBS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # typer passes it
        """Return a verb that was used already, else what a list shows of it."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        listed = TyperCommand(
            verb.name, callback=None, short_help=verb.summary, rich_help_panel=verb.panel
        )
        return self.commands.get(cmd_name, listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in VERBS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """Import the module of a verb and return the command."""
    module = importlib.import_module(f"oep_local.{VERBS[name].module}")
    several = typer.Typer(rich_markup_mode="markdown", add_completion=False)
    several.callback()(_nothing)  # or else a single verb would lose its name
    module.register(several)
    group = get_command(several)
    assert isinstance(group, TyperGroup)  # noqa: S101  # typer's type is wider
    return group.commands[name]


def _nothing() -> None:
    return
