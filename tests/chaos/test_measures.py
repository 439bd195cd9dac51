"""What the faults of nodes and of the bus measure by, without a platform."""

import asyncio
import json

import pytest

from chaos.bus_faults import _gap
from chaos.course import stages
from chaos.fault import SHORT, Size
from chaos.faults import FAULTS
from chaos.node_faults import most_in_a_second
from chaos.sitter import Sitter
from chaos.watcher import Seen


@pytest.mark.parametrize(
    ("instants", "expected"),
    [([], 0), ([5.0], 1), ([0.0, 0.5, 0.99, 1.0], 3), ([3.0, 0.1, 2.5, 2.9, 0.2], 3)],
)
def test_the_most_in_any_second_are_found(instants, expected):
    assert most_in_a_second(instants) == expected


def test_the_longest_pause_that_begins_in_a_fault_is_found():
    instants = [0.0, 20.0, 21.0, 27.5, 28.0, 60.0]
    assert _gap(instants, 20.5, 30.0) == 32.0
    assert _gap(instants, 20.5, 27.9) == 6.5
    assert _gap([], 0.0, 1.0) == 0.0


def test_there_are_as_many_students_as_the_sockets_need():
    assert Size(students=200).sitters_of([FAULTS[1]]) == 200
    assert Size(students=200).sitters_of([FAULTS[5], FAULTS[23]]) == 1_000
    assert Size(students=200, sockets=2_001).sitters_of([FAULTS[5]]) == 401
    assert SHORT.sockets_of(FAULTS[23]) == SHORT.students
    assert Size().sockets_of(FAULTS[1]) == 0


@pytest.fixture
async def sitter():
    found = Sitter(1, "attempts/7", "token", Seen(), 40.0, asyncio.Semaphore())
    hears(found, "connected", 10, epoch="a")
    return found


def hears(sitter, kind, place, **more):
    position = {"sequence": place, "epoch": "a"}
    frame = {"type": kind, "position": position, **more}
    sitter._hear(json.dumps(frame).encode(), 0.0)


def hears_of_an_answer(sitter, place):
    hears(sitter, "notification", place, title="Answer Saved")


async def test_a_socket_that_missed_an_answer_is_found_out(sitter):
    hears_of_an_answer(sitter, 11)
    hears(sitter, "connected", 14)  # it comes back, and 12 is not told again
    hears_of_an_answer(sitter, 15)
    assert sitter.missing([3, 11, 12, 15]) == [12]
    assert sitter.is_in_order


@pytest.mark.parametrize("places", [(11, 11), (12, 11)])
async def test_a_socket_that_was_told_twice_or_in_another_order_is_found_out(sitter, places):
    for place in places:
        hears_of_an_answer(sitter, place)
    assert not sitter.is_in_order


async def test_a_resync_begins_a_socket_anew(sitter):
    hears_of_an_answer(sitter, 11)
    hears(sitter, "resync", 20, reason="stream_reset")
    assert sitter.missing([11, 12, 21]) == [21]
    assert sitter._seen.resyncs == 1


def test_what_needs_a_small_disk_is_done_on_a_platform_of_its_own():
    every = [number for stage in stages(list(FAULTS)) for number in stage]
    assert sorted(every) == sorted(FAULTS)
    assert stages([24, 1, 2]) == [[1, 2], [24]]
    assert stages([24]) == [[24]]
    assert stages([2, 1]) == [[2, 1]]
