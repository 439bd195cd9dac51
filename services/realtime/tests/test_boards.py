"""Boards without a node: rows, their order, windows on them, the pace (ADR 30)."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from chassis.bus import Position
from hypothesis import given, settings
from hypothesis import strategies as some
from realtime.boards import pace
from realtime.boards.board import Board
from realtime.boards.order import Filter, Group, Listing, group_of, key
from realtime.boards.pace import Pace
from realtime.boards.row import changes, is_pressing
from realtime.boards.window import MAX_LIMIT, Extent, asked_by_frame, asked_by_query
from realtime.channels import Address
from realtime.errors import HandshakeInvalid
from realtime.incoming import Malformed
from realtime.notices import Message, Notice

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
AT, LATER = "2026-01-05T10:00:00Z", "2026-01-05T10:00:01Z"


def row(attempt_id=1, **changes):
    return {
        "attempt_id": attempt_id,
        "student_id": 40 + attempt_id,
        "student_name": "Asha",
        "hall_ticket_number": None,
        "status": "in_progress",
        "is_waiting_for_authorisation": False,
        "workstation_id": None,
        "questions_answered": 0,
        "is_online": True,
        "counts": {"info": 0, "warning": 0, "violation": 0},
        "last_event": None,
        "claimed_by_id": None,
        "hand_raised_at": None,
        "live_action_count": 0,
        "unread_message_count": 0,
        "risk_score": 0,
    } | changes


def counts(warning=0, violation=0):
    return {"info": 0, "warning": warning, "violation": violation}


def last(severity="info", at=AT):
    return {"event_type": "tab_switch", "severity": severity, "received_at": at, "late": False}


# The order


@pytest.mark.parametrize(
    ("group", "changes"),
    [
        (Group.WAITS, {"hand_raised_at": AT, "counts": counts(9, 9)}),
        (Group.WAITS, {"unread_message_count": 1}),
        (Group.WAITS, {"is_waiting_for_authorisation": True, "status": "not_started"}),
        (Group.VIOLATION, {"counts": counts(0, 1), "is_online": False}),
        (Group.LOST, {"is_online": False, "counts": counts(3)}),
        (Group.WARNING, {"counts": counts(1)}),
        (Group.WORKS, {}),
        (Group.NOT_STARTED, {"status": "not_started", "is_online": False}),
        (Group.OVER, {"status": "submitted", "counts": counts(5, 5)}),
        (Group.OVER, {"status": "expired", "is_online": False}),
    ],
)
def test_what_an_attempt_needs_most_decides_its_group(group, changes):
    assert group_of(row(**changes)) is group


def test_in_a_group_more_risk_then_violations_then_warnings_then_newer_events_come_first():
    rows = [
        row(7, counts=counts(0, 1), risk_score=9),
        row(8, counts=counts(0, 1), risk_score=40),
        row(1, counts=counts(0, 3)),
        row(2, counts=counts(5, 2), last_event=last(at="2026-01-05T10:00:00Z")),
        row(3, counts=counts(5, 2), last_event=last(at=datetime(2026, 1, 5, 11, tzinfo=UTC))),
        row(4, counts=counts(6, 2)),
        row(5, counts=counts(0, 9), status="graded"),
        row(6),
    ]
    order = [place.attempt_id for place in sorted(map(key, rows))]
    assert order == [8, 7, 1, 4, 3, 2, 6, 5]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [1, 2, 3]),
        ({"status": "submitted"}, [3]),
        ({"group": "violation"}, [1]),
        ({"is_online": False}, [3]),
        ({"claimed_by_id": 9}, [2]),
        ({"claimed_by_id": 0}, [1, 3]),
        ({"search": "MEENA"}, [2]),
        ({"search": "hall-7"}, [3]),
        ({"search": "ap20"}, [1]),
        ({"search": "x", "status": "submitted"}, []),
    ],
)
def test_a_filter_lets_through_what_it_names(wanted, found):
    rows = [
        row(1, counts=counts(0, 1), hall_ticket_number="AP2025"),
        row(2, student_name="Meena", claimed_by_id=9),
        row(3, status="submitted", is_online=False, workstation_id="HALL-7"),
    ]
    listing = Listing(Filter(**wanted), [(each, key(each)) for each in rows])
    assert listing.slice(0, 10) == found


# What a notice changes


def test_notices_carry_absolute_values_so_that_twice_is_once():
    found = row() | changes("event_recorded", {"counts": counts(1), "last_event": last("warning")})
    found |= changes("answer_saved", {"questions_answered": 4})
    found |= changes("hand_changed", {"is_raised": True, "raised_at": AT})
    found |= changes("transfer_completed", {"to_workstation": "W9"})
    found |= changes("claim_changed", {"claimed_by_id": 9, "claimed_by": "ann", "claimed_at": AT})
    found |= changes("connection_closed", {"is_online": False, "socket_count": 0})
    assert (found["counts"], found["last_event"]["severity"]) == (counts(1), "warning")
    assert (found["questions_answered"], found["hand_raised_at"]) == (4, AT)
    assert (found["workstation_id"], found["claimed_by"]) == ("W9", "ann")
    assert found["is_online"] is False
    assert changes("hand_changed", {"is_raised": False, "raised_at": AT}) == {
        "hand_raised_at": None
    }
    assert changes("risk_changed", {"score": 12, "as_of_sequence": 3}) == {"risk_score": 12}
    assert changes("risk_changed", {}) == {}
    assert changes("what_is_not_known", {"status": "x"}) == {}


@pytest.mark.parametrize(
    ("fact", "data", "presses"),
    [
        ("event_recorded", {"last_event": last("violation")}, True),
        ("event_recorded", {"last_event": last("info")}, False),
        ("event_recorded", {}, False),
        ("hand_changed", {}, True),
        ("answer_saved", {}, False),
        ("connection_changed", {"is_online": False}, True),
        ("connection_changed", {"is_online": True}, False),
    ],
)
def test_incidents_and_calls_press_and_the_routine_does_not(fact, data, presses):
    assert is_pressing(fact, data) is presses


# Windows


class Watcher:
    """A connection that shows what it is told as the board's page does."""

    closing = None

    def __init__(self):
        self.frames = []
        self.rows = {}
        self.order = []

    def send(self, frame):
        told = json.loads(frame.data)
        self.frames.append(told)
        if told["type"] == "delta":  # says what the next `changes` hold anyway
            return
        if told["type"] == "page":
            self.order = [found["attempt_id"] for found in told["attempts"]]
        self.order = told.get("order", self.order)
        self.rows |= {found["attempt_id"]: found for found in told["attempts"]}

    @property
    def page(self):
        return [self.rows[attempt_id] for attempt_id in self.order]


