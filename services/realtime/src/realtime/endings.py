"""Why sockets ended and why students were refused, however long ago and on whichever node.

Staff may ask on a node that has just begun to read the exam, when those who saw it are gone. Every
word about it is in the stream: the newest one of each attempt and fact is read from there, once for
each exam that is watched, until its line ends.
"""

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, BusUnavailable

from realtime import channels, notices
from realtime.presence import ENDINGS, Presence, entry_of
from realtime.sightings import Entry, State

log = structlog.get_logger()


class Endings:
    """Reads what presence lacks; lives on the event loop."""

    def __init__(self, bus: Bus, presence: Presence) -> None:
        self._bus = bus
        self._presence = presence

    async def recall(self, exam_id: int) -> None:
        """Have presence know the endings of an exam. Without the bus, it is tried again."""
        if self._presence.has_recalled(exam_id):
            return
        subjects = [channels.subject(exam_id, "*", fact) for fact in sorted(ENDINGS)]
        try:
            found = await self._bus.latest(EVENTS, subjects)
        except BusUnavailable as error:
            log.info("endings.not_recalled", reason=error.slug)
            return
        read = (notices.read(delivery, "") for delivery in found)
        entries = (entry_of(message) for message in read if message is not None)
        self._presence.recall(exam_id, [_past(entry) for entry in entries if entry is not None])


def _past(entry: Entry) -> Entry:
    """Return a word of before: what its sockets are now, only its node can say, if it lives."""
    if not entry.sighting.socket_count:
        return entry
    word = msgspec.structs.replace(
        entry.sighting, number=0, socket_count=0, state=State.OFFLINE, is_lost=False
    )
    return entry._replace(sighting=word)
