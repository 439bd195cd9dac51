"""What leaves, put together: for the app."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from chassis.bus import Bus
from chassis.database import Database
from chassis.serving import Supervisor

from proctoring.outgoing.carrying import Carrier
from proctoring.outgoing.hearing import Hearing
from proctoring.outgoing.keeping import Keeping
from proctoring.outgoing.letter import About
from proctoring.outgoing.mail import AddressOf, MailCarrier, Server, Style
from proctoring.outgoing.sending import Sender, Terms, due_letters, due_webhooks
from proctoring.outgoing.sweeping import OutgoingSweeper
from proctoring.outgoing.webhook import WebhookCarrier
from proctoring.settings import Settings

_SWEEP_SECONDS = 600.0


@dataclass(frozen=True)
class Outgoing:
    """The tasks, and the deeds of administrators."""

    hearing: Hearing
    senders: Sequence[Sender]
    sweeper: OutgoingSweeper
    keeping: Keeping
    carriers: Sequence[Carrier]

    @classmethod
    def of(cls, settings: Settings, database: Database, bus: Bus, address_of: AddressOf) -> Self:
        """Return them; for an event loop that runs. `address_of` asks auth for a user's address."""
        secret = settings.evidence_signing_secret.get_secret_value()
        kept, hosts = timedelta(days=settings.outgoing_days), settings.webhooks_trusted_hosts
        webhooks = _webhooks(settings, secret)
        senders = [
            Sender(database, webhooks, _terms(settings), due_webhooks(settings.webhooks_each))
        ]
        if settings.mail_host is not None:
            carrier = _mail(settings, settings.mail_host, address_of)
            senders.append(Sender(database, carrier, _mail_terms(settings), due_letters))
        hearing = Hearing(
            bus,
            database,
            kept=kept,
            look_seconds=settings.outgoing_look_seconds,
            wake=lambda: _wake(*senders),
            mails=[About(each) for each in settings.mail_about] if settings.mail_host else (),
        )
        return cls(
            hearing=hearing,
            senders=senders,
            sweeper=OutgoingSweeper(database, kept=kept, seconds=_SWEEP_SECONDS),
            keeping=Keeping(database, secret, hosts, lambda: _wake(hearing, *senders)),
            carriers=[sender.carrier for sender in senders],
        )

    def supervise(self, supervisor: Supervisor) -> None:
        supervisor.add("outgoing-hearing", self.hearing.run)
        for sender in self.senders:
            supervisor.add(f"outgoing-{sender.carrier.name}", sender.run)
        supervisor.add("outgoing-sweeping", self.sweeper.run)

    async def close(self) -> None:
        """Let go of connections, once nothing is sent any more."""
        for carrier in self.carriers:
            await carrier.close()


def _wake(*tasks: Hearing | Sender) -> None:
    for task in tasks:
        task.wake()


def _webhooks(settings: Settings, secret: str) -> WebhookCarrier:
    return WebhookCarrier(
        secret,
        settings.webhooks_trusted_hosts,
        seconds=settings.webhooks_seconds,
        authorities_file=settings.webhooks_ca_file,
    )


def _terms(settings: Settings) -> Terms:
    return Terms(
        schedule=settings.webhooks_retry_seconds,
        seconds=settings.webhooks_seconds,
        at_once=settings.webhooks_at_once,
        look_seconds=settings.outgoing_look_seconds,
    )


def _mail(settings: Settings, host: str, address_of: AddressOf) -> MailCarrier:
    password = settings.mail_password
    server = Server(
        host=host,
        port=settings.mail_port,
        tls=settings.mail_tls,
        user=settings.mail_user,
        password=None if password is None else password.get_secret_value(),
        authorities_file=settings.mail_ca_file,
        seconds=settings.mail_seconds,
    )
    style = Style(settings.mail_from, settings.mail_language, settings.public_url)
    return MailCarrier(server, style, address_of)


def _mail_terms(settings: Settings) -> Terms:
    return Terms(
        schedule=settings.mail_retry_seconds,
        seconds=settings.mail_seconds,
        at_once=settings.mail_at_once,
        look_seconds=settings.outgoing_look_seconds,
    )