def a_board(rows, sequence=10):
    board = Board(900, lambda: NOW)
    board.load(rows, Position(sequence, "e"), 0.0)
    return board


def told(board, sequence, fact, attempt_id=1, /, **data):
    address = Address(900, attempt_id, fact)
    board.apply(Message(Position(sequence, "e"), address, Notice(fact, AT, data), 100))


async def quiet(window):
    """Let everything leave that is due."""
    window._pace.stop()
    window._tell()


async def test_a_page_has_its_rows_in_order_and_says_of_when_and_how_many():
    board = a_board([row(1), row(2, counts=counts(0, 2)), row(3, counts=counts(4))])
    window, watcher = board.window(Extent(limit=2)), Watcher()
    window.join(watcher)
    [page] = watcher.frames
    assert (page["type"], page["exam_id"], page["total"]) == ("page", 900, 3)
    assert page["as_of"] == AT
    assert page["position"] == {"sequence": 10, "epoch": "e"}
    assert [found["attempt_id"] for found in page["attempts"]] == [2, 3]
    assert (page["groups"]["violation"], page["groups"]["works"]) == (1, 1)
    assert (page["offset"], page["limit"], page["filter"]) == (0, 2, {})


async def test_five_thousand_students_are_paged_through_in_order_and_a_page_stays_a_page():
    rows = [row(n, counts=counts(n % 7, n % 3), risk_score=n % 11) for n in range(1, 5_001)]
    board, found = a_board(rows), []
    for offset in range(0, 5_000, MAX_LIMIT):
        window, watcher = board.window(Extent(offset, MAX_LIMIT)), Watcher()
        window.join(watcher)
        [page] = watcher.frames
        assert (len(page["attempts"]), page["total"]) == (MAX_LIMIT, 5_000)
        found += watcher.order
        window.leave(watcher)
    assert found == [place.attempt_id for place in sorted(map(key, rows))]
    window, watcher = board.window(Extent()), Watcher()
    window.join(watcher)
    for sequence in range(11, 511):
        told(board, sequence, "answer_saved", sequence, questions_answered=sequence)
    await quiet(window)
    assert sum(len(frame["attempts"]) for frame in watcher.frames[1:]) <= 50


