"""An exam as it is now: its rows, kept up to date by what is announced, and the windows on them.

It is loaded once for all who watch and folded from then on. A row is written as JSON when somebody
is first shown it, and stays written until it changes; snapshots, pages and changes share that text.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
from chassis.bus import Position

from realtime import frames
from realtime.boards import row as rows_of
from realtime.boards.order import Filter, Key, Listing, Span, key
from realtime.boards.row import Row
from realtime.boards.window import Extent, Window
from realtime.frames import Frame
from realtime.notices import CREATED, Message

_encoder = msgspec.json.Encoder()


class Board:
    """All attempts of one exam; lives on the event loop, never waits."""

    def __init__(self, exam_id: int, as_of: Callable[[], datetime]) -> None:
        """`as_of` says for when this is what it shows."""
        self.exam_id = exam_id
        self.as_of = as_of
        self.position = Position(0, "")
        self.loaded_at = float("-inf")
        self.counts_due = self._counted = 0
        """How often a count may have become another one that no notice tells (`row.COUNTED`)."""
        self.is_incomplete = False
        """Something was said of an attempt that is not here."""
        self._rows: dict[int, Row] = {}
        self._keys: dict[int, Key] = {}
        self._texts: dict[int, msgspec.Raw] = {}
        self._past_texts: dict[int, msgspec.Raw] = {}
        self._listings: dict[Filter, Listing] = {}
        self._windows: dict[Extent, Window] = {}
        self._snapshot: Frame | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def load(self, rows: Iterable[Row], position: Position, loaded_at: float) -> None:
        """Show these rows, complete up to `position`, instead of what was here.

        Thousands may be read anew while fifty windows are open: a row that is as it was costs a
        look, and only what moves it costs each listing something.
        """
        found = {row["attempt_id"]: row for row in rows}
        self.position, self.loaded_at = position, loaded_at
        self.is_incomplete = False
        self._snapshot = None
        for attempt_id in self._rows.keys() - found.keys():
            self._lose(attempt_id)
        judged_by = frozenset[str]().union(*(x.fields for x in self._listings.values()))
        for attempt_id, row in found.items():
            old = self._rows.get(attempt_id)
            if old is None:
                self._put(attempt_id, row)
            elif row != old:
                self._replace(attempt_id, old, row, judged_by)
        for window in self._windows.values():
            window.due()

    def apply(self, message: Message) -> None:
        """Fold a notice in; one of before, or of another stream, changes nothing."""
        if message.position.epoch != self.position.epoch:
            return
        if message.sequence <= self.position.sequence:
            return
        self.position = message.position
        self._snapshot = None
        fact, data = message.address.fact, message.notice.data
        attempt_id = message.address.attempt_id
        if fact in rows_of.RECOUNTED_AFTER:
            self.counts_due += 1
        if fact == CREATED:
            self._arrive(attempt_id, data)
            return
        touched = self._change(attempt_id, rows_of.changes(fact, data))
        frame = message.board_part.frame if rows_of.is_pressing(fact, data) else None
        for window in touched:
            window.due() if frame is None else window.press(attempt_id, frame)

    @property
    def is_uncounted(self) -> bool:
        return self._counted != self.counts_due

    def recount(self, counts: Mapping[int, Mapping[str, int]], number: int) -> None:
        """Take over what was counted anew when `counts_due` was `number`.

        An attempt that is missing has nothing.
        """
        self._counted = number
        none = dict.fromkeys(rows_of.COUNTED, 0)
        for attempt_id, row in self._rows.items():
            found = {**none, **counts.get(attempt_id, {})}
            if any(row[name] != value for name, value in found.items()):
                for window in self._change(attempt_id, found):
                    window.due()

    def snapshot(self, position: Position) -> Frame:
        """Return the whole exam, incident-first, complete up to `position`."""
        if self._snapshot is None or self.position != position:
            self.position = position
            texts = [self.text(place.attempt_id) for place in sorted(self._keys.values())]
            self._snapshot = frames.snapshot(self.exam_id, self.as_of(), position, texts)
        return self._snapshot

    def window(self, extent: Extent) -> Window:
        """Return the window of this extent; all who look at the same share it."""
        if extent not in self._windows:
            self._windows[extent] = Window(self, extent)
        return self._windows[extent]

    def listing(self, wanted: Filter) -> Listing:
        if wanted not in self._listings:
            self._listings[wanted] = self._listed(wanted)
        return self._listings[wanted]

    def text(self, attempt_id: int) -> msgspec.Raw:
        """Return a row as JSON; the same object as long as the text is the same."""
        text = self._texts.get(attempt_id)
        if text is None:
            encoded = _encoder.encode(self._rows[attempt_id])
            past = self._past_texts.pop(attempt_id, None)
            is_same = past is not None and bytes(past) == encoded
            text = past if past is not None and is_same else msgspec.Raw(encoded)
            self._texts[attempt_id] = text
        return text

    def let_go(self, window: Window) -> None:
        """Forget a window at which nobody looks any more, and its listing when no other has it."""
        self._windows.pop(window.extent, None)
        wanted = window.extent.filter
        if all(extent.filter != wanted for extent in self._windows):
            self._listings.pop(wanted, None)

    def _listed(self, wanted: Filter) -> Listing:
        return Listing(wanted, ((row, self._keys[i]) for i, row in self._rows.items()))

    def _put(self, attempt_id: int, row: Row) -> dict[Filter, Span | None]:
        """Take in an attempt that is new; return where that is to be seen."""
        self._rows[attempt_id] = row
        place = self._keys[attempt_id] = key(row)
        return {wanted: each.add(row, place) for wanted, each in self._listings.items()}

    def _replace(self, attempt_id: int, old: Row, row: Row, judged_by: frozenset[str]) -> None:
        """Take in a row anew; `judged_by` are the fields on which some listing depends."""
        before, place = self._keys[attempt_id], key(row)
        self._rows[attempt_id], self._keys[attempt_id] = row, place
        self._outdate(attempt_id)
        changed = {name for name in old.keys() | row.keys() if old.get(name) != row.get(name)}
        if place != before or not judged_by.isdisjoint(changed):
            for listing in self._listings.values():
                listing.update(row, place, changed)

    def _lose(self, attempt_id: int) -> None:
        """Let go of an attempt that is not there any more."""
        del self._rows[attempt_id], self._keys[attempt_id]
        self._texts.pop(attempt_id, None)
        self._past_texts.pop(attempt_id, None)
        for listing in self._listings.values():
            listing.remove(attempt_id)

    def _outdate(self, attempt_id: int) -> None:
        """Have the text of a row made again when it is shown; perhaps it is the same."""
        if attempt_id in self._texts:
            self._past_texts[attempt_id] = self._texts.pop(attempt_id)

    def _arrive(self, attempt_id: int, data: Row) -> None:
        """Show an attempt that is new; what is here already is at least as new as its notice."""
        if attempt_id in self._rows:
            return
        if not rows_of.is_whole(data):
            self.is_incomplete = True
            return
        self.is_incomplete |= not data["student_name"]
        for window in self._touched(self._put(attempt_id, dict(data))):
            window.due()

    def _change(self, attempt_id: int, changes: Row) -> list[Window]:
        """Change a row; return the windows on which that is to be seen."""
        row = self._rows.get(attempt_id)
        if row is None:
            self.is_incomplete = True
            return []
        if not changes:
            return []
        row.update(changes)
        self._outdate(attempt_id)
        place = self._keys[attempt_id] = key(row)
        listings = self._listings.items()
        return self._touched({w: x.update(row, place, changes) for w, x in listings})

    def _touched(self, spans: Mapping[Filter, Span | None]) -> list[Window]:
        return [
            window
            for window in self._windows.values()
            if (span := spans.get(window.extent.filter)) and window.extent.is_touched_by(span)
        ]
