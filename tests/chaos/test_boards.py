"""O4 can fail: a board that shows anything else than the database holds is found out."""

from datetime import UTC, datetime, timedelta

import pytest

from chaos import boards, oracle
from chaos.found import Heard
from chaos.watcher import Seen, Watcher

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LAST = {"event_type": "tab_switch", "severity": "warning", "late": False}


def wire(moment):
    return moment.isoformat().replace("+00:00", "Z")


def stored(attempt_id=41, **changed):
    """Return a row as the database has it."""
    row = {
        "attempt_id": attempt_id,
        "status": "in_progress",
        "start_time": START,
        "deadline_at": START + timedelta(hours=1),
        "paused_at": None,
        "workstation_id": "W1",
        "questions_answered": 3,
        "info_count": 1,
        "warning_count": 2,
        "violation_count": 0,
        "last_event_type": "tab_switch",
        "last_severity": "warning",
        "last_received_at": START + timedelta(minutes=2),
        "last_late": False,
    }
    return row | changed


def snapshot(*attempt_ids):
    rows = [
        {
            "attempt_id": attempt_id,
            "status": "in_progress",
            "start_time": wire(START),
            "deadline_at": wire(START + timedelta(hours=1)),
            "paused_at": None,
            "workstation_id": "W1",
            "questions_answered": 3,
            "counts": {"info": 1, "warning": 2, "violation": 0},
            "last_event": LAST | {"received_at": wire(START + timedelta(minutes=2))},
            "is_online": True,
            "risk_score": 5,
        }
        for attempt_id in attempt_ids
    ]
    position = {"sequence": 7, "epoch": "e"}
    return {"type": "snapshot", "attempts": rows, "position": position}


def delta(kind, attempt_id=41, sequence=8, **data):
    position = {"sequence": sequence, "epoch": "e"}
    told = {"type": "delta", "kind": kind, "attempt_id": attempt_id, "data": data}
    return told | {"position": position, "at": wire(START)}


def event(number, **counts):
    counts = {"info": 0, "warning": 0, "violation": 0} | counts
    last = LAST | {"received_at": wire(START + timedelta(minutes=number))}
    return delta("event", sequence=number, counts=counts, last_event=last)


@pytest.fixture
def board():
    board = Watcher(lambda: "ws://nowhere", Seen())
    board._take(snapshot(41, 42))
    return board


def test_a_snapshot_shows_what_the_database_holds(board):
    assert boards.differing(board.rows, [stored(41), stored(42)]) == []


def test_what_deltas_say_is_shown(board):
    told = [
        event(9, info=1, warning=3),
        delta("progress", questions_answered=4, total_questions=5),
        delta("status", status="submitted", start_time=wire(START), version=4),
        delta("deadline", deadline_at=wire(START + timedelta(hours=2))),
        delta("status", paused_at=wire(START + timedelta(minutes=9))),
        delta("transfer", status="completed", to_workstation="W2"),
        delta("presence", is_online=False, connection="offline"),
    ]
    for frame in told:
        board._take(frame)
    now = stored(
        status="submitted",
        questions_answered=4,
        deadline_at=START + timedelta(hours=2),
        paused_at=START + timedelta(minutes=9),
        workstation_id="W2",
        warning_count=3,
        last_received_at=START + timedelta(minutes=9),
    )
    assert boards.differing(board.rows, [now, stored(42)]) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"status": "cancelled"}, "shows status of attempt 41 as in_progress, not cancelled"),
        ({"start_time": None}, "shows start_time of attempt 41"),
        ({"deadline_at": START + timedelta(hours=2)}, "shows deadline_at of attempt 41"),
        ({"paused_at": START}, "shows paused_at of attempt 41 as None"),
        ({"workstation_id": "W2"}, "shows workstation_id of attempt 41 as W1, not W2"),
        ({"questions_answered": 4}, "shows questions_answered of attempt 41 as 3, not 4"),
        ({"info_count": 2}, "shows counts of attempt 41"),
        ({"violation_count": 1}, "shows counts of attempt 41"),
        ({"last_event_type": "window_blur"}, "shows last_event of attempt 41"),
        ({"last_event_type": None}, "shows last_event of attempt 41"),
        ({"last_late": True}, "shows last_event of attempt 41"),
    ],
)
def test_whatever_differs_is_found_out(board, changed, told):
    [flaw] = boards.differing(board.rows, [stored(**changed), stored(42)])
    assert told in flaw


def test_attempts_that_are_missing_or_nowhere_are_found_out(board):
    flaws = boards.differing(board.rows, [stored(41), stored(43)])
    assert flaws == ["does not show attempt 43", "shows attempt 42, which is nowhere"]


def test_a_board_that_counts_backwards_is_found_out(board):
    board._take(event(9, info=1, warning=3))
    assert board.turned_back == 0
    board._take(event(10, info=1, warning=2))
    assert board.turned_back == 1


def test_a_snapshot_may_be_ahead_of_what_follows_it(board):
    board._take(event(9, info=1))
    board._take(event(10, info=1, warning=1))
    assert board.turned_back == 0
    board._take(snapshot(41))
    board._take(event(8, info=1))
    assert board.turned_back == 0


def test_what_was_put_back_need_not_be_told_and_what_is_new_must(board):
    new = Heard(8, "proctoring-8", 41, "e8", 4, START)
    back = Heard(9, "proctoring-1", 41, "e1", 1, START, is_rebuilt=True)
    assert board.missing([new, back]) == [8]


def test_what_was_put_back_has_an_order_of_its_own():
    live = [Heard(n, f"m{n}", 41, f"e{n}", n, START) for n in (5, 6)]
    back = [Heard(n + 10, f"m{n}", 41, f"e{n}", n, START, is_rebuilt=True) for n in (1, 2, 3, 4)]
    assert list(oracle.said_in_disorder([*live, *back])) == []
    assert len(list(oracle.said_in_disorder([*live, back[1], back[0]]))) == 1
    assert len(list(oracle.said_in_disorder([live[1], *back, live[0]]))) == 1