async def test_only_what_changed_is_told_and_the_order_only_when_it_is_another_one():
    board = a_board([row(n) for n in range(1, 6)])
    window, watcher = board.window(Extent(limit=3)), Watcher()
    window.join(watcher)
    told(board, 11, "answer_saved", 2, questions_answered=7)
    await quiet(window)
    found = watcher.frames[-1]
    assert (found["type"], "order" in found) == ("changes", False)
    assert [each["attempt_id"] for each in found["attempts"]] == [2]
    assert found["position"]["sequence"] == 11
    told(board, 12, "event_recorded", 5, counts=counts(0, 1), last_event=last("violation"))
    await quiet(window)
    found = watcher.frames[-1]
    assert found["order"] == [5, 1, 2]
    assert [each["attempt_id"] for each in found["attempts"]] == [5]
    told(board, 13, "answer_saved", 4, questions_answered=7)  # not on this page
    await quiet(window)
    assert watcher.frames[-1] is found


async def test_all_who_look_at_the_same_page_are_sent_the_same_frame():
    board = a_board([row(n) for n in range(1, 6)])
    sent = []

    class Counts(Watcher):
        def send(self, frame):
            sent.append(id(frame))

    watchers = [Counts() for _ in range(50)]
    for watcher in watchers:
        board.window(Extent()).join(watcher)
    await quiet(board.window(Extent()))
    sent.clear()
    told(board, 11, "answer_saved", 2, questions_answered=7)
    await quiet(board.window(Extent()))
    assert (len(sent), len(set(sent))) == (50, 1)


async def test_what_is_told_twice_or_of_another_stream_changes_nothing():
    board = a_board([row(1)])
    window, watcher = board.window(Extent()), Watcher()
    window.join(watcher)
    told(board, 11, "answer_saved", questions_answered=7)
    told(board, 11, "answer_saved", questions_answered=1)
    told(board, 9, "answer_saved", questions_answered=1)
    await quiet(window)
    assert watcher.page[0]["questions_answered"] == 7


async def test_a_board_that_is_loaded_anew_tells_its_windows_what_is_another_one():
    board = a_board([row(1), row(2)])
    window, watcher = board.window(Extent()), Watcher()
    window.join(watcher)
    board.load([row(1), row(2, student_name="Meena"), row(3)], Position(20, "e"), 1.0)
    await quiet(window)
    assert [found["attempt_id"] for found in watcher.frames[-1]["attempts"]] == [2, 3]
    assert (watcher.frames[-1]["total"], watcher.order) == (3, [1, 2, 3])


async def test_who_is_not_on_the_board_makes_it_incomplete_and_calls_make_it_uncounted():
    board = a_board([row(1)])
    told(board, 11, "answer_saved", 1)
    assert not board.is_incomplete
    told(board, 12, "answer_saved", 2)
    told(board, 13, "message_sent", 1)
    assert (board.is_incomplete, board.is_uncounted) == (True, True)
    board.recount({1: {"unread_message_count": 2, "live_action_count": 1}}, 1)
    assert not board.is_uncounted
    snapshot = json.loads(board.snapshot(Position(13, "e")).data)
    assert snapshot["attempts"][0]["unread_message_count"] == 2


def whole(attempt_id, **changes):
    """The row of a new attempt, as `arrivals` makes it."""
    return row(attempt_id, status="not_started", is_online=False) | changes


