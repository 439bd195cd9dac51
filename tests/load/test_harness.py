"""The short form of `make load`: what is acknowledged is counted, and found in the database.

No time is asserted here. The client and the counting are tried alone, without a platform; the
benchmarks in miniature are in miniatures.py (`make bench-small`).
"""

import asyncio
import contextlib
import copy
import itertools
import json
import math
import time
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from load import (
    bench_nodes,
    client,
    fanout_rig,
    listening,
)
from load.client import LOST, Answer, Due, Run
from load.day import course
from load.day.outcome import Outcome
from load.day.size import SHORT, of_students
from load.figures import Score, percentile
from load.ledger import Verdict
from load.meters import Neighbours
from load.world import FIRST_ATTEMPT, World

pytestmark = pytest.mark.timeout(300)  # the platform starts in here

SMALL = World(sitters=4, running_exams=3, waiting_exams=4, questions=3, newcomers=6)


class FakeServer:
    """Answers every request with the next of `answers`; remembers what came."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = itertools.cycle(answers)
        self.requests: list[bytes] = []
        self._serving: list[asyncio.Task] = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self._serving.append(asyncio.current_task())
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = next(self._answers)
                if not answer:
                    return
                writer.write(answer)


def response(status: int, body: bytes = b"{}", head: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), head, body)


def request(body: bytes = b"{}") -> bytes:
    return client.with_body(client.request_head("POST", "/x", "token"), body)


class Numbered:
    """Sends so many requests and keeps what came back."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.statuses: list[int] = []

    def next(self) -> bytes | None:
        self._left -= 1
        return request() if self._left >= 0 else None

    def took(self, answer: Answer) -> None:
        self.statuses.append(answer.status)


async def test_a_line_sends_one_request_at_a_time():
    async with FakeServer(
        response(200, b'{"n":1}'), response(503, head=b"Retry-After: 4\r\n")
    ) as it:
        line = await client.connect(it.port)
        first, second = await asyncio.gather(line.answer(request(b"1")), line.answer(request(b"2")))
        line.close()
    assert (first.status, first.body, first.is_good) == (200, b'{"n":1}', True)
    assert (second.status, second.retry_after_seconds) == (503, 4.0)
    assert [sent[-1:] for sent in it.requests] == [b"1", b"2"]


def test_an_answer_that_comes_in_pieces_is_put_together():
    class Wire(asyncio.Transport):
        def write(self, data):
            pass

    line, taken = client.Line(), []
    line.connection_made(Wire())
    line.ask(request(), taken.append)
    for place in range(len(whole := response(200, b'{"n":1}'))):
        assert taken == []
        line.data_received(whole[place : place + 1])
    assert [answer.body for answer in taken] == [b'{"n":1}']


async def test_a_connection_that_ends_loses_what_is_under_way_and_what_waits():
    async with FakeServer(b"") as it:
        line = await client.connect(it.port)
        answers = await asyncio.gather(line.answer(request()), line.answer(request()))
        later = await line.answer(request())
    assert [answer.status for answer in (*answers, later)] == [LOST] * 3


async def test_a_closed_loop_sends_all_and_counts_every_answer_by_its_status():
    async with FakeServer(response(200), response(409)) as it:
        senders = [Numbered(6)]
        run = await client.closed_loop(it.port, senders)
    assert (run.count, run.good_count, run.failures) == (6, 3, {409: 3})
    assert len(it.requests) == 6
    assert senders[0].statuses == [200, 409] * 3


async def test_an_open_loop_counts_from_when_a_request_was_due_not_from_when_it_was_sent():
    held = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n{}")
        await held.wait()  # while the second request is due already
        writer.write(response(200))
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(response(200))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        line = await client.connect(server.sockets[0].getsockname()[1])
        taken: list[Answer] = []
        plan = [Due(at, line, request(), taken.append) for at in (0.0, 0.01)]
        loop = asyncio.create_task(client.open_loop(plan))
        await asyncio.sleep(0.1)
        held.set()
        await loop
    first, second = taken
    assert second.seconds > 0.08, "the wait for its turn is part of a save's latency"
    assert first.seconds > second.seconds


def test_percentiles_are_exact_values_of_the_sample():
    assert percentile(range(1, 101), 50) == 50
    assert percentile(range(1, 101), 99) == 99
    assert percentile([7.0], 99) == 7.0
    assert math.isnan(percentile([], 50))


def test_a_score_counts_good_answers_only_and_compares_with_the_cpu_of_its_service():
    run = Run(statuses=Counter({200: 30, 503: 5}), seconds=2.0)
    score = Score("ours", "attempts", per_request=10)
    score.add(run, {"attempts": 1.5, "postgres": 0.3, "client": 0.75})
    assert (score.count, score.per_second, score.per_cpu_second) == (300, 150, 200)
    assert (score.cost_ms("postgres"), score.client_share) == (1.0, 0.5)


def test_every_student_has_one_attempt_at_an_exam_and_no_attempt_two_students():
    attempts = [a for who in SMALL.sitter_ids for a in SMALL.running_of(who)]
    waiting = [a for who in SMALL.sitter_ids for a in SMALL.waiting_of(who)]
    assert len({*attempts, *waiting}) == 4 * (3 + 4)
    assert min(attempts) == FIRST_ATTEMPT


def test_what_others_take_is_a_share_of_the_machine_without_our_own_part():
    neighbours = Neighbours()
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    whole = Neighbours.share(neighbours)
    neighbours._ours = lambda: 0.0
    neighbours._before = (neighbours._before[0], 0.0)
    assert 0 <= whole < neighbours.share() <= 1


