"""Everything that can stop the runner, each with what to do about it; never a bare traceback."""

from oep_local.exits import Exit


class RunnerError(Exception):
    """Something the person at the keyboard can act on; the text says how."""

    code = Exit.FAILED


class WheelMissing(RunnerError):
    def __init__(self, program: str, wheel: str) -> None:
        super().__init__(
            f"{program} is not installed: the wheel {wheel} exists for Linux on x86-64 only (not"
            " for macOS or arm64). There, use containers instead: docker-compose up"
        )


class DidNotStart(RunnerError):
    def __init__(self, name: str, reason: str, log: str) -> None:
        tail = f"\nThe end of its log:\n{log.rstrip()}" if log.strip() else ""
        super().__init__(f"{name} did not start: {reason}.{tail}")


class CommandFailed(RunnerError):
    def __init__(self, name: str, code: int, output: str) -> None:
        super().__init__(f"{name} failed with exit code {code}:\n{output.strip()}")


class NoPlace(RunnerError):
    """No folder that both we and the database's own user can work in."""


class NoUnprivilegedUser(RunnerError):
    def __init__(self) -> None:
        super().__init__(
            "PostgreSQL refuses to run as root, and neither a user 'postgres' nor 'nobody' exists."
            " Create one (useradd --system postgres) or run as an ordinary user."
        )