async def test_who_is_new_stands_where_he_belongs_and_only_where_a_filter_lets_him():
    board = a_board([row(1), row(2, status="not_started", is_online=False), row(9)])
    everyone, works = Watcher(), Watcher()
    board.window(Extent()).join(everyone)
    board.window(Extent(filter=Filter(group="works"))).join(works)
    told(board, 11, "attempt_created", 5, **whole(5))
    await quiet(board.window(Extent()))
    found = everyone.frames[-1]
    assert (found["type"], found["order"], found["total"]) == ("changes", [1, 9, 2, 5], 4)
    assert [each["attempt_id"] for each in found["attempts"]] == [5]
    assert board.window(Extent(filter=Filter(group="works")))._pace._timer is None
    assert len(works.frames) == 1
    told(board, 12, "status_changed", 5, status="in_progress")
    told(board, 13, "connection_opened", 5, is_online=True)
    await quiet(board.window(Extent(filter=Filter(group="works"))))
    assert works.order == [1, 5, 9]


async def test_what_is_said_of_a_new_attempt_that_is_here_already_changes_nothing():
    board = a_board([row(1, questions_answered=7)])
    told(board, 11, "attempt_created", 1, **whole(1))
    assert json.loads(bytes(board.text(1)))["questions_answered"] == 7
    assert not board.is_incomplete


@pytest.mark.parametrize("data", [{"student_id": 5, "status": "not_started"}, whole(5)])
async def test_a_new_attempt_without_its_name_makes_a_board_incomplete(data):
    board = a_board([row(1)])
    told(board, 11, "attempt_created", 5, **data | {"student_name": ""} if len(data) > 2 else data)
    assert board.is_incomplete
    assert len(board) == (2 if len(data) > 2 else 1)


async def test_a_window_at_which_nobody_looks_is_forgotten():
    board = a_board([row(1)])
    window, watcher = board.window(Extent(filter=Filter(status="x"))), Watcher()
    window.join(watcher)
    window.leave(watcher)
    assert (board._windows, board._listings) == ({}, {})


NOTICES = some.lists(
    some.tuples(
        some.integers(1, 12),
        some.sampled_from(
            [
                ("answer_saved", {"questions_answered": 1}),
                ("answer_saved", {"questions_answered": 2}),
                ("status_changed", {"status": "submitted"}),
                ("status_changed", {"status": "in_progress"}),
                ("hand_changed", {"is_raised": True, "raised_at": AT}),
                ("hand_changed", {"is_raised": False}),
                ("connection_closed", {"is_online": False}),
                ("transfer_completed", {"to_workstation": "w9"}),
                ("transfer_completed", {"to_workstation": "w8"}),
                ("connection_opened", {"is_online": True}),
                ("event_recorded", {"counts": counts(1), "last_event": last("warning")}),
                ("event_recorded", {"counts": counts(1, 1), "last_event": last("violation")}),
                ("event_recorded", {"counts": counts(0), "last_event": last(at=LATER)}),
                ("event_recorded", {"counts": counts(2), "last_event": last(at=LATER)}),
                ("risk_changed", {"score": 8}),
                ("risk_changed", {"score": 0}),
                ("attempt_created", None),
            ]
        ),
        some.booleans(),
    ),
    max_size=30,
)


SEATS = some.dictionaries(
    some.integers(1, 8),
    some.fixed_dictionaries(
        {},
        optional={
            "status": some.sampled_from(["not_started", "in_progress", "submitted"]),
            "is_online": some.booleans(),
            "student_name": some.sampled_from(["Asha", "Meena"]),
            "risk_score": some.integers(0, 2),
            "counts": some.builds(counts, some.integers(0, 1), some.integers(0, 1)),
            "questions_answered": some.integers(0, 1),
        },
    ),
)
FILTERS = [Filter(), Filter(status="in_progress"), Filter(group="lost"), Filter(search="meena")]


def rows_of(seats):
    return [row(n, **changes) for n, changes in seats.items()]


