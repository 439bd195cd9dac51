"""Retention put together: for the app and for the service's own command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from chassis.database import Database

from proctoring import keyring
from proctoring.retention.due import Policy
from proctoring.retention.erasing import Eraser, HeldByReview
from proctoring.retention.exporting import Exporter
from proctoring.retention.holdings import Holding, Streamed
from proctoring.review import holds
from proctoring.settings import Settings


@dataclass(frozen=True)
class Retention:
    """The deeds, and what the installation says."""

    eraser: Eraser
    exporter: Exporter
    defaults: Policy
    held_by_review: HeldByReview

    @classmethod
    def of(
        cls,
        settings: Settings,
        database: Database,
        holdings: Sequence[Holding],
        streamed: Sequence[Streamed] = (),
    ) -> Self:
        defaults = Policy(
            settings.retention_events_days,
            settings.retention_network_days,
            settings.retention_snapshots_days,
        )
        key = keyring.signing_key(settings)
        return cls(
            Eraser(database, key, defaults, holdings, holds.held),
            Exporter(database, holdings, streamed),
            defaults,
            holds.held,
        )
