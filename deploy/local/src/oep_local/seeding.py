"""Loads the demo data as the last step of a start; translates its refusals into the runner's."""

from collections.abc import Callable

from oep_local import legacy, seed
from oep_local.errors import RunnerError
from oep_local.layout import Layout


def seed_task(layout: Layout) -> Callable[[], None]:
    """Return the step; it costs nothing when the data are there already."""

    def run() -> None:
        launcher = legacy.ProcessLauncher(layout.environment_of_deeds)
        try:
            seed.seed(launcher, layout.state.root)
        except (seed.SeedRefusedError, legacy.ImportRefusedError) as refusal:
            raise RunnerError(f"The demo data could not be loaded: {refusal}") from refusal

    return run