@settings(deadline=None, max_examples=200)
@given(before=SEATS, after=SEATS)
def test_a_board_that_is_loaded_anew_shows_what_a_new_one_would(before, after):
    """Whoever came, went or changed: pages, totals and groups, whatever the filter."""

    async def play():
        board, anew = a_board(rows_of(before)), a_board(rows_of(after), 20)
        extents = [Extent(filter=wanted) for wanted in FILTERS]
        watchers = {extent: Watcher() for extent in extents}
        for extent, watcher in watchers.items():
            board.window(extent).join(watcher)
        board.load(rows_of(after), Position(20, "e"), 1.0)
        for extent, watcher in watchers.items():
            await quiet(board.window(extent))
            fresh = Watcher()
            anew.window(extent).join(fresh)
            [page] = fresh.frames
            assert watcher.page == fresh.page
            head = watcher.frames[-1]
            assert (head["total"], head["groups"]) == (page["total"], page["groups"])
        snapshots = [each.snapshot(Position(20, "e")).data for each in (board, anew)]
        assert snapshots[0] == snapshots[1]

    asyncio.run(play())


@settings(deadline=None, max_examples=300)
@given(
    notices=NOTICES,
    offset=some.integers(0, 12),
    limit=some.integers(1, 6),
    wanted=some.sampled_from(
        [
            Filter(),
            Filter(status="in_progress"),
            Filter(group="lost"),
            Filter(is_online=True, search="W9"),
        ]
    ),
)
def test_whoever_applies_the_changes_sees_the_page_as_it_is(notices, offset, limit, wanted):
    """However changes are grouped: order, rows and totals are those of the board at the end."""

    async def play():
        board = a_board([row(n) for n in range(1, 11)])  # two of twelve are not on it
        watcher, extent = Watcher(), Extent(offset, limit, wanted)
        window = board.window(extent)
        window.join(watcher)
        for sequence, (attempt_id, (fact, data), is_shown) in enumerate(notices, start=11):
            told(board, sequence, fact, attempt_id, **whole(attempt_id) if data is None else data)
            if is_shown and window._pace._timer is not None:
                await quiet(window)
        if window._pace._timer is not None:
            await quiet(window)
        expected = sorted(map(key, filter(fits, board._rows.values())))
        assert watcher.order == [k.attempt_id for k in expected[offset : offset + limit]]
        assert watcher.page == [
            json.loads(bytes(board.text(attempt_id))) for attempt_id in watcher.order
        ]
        state = [frame for frame in watcher.frames if frame["type"] != "delta"][-1]
        assert state["total"] == len(expected)
        groups = Counter(Group(place.group).name.lower() for place in expected)
        assert Counter(state["groups"]) == groups

    def fits(found):
        return all(test(found, key(found)) for test in wanted.tests())

    asyncio.run(play())


# What may be asked


def test_a_query_asks_for_a_window():
    query = {"view": "page", "offset": "100", "limit": "25", "is_online": "false", "search": "me"}
    assert asked_by_query(query) == Extent(100, 25, Filter(is_online=False, search="me"))
    assert asked_by_query({"view": "page"}) == Extent()


@pytest.mark.parametrize(
    "change",
    [
        {"limit": "0"},
        {"limit": str(MAX_LIMIT + 1)},
        {"offset": "-1"},
        {"limit": "x"},
        {"group": "heroes"},
        {"search": "x" * 101},
    ],
)
def test_a_window_that_cannot_be_is_refused_with_the_reason(change):
    with pytest.raises(HandshakeInvalid, match="Invalid view: "):
        asked_by_query({"view": "page"} | change)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"type":"view","offset":50}', Extent(50)),
        ('{"type":"view","filter":{"group":"waits"}}', Extent(filter=Filter(group="waits"))),
        ('{"type":"pong"}', None),
        ("no json", None),
        ("[1]", None),
    ],
)
def test_a_frame_asks_for_another_window(text, found):
    assert asked_by_frame(text) == found


