"""What keeps a release from being made, found or trusted; each text says what to do."""


class ReleaseError(Exception):
    """Something the person at the keyboard can act on."""


class NotInThisClone(ReleaseError):
    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not in this clone. It was cut when it was made (depth, single branch):"
            " bring the history with `git fetch --unshallow --tags`."
        )


class StepFailed(ReleaseError):
    def __init__(self, step: str, words: str) -> None:
        super().__init__(f"{step} failed:\n{words.strip()}")
