"""The part of a board that some proctors look at: a page of a listing, and what changes on it.

All who look at the same page share one window, and each frame is built once for all of them. A
`page` is everything on it; `changes` are the rows that are others than before, with the order when
that is another one. Both are complete up to their position: what left the page is not in its order.
They leave together, a quarter of a second apart, so that no socket is told its page more often.
What cannot wait so long is an event about somebody on the page, and is told as on a whole board, at
once (ADR 37).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec
from chassis.bus import Position

from realtime import frames
from realtime.boards.order import Filter, Group, Listing, Span
from realtime.boards.pace import Pace
from realtime.connection import Connection
from realtime.errors import HandshakeInvalid
from realtime.frames import Frame
from realtime.incoming import Malformed

MAX_LIMIT = 500


class Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    """What of a board is looked at."""

    offset: int = 0
    limit: int = 50
    filter: Filter = Filter()

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError("offset must not be negative")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit must be between 1 and {MAX_LIMIT}")

    def is_touched_by(self, span: Span) -> bool:
        """Say whether a change of the listing is to be seen."""
        end = self.offset + self.limit
        return span.is_recounted or (span.first < end and span.last >= self.offset)


class _Head(msgspec.Struct):
    type: Any = None


class _View(msgspec.Struct):
    offset: int = 0
    limit: int = 50
    filter: Filter = Filter()

    @property
    def extent(self) -> Extent:
        return Extent(self.offset, self.limit, self.filter)

    def __post_init__(self) -> None:
        _ = self.extent  # so that what it refuses is refused while decoding


_head = msgspec.json.Decoder(_Head)
_view = msgspec.json.Decoder(_View)


class Source(Protocol):
    """The board behind a window."""

    exam_id: int
    position: Position
    as_of: Callable[[], datetime]

    def listing(self, wanted: Filter) -> Listing: ...
    def text(self, attempt_id: int) -> msgspec.Raw: ...
    def let_go(self, window: "Window") -> None: ...


class Window:
    """One extent of a board and the connections that are shown it."""

    def __init__(self, board: Source, extent: Extent) -> None:
        self.extent = extent
        self._board = board
        self._pace = Pace(self._tell)
        self._shown: dict[int, msgspec.Raw] = {}
        self._head: dict[str, Any] = {}
        self._watchers: dict[Connection, None] = {}
        self._newcomers: dict[Connection, None] = {}
        self._pressed: set[int] = set()
        """Who was told of by an event since the last frame."""

    def join(self, connection: Connection) -> None:
        """Show the page to a connection, at once if the pace allows, and then what changes."""
        self._newcomers[connection] = None
        self.due()

    def leave(self, connection: Connection) -> None:
        self._newcomers.pop(connection, None)
        self._watchers.pop(connection, None)
        if not self._newcomers and not self._watchers:
            self._pace.stop()
            self._board.let_go(self)

    def due(self) -> None:
        """Something here is another one; say so when the pace allows."""
        self._pace.due()

    def press(self, attempt_id: int, event: Frame) -> None:
        """Something here should be seen at once: when the page may not leave, the event does.

        Of one attempt the first one; what follows is in the next `changes`, so that a key that is
        held down is not one frame for each event.
        """
        self.due()
        if self._pace.is_waiting and attempt_id in self._shown and attempt_id not in self._pressed:
            self._pressed.add(attempt_id)
            self._send(self._watchers, event)

    def _tell(self) -> bool:
        """Tell watchers what changed and newcomers everything; say whether anything was told."""
        head, shown = self._look()
        new = [
            text for attempt_id, text in shown.items() if self._shown.get(attempt_id) is not text
        ]
        is_same_order = list(shown) == list(self._shown)
        has_changed = bool(new) or not is_same_order or head != self._head
        self._head, self._shown = head, shown
        self._pressed.clear()
        has_told = bool(self._newcomers) or (has_changed and bool(self._watchers))
        if has_changed and self._watchers:
            order = {} if is_same_order else {"order": list(shown)}
            self._send(self._watchers, self._frame("changes", new, **order))
        if self._newcomers:
            self._send(self._newcomers, self._frame("page", list(shown.values())))
            self._watchers |= self._newcomers
            self._newcomers = {}
        return has_told

    def _look(self) -> tuple[dict[str, Any], dict[int, msgspec.Raw]]:
        extent, board = self.extent, self._board
        listing = board.listing(extent.filter)
        counts = {group.name.lower(): listing.counts[group] for group in Group}
        ids = listing.slice(extent.offset, extent.limit)
        return {"total": len(listing), "groups": counts}, {i: board.text(i) for i in ids}

    def _frame(self, kind: str, attempts: list[msgspec.Raw], **more: Any) -> Frame:
        board, extent = self._board, self.extent
        placed = {"exam_id": board.exam_id, "as_of": board.as_of(), "position": board.position}
        where = {"offset": extent.offset, "limit": extent.limit, "filter": extent.filter}
        return frames.build(kind, **placed, **where, **self._head, **more, attempts=attempts)

    @staticmethod
    def _send(connections: dict[Connection, None], frame: Frame) -> None:
        for connection in list(connections):
            connection.send(frame)


def asked_by_query(query: Mapping[str, str]) -> Extent:
    """Return what a handshake asks for. Raises `HandshakeInvalid`, which says what is wrong."""
    places = {name: query[name] for name in ("offset", "limit") if name in query}
    wanted = {name: query[name] for name in Filter.__struct_fields__ if name in query}
    try:
        return msgspec.convert({**places, "filter": wanted}, Extent, strict=False)
    except msgspec.ValidationError as error:
        raise HandshakeInvalid(f"Invalid view: {error}") from error


def asked_by_frame(text: str | bytes) -> Extent | Malformed | None:
    """Return what a frame `view` asks for, or what to answer; None when it is another frame."""
    try:
        if _head.decode(text).type != "view":
            return None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    try:
        return _view.decode(text).extent
    except msgspec.ValidationError as error:
        return Malformed(f"Invalid view: {error}", "INVALID_REQUEST")
