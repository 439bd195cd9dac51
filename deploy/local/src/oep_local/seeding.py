"""Loads the demo data as the last step of a start; translates its refusals into the runner's."""

import time
from collections.abc import Callable

from oep_local import legacy, seed
from oep_local.errors import RunnerError
from oep_local.layout import Layout

_PAUSES_SECONDS = (1.0, 4.0)


def seed_task(layout: Layout) -> Callable[[], None]:
    """Return the step; it costs nothing when the data are there already."""

    def run() -> None:
        try:
            _seed(layout)
        except (seed.SeedRefusedError, legacy.ImportRefusedError) as refusal:
            raise RunnerError(f"The demo data could not be loaded: {refusal}") from refusal

    return run


def _seed(layout: Layout) -> None:
    """Load them; a database that is busy while everything starts is asked again."""
    launcher = legacy.ProcessLauncher(layout.environment_of_deeds)
    for pause in _PAUSES_SECONDS:
        try:
            seed.seed(launcher, layout.state.root)
        except legacy.ImportPutOffError:
            time.sleep(pause)
        else:
            return
    seed.seed(launcher, layout.state.root)
