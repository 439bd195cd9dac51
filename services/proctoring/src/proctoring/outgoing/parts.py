"""What leaves, put together: for the app."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from chassis.bus import Bus
from chassis.database import Database
from chassis.serving import Supervisor

from proctoring.outgoing.carrying import Carrier
from proctoring.outgoing.hearing import Hearing
from proctoring.outgoing.keeping import Keeping
from proctoring.outgoing.sending import Sender, Terms
from proctoring.outgoing.sweeping import OutgoingSweeper
from proctoring.outgoing.webhook import WebhookCarrier
from proctoring.settings import Settings

_SWEEP_SECONDS = 600.0


@dataclass(frozen=True)
class Outgoing:
    """The tasks, and the deeds of administrators."""

    hearing: Hearing
    sender: Sender
    sweeper: OutgoingSweeper
    keeping: Keeping
    carrier: Carrier

    @classmethod
    def of(cls, settings: Settings, database: Database, bus: Bus) -> Self:
        """Return them; for an event loop that runs."""
        secret = settings.evidence_signing_secret.get_secret_value()
        kept, hosts = timedelta(days=settings.outgoing_days), settings.webhooks_trusted_hosts
        look = settings.outgoing_look_seconds
        carrier = WebhookCarrier(
            secret,
            hosts,
            seconds=settings.webhooks_seconds,
            authorities_file=settings.webhooks_ca_file,
        )
        terms = Terms(
            schedule=settings.webhooks_retry_seconds,
            seconds=settings.webhooks_seconds,
            at_once=settings.webhooks_at_once,
            each=settings.webhooks_each,
            look_seconds=look,
        )
        sender = Sender(database, carrier, terms)
        hearing = Hearing(bus, database, kept=kept, look_seconds=look, wake=sender.wake)

        def wake() -> None:
            hearing.wake()
            sender.wake()

        return cls(
            hearing=hearing,
            sender=sender,
            sweeper=OutgoingSweeper(database, kept=kept, seconds=_SWEEP_SECONDS),
            keeping=Keeping(database, secret, hosts, wake),
            carrier=carrier,
        )

    def supervise(self, supervisor: Supervisor) -> None:
        supervisor.add("outgoing-hearing", self.hearing.run)
        supervisor.add("outgoing-sending", self.sender.run)
        supervisor.add("outgoing-sweeping", self.sweeper.run)

    async def close(self) -> None:
        """Let go of connections, once nothing is sent any more."""
        await self.carrier.close()
