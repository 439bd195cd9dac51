"""Snapshots put together: for the app and for the service's own commands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from chassis.database import Database
from chassis.serving import Supervisor

from proctoring.attempts_client import AttemptsClient
from proctoring.retention.holdings import Streamed
from proctoring.settings import Settings
from proctoring.snapshots.gallery import Gallery
from proctoring.snapshots.holdings import Pictures
from proctoring.snapshots.shelf import shelf_of
from proctoring.snapshots.shelving import Shelving
from proctoring.snapshots.sweeping import ShelfSweeper
from proctoring.snapshots.taking import Taking


@dataclass(frozen=True)
class Snapshots:
    """What is there before anything is connected."""

    settings: Settings
    shelving: Shelving
    gallery: Gallery

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Self:
        shelving = Shelving(shelf_of(settings))
        return cls(settings, shelving, Gallery(database, shelving))

    def taking(
        self, database: Database, attempts: AttemptsClient, wake: Callable[[], None]
    ) -> Taking:
        """Return what takes snapshots in, by connections of its own."""
        return Taking(database, attempts, self.shelving, self.settings, wake=wake)

    def supervise(self, supervisor: Supervisor, database: Database) -> None:
        """Let files go that nothing refers to."""
        if self.shelving.shelf is not None:
            seconds = self.settings.snapshots_sweep_seconds
            sweeper = ShelfSweeper(database, self.shelving.shelf, seconds=seconds)
            supervisor.add("snapshots", sweeper.run)


def streamed(settings: Settings, database: Database) -> Sequence[Streamed]:
    """Return what a person's export shows of pictures."""
    return (Pictures(Snapshots.of(settings, database).gallery),)