# With the platform


@pytest.fixture(scope="module")
def rig():
    with course.platform(SHORT, print, replicas={"realtime": 2}) as rig:
        yield rig


@pytest.fixture(scope="module")
def played(rig):
    """Play the day before anything else writes into its database."""
    outcomes, book = asyncio.run(course.play(rig, SHORT, [*course.SCENARIOS], print, print))
    verdicts = book.judge(rig.platform.database, rig.world)
    return SimpleNamespace(
        outcomes={outcome.letter: outcome for outcome in outcomes}, book=book, verdicts=verdicts
    )


@pytest.mark.parametrize("letter", course.SCENARIOS)
def test_a_scenario_of_the_day_meets_no_error_and_misses_nothing(played, letter):
    outcome = played.outcomes[letter]
    assert outcome.flaws == []
    assert outcome.naive, "its twin has been played beside it"
    assert json.loads(outcome.line)["students"] == SHORT.students


def test_what_a_day_acknowledged_is_stored_once_and_a_missing_one_is_noticed(played, rig):
    verdicts, book = played.verdicts, copy.deepcopy(played.book)
    assert {name: one.flaws for name, one in verdicts.items()} == dict.fromkeys(verdicts, ())
    assert verdicts["logins"].stored == SHORT.students + SHORT.latecomers
    assert verdicts["begins"].stored == verdicts["submits"].stored == SHORT.students
    assert verdicts["events"].stored > SHORT.students * SHORT.events_each
    assert verdicts["saves"].stored > SHORT.students * SHORT.saves_each

    [key] = itertools.islice(book.saves.last_text, 1)
    book.saves.saved(*key, "copper that nobody stored")
    next(iter(book.events.by_attempt.values())).pop()
    book.let_in[rig.world.sitter_ids[0]] += 1
    book.begun.pop()
    book.submitted[next(iter(book.submitted))] = b"of another key"
    noticed = book.judge(rig.platform.database, rig.world)
    assert [len(noticed[name].flaws) for name in noticed] == [1, 1, 2, 1, 1]
    assert "1 beyond the acknowledged" in str(noticed["events"])


def test_a_missed_bar_of_time_decides_in_the_long_form_only():
    late = Outcome("d", "bell", late=["submit, p99"])
    clean = {"saves": Verdict(1, 1)}
    assert course.is_well(SHORT, [late], clean)
    assert not course.is_well(of_students(20), [late], clean)
    assert not course.is_well(SHORT, [Outcome("d", "bell", flaws=["submits: {500: 1}"])], clean)
    assert not course.is_well(SHORT, [], {"saves": Verdict(1, 0, ("1 lost",))})


async def test_a_scenario_that_breaks_is_told_and_the_next_one_is_played(monkeypatch, rig):
    async def breaks(_):
        raise RuntimeError("out of desks")

    async def goes(_):
        return Outcome("b", "storm")

    monkeypatch.setattr(course, "SCENARIOS", {"a": ("morning", breaks), "b": ("storm", goes)})
    outcomes, _ = await course.play(rig, SHORT, ["a", "b"], print, print)
    assert "out of desks" in outcomes[0].flaws[0]
    assert outcomes[1].flaws == []


async def test_what_two_nodes_are_told_is_counted_and_what_is_missing_is_noticed(played, rig):
    size = bench_nodes.Size(sockets=SHORT.students, per_second=60, seconds=0.3)
    rounds = await bench_nodes.measure(rig, size, print)
    assert list(rounds) == ["first", "second", "nobody's", "none"]
    assert [used.said > 0 for used in rounds.values()] == [True, True, True, False]
    assert rounds["first"].cpu_seconds.keys() >= {"realtime", "realtime#2"}

    def flaws():
        return bench_nodes.report(size, rounds, 0.0, Console(quiet=True)).flaws

    assert flaws() == []
    lacking = rounds["second"].arrived - 1
    rounds["second"] = replace(rounds["second"], arrived=lacking)
    rounds["nobody's"] = replace(rounds["nobody's"], arrived=1)
    assert [flaw.split(":")[0] for flaw in flaws()] == ["second", "nobody's"]


async def test_a_listener_hears_frames_that_come_in_pieces():
    long = b"x" * 70_000
    heard = []
    listener, wrote = listening.Listener(b"", lambda frame, _: heard.append(frame)), []
    listener.connection_made(SimpleNamespace(write=wrote.append))
    wire = b"HTTP/1.1 101 X\r\n\r\n\x81\x02ab\x89\x01p"
    wire += b"\x81\x7e\x00\x80" + long[:128] + b"\x81\x7f" + (70_000).to_bytes(8, "big") + long
    for place in range(0, len(wire), 997):
        listener.data_received(wire[place : place + 997])
    assert heard == [b"ab", long[:128], long]
    assert wrote == [b"", b"\x8a\x81\0\0\0\0p"]
    refused = listening.Listener(b"", lambda *_: None)
    refused.data_received(b"HTTP/1.1 403 X\r\n\r\n")
    with pytest.raises(listening.Refused, match="403"):
        await refused.opened


def test_fan_out_says_what_to_install_when_there_is_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setattr(fanout_rig.shutil, "which", lambda _: None)
    with pytest.raises(fanout_rig.NoCompiler, match="Install a C compiler"):
        fanout_rig.Bench(tmp_path, None).prepare()