@pytest.mark.parametrize(
    "rest", ['"limit":0', '"limit":"x"', '"filter":{"x":1}', '"filter":{"group":"heroes"}']
)
def test_a_frame_that_asks_for_what_cannot_be_is_answered(rest):
    answer = asked_by_frame(f'{{"type":"view",{rest}}}')
    assert isinstance(answer, Malformed)
    assert answer.code == "INVALID_REQUEST"


# The pace


async def test_the_first_leaves_at_once_and_the_next_in_time():
    loop, left, has = asyncio.get_running_loop(), [], asyncio.Event()

    def leave():
        left.append(loop.time())
        has.set()
        return True

    it = Pace(leave, 0.06)
    it.due()
    assert len(left) == 1
    for _ in range(3):
        has.clear()
        it.due()
        assert it.is_waiting
        it.due()
        await asyncio.wait_for(has.wait(), 5)
    assert len(left) == 4
    assert min(after - before for before, after in pairwise(left)) >= 0.06 - 0.005
    it.stop()


async def test_what_told_nothing_leaves_the_door_open():
    calls = []
    it = Pace(lambda: bool(calls.append(1)))
    it.due()
    it.due()
    assert len(calls) == 2


class Timed(Watcher):
    """Remembers when each frame came."""

    def __init__(self):
        super().__init__()
        self.times = []

    def send(self, frame):
        super().send(frame)
        self.times.append((self.frames[-1]["type"], asyncio.get_running_loop().time()))

    def gaps(self):
        states = [at for kind, at in self.times if kind != "delta"]
        return [after - before for before, after in pairwise(states)]


async def test_no_socket_is_told_its_page_more_often_than_every_250_ms():
    """However much changes, and whoever comes to look at the same page meanwhile."""
    board, watchers = a_board([row(n) for n in range(1, 6)]), [Timed()]
    window = board.window(Extent())
    window.join(watchers[0])
    loop, sequence = asyncio.get_running_loop(), 10
    until = loop.time() + 4.5 * pace.CHANGES_SECONDS
    while loop.time() < until:
        sequence += 1
        told(board, sequence, "answer_saved", 1 + sequence % 5, questions_answered=sequence)
        if sequence % 7 == 0 and len(watchers) < 4:
            watchers.append(Timed())
            window.join(watchers[-1])
        await asyncio.sleep(0.01)
    window._pace.stop()
    assert pace.CHANGES_SECONDS == 0.25
    assert len(watchers) == 4
    assert max(len(each.frames) for each in watchers) <= 6
    assert min(gap for each in watchers for gap in each.gaps()) >= 0.25 - 0.005


async def test_an_incident_on_the_page_is_told_at_once_and_the_routine_waits():
    board, watcher = a_board([row(n) for n in range(1, 8)]), Watcher()
    window = board.window(Extent(limit=3))
    window.join(watcher)
    routine = {"counts": counts(), "last_event": last()}
    told(board, 11, "event_recorded", 1, **routine)
    told(board, 12, "event_recorded", 6, counts=counts(0, 1), last_event=last("violation"))
    assert len(watcher.frames) == 1, "one waits, the other is not on the page"
    incident = {"counts": counts(1), "last_event": last("warning")}
    told(board, 13, "event_recorded", 2, **incident)
    told(board, 14, "event_recorded", 2, counts=counts(2), last_event=last("warning"))
    told(board, 15, "hand_changed", 3, is_raised=True, raised_at=AT)
    first, second = watcher.frames[1:]
    assert (first["type"], first["attempt_id"], first["kind"]) == ("delta", 2, "event")
    assert (first["data"], first["position"]["sequence"]) == (incident, 13)
    assert (second["attempt_id"], second["kind"]) == (3, "hand")
    await quiet(window)
    found = watcher.frames[-1]
    assert (found["order"], found["position"]["sequence"]) == ([3, 6, 2], 15)
    assert watcher.page[2]["counts"] == counts(2)
    told(board, 16, "event_recorded", 2, counts=counts(3), last_event=last("warning"))
    await quiet(window)
    told(board, 17, "event_recorded", 2, counts=counts(4), last_event=last("warning"))
    kinds = [frame["type"] for frame in watcher.frames[3:]]
    assert kinds.count("delta") >= 1, "after `changes` the next one is told at once again"
