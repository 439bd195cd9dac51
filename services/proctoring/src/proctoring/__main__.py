"""`python -m proctoring`: serve, migrate, check-settings, import and more; see `-h`."""

import sys

from chassis.commands import Service, main
from chassis.http1 import LaneProtocol
from chassis.store_commands import Audit, Import, Migrate

from proctoring import legacy
from proctoring.app import HOLDINGS, create_app
from proctoring.commands import People, RetentionRun
from proctoring.replay.command import Replay
from proctoring.review.store import HISTORY
from proctoring.settings import Settings
from proctoring.snapshots.parts import streamed
from proctoring.tables import SCHEMA

SERVICE = Service(
    name="proctoring",
    description="Events, timings, tallies and the evidence chain.",
    settings=Settings,
    create_app=create_app,
    serve_options=lambda _: {"http": LaneProtocol},
    verbs=(
        Migrate("proctoring", SCHEMA),
        Import(lambda _: legacy.load),
        RetentionRun(HOLDINGS),
        People(HOLDINGS, streamed),
        Replay(),
        Audit(HISTORY, "reviews", "check that no step of a review was changed or taken out"),
    ),
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
