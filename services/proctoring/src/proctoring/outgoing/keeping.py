"""Deeds of administrators about webhook endpoints. Blocking: for worker threads."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from chassis.database import Database
from sqlalchemy.orm import Session

from proctoring.outgoing import endpoint_store, place, signature, store, topic
from proctoring.outgoing.endpoint import MOST, Endpoint, Wish
from proctoring.outgoing.errors import (
    AddressNotAllowed,
    DeliveryErased,
    DeliveryNotFound,
    EndpointNotFound,
    TooManyEndpoints,
)
from proctoring.outgoing.queue import Delivery, DeliveryState
from proctoring.store import clock

log = structlog.get_logger()

_SENT_AGAIN = (DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.FAILED)


@dataclass(frozen=True)
class Secret:
    """An endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


class Keeping:
    """Adds, changes and removes endpoints, and lets what was told be told again."""

    def __init__(
        self,
        database: Database,
        installation_secret: str,
        trusted_hosts: Collection[str],
        wake: Callable[[], None],
    ) -> None:
        """`wake` tells who hears and who sends that there is something new."""
        self._database = database
        self._installation_secret = installation_secret
        self._trusted_hosts = trusted_hosts
        self._wake = wake

    def every(self) -> Sequence[Endpoint]:
        with self._database.transaction() as session:
            return endpoint_store.every(session)

    def find(self, endpoint_id: int) -> Endpoint:
        with self._database.transaction() as session:
            return _existing(session, endpoint_id)

    def add(self, wish: Wish, by_id: int) -> Secret:
        """Make an endpoint that hears what happens from now on.

        Raises `AddressNotAllowed`, `TooManyEndpoints`.
        """
        self._judge(wish)
        salt = signature.new_salt()
        with self._database.transaction() as session:
            if endpoint_store.lock_and_count(session) >= MOST:
                raise TooManyEndpoints
            endpoint_id = endpoint_store.add(session, wish, salt, by_id)
            made = _existing(session, endpoint_id)
        self._wake()
        log.info("webhook.endpoint_added", endpoint_id=endpoint_id, user_id=by_id)
        return self._secret(made)

    def change(self, endpoint_id: int, wish: Wish, by_id: int) -> Endpoint:
        """Say anew what an endpoint is; one that was failing is tried again at once."""
        self._judge(wish)
        with self._database.transaction() as session:
            _lock(session, endpoint_id)
            endpoint_store.change(session, endpoint_id, wish, by_id)
            changed = _existing(session, endpoint_id)
        self._wake()
        log.info("webhook.endpoint_changed", endpoint_id=endpoint_id, user_id=by_id)
        return changed

    def remove(self, endpoint_id: int, by_id: int) -> None:
        """Remove an endpoint and all that was, or was to be, told to it."""
        with self._database.transaction() as session:
            if not endpoint_store.remove(session, endpoint_id):
                raise EndpointNotFound
        log.info("webhook.endpoint_removed", endpoint_id=endpoint_id, user_id=by_id)

    def rotate(self, endpoint_id: int, overlap: timedelta, by_id: int) -> Secret:
        """Give an endpoint a new secret; the one before signs, too, until the overlap is over."""
        with self._database.transaction() as session:
            _lock(session, endpoint_id)
            endpoint_store.rotate(session, endpoint_id, signature.new_salt(), overlap, by_id)
            changed = _existing(session, endpoint_id)
        log.info("webhook.secret_changed", endpoint_id=endpoint_id, user_id=by_id)
        return self._secret(changed)

    def attempt(self, endpoint_id: int) -> int:
        """Send an endpoint something to try it; return the delivery's id."""
        with self._database.transaction() as session:
            _existing(session, endpoint_id)
            message = topic.tried(f"tried-{uuid.uuid4()}", endpoint_id, clock(session))
            delivery_id = store.add_one(session, endpoint_id, message)
        self._wake()
        return delivery_id

    def deliveries(
        self, endpoint_id: int, *, state: DeliveryState | None, before: int, limit: int
    ) -> Sequence[Delivery]:
        with self._database.transaction() as session:
            _existing(session, endpoint_id)
            return store.page(session, endpoint_id, state=state, before=before, limit=limit)

    def replay_one(self, endpoint_id: int, delivery_id: int) -> None:
        """Send one again, under the id that it had. Raises `DeliveryErased`, `DeliveryNotFound`."""
        with self._database.transaction() as session:
            _existing(session, endpoint_id)
            if not store.replay_one(session, endpoint_id, delivery_id):
                is_there = store.state_of(session, endpoint_id, delivery_id) is not None
                raise DeliveryErased if is_there else DeliveryNotFound
        self._wake()

    def replay(self, endpoint_id: int, since: datetime, *, only_failed: bool) -> int:
        """Send again what happened since then; return how many messages that are."""
        states = (DeliveryState.FAILED,) if only_failed else _SENT_AGAIN
        with self._database.transaction() as session:
            _existing(session, endpoint_id)
            count = store.replay(session, endpoint_id, since, states)
        self._wake()
        log.info("webhook.replayed", endpoint_id=endpoint_id, count=count)
        return count

    def _judge(self, wish: Wish) -> None:
        try:
            place.place(wish.url, self._trusted_hosts)
        except place.NotAllowed as error:
            detail = f"url {error}"
            raise AddressNotAllowed(detail) from None

    def _secret(self, endpoint: Endpoint) -> Secret:
        key = signature.key_of(self._installation_secret, endpoint.salt)
        return Secret(endpoint, signature.shown(key))


def _existing(session: Session, endpoint_id: int) -> Endpoint:
    found = endpoint_store.find(session, endpoint_id)
    if found is None:
        raise EndpointNotFound
    return found


def _lock(session: Session, endpoint_id: int) -> None:
    if not endpoint_store.lock(session, endpoint_id):
        raise EndpointNotFound
