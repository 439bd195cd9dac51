"""The benchmarks in miniature: they count what they send and find it in the database.

No time is asserted here. The client and the counting are tried alone, without a platform.
"""

import asyncio
import contextlib
import itertools
import json
import math
import time
import uuid
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from load import (
    bench_begin,
    bench_boards,
    bench_connects,
    bench_events,
    bench_fanout,
    bench_list,
    bench_login,
    bench_nodes,
    bench_save,
    bench_screen,
    bench_units,
    client,
    fanout_rig,
    ledger,
    listening,
)
from load.client import LOST, Answer, Due, Run
from load.figures import Score, percentile
from load.ledger import Events, Ledger
from load.meters import Neighbours
from load.rig import (
    BARE_ECHO,
    BARE_INSERTS,
    COMMIT_PER_EVENT,
    COMMIT_PER_REQUEST,
    ECHO,
    running,
)
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
    twins = (BARE_ECHO, ECHO, COMMIT_PER_REQUEST, COMMIT_PER_EVENT, BARE_INSERTS)
    with running(SMALL, twins, replicas={"realtime": 2}) as rig:
        yield rig


@pytest.fixture(scope="module")
def tokens(rig):
    return asyncio.run(rig.sign_in(SMALL.sitter_ids))


async def test_saves_are_counted_and_found_and_a_missing_one_is_noticed(rig, tokens):
    told = Ledger()
    size = bench_save.Size(world=SMALL, rounds=1, seconds=0.3)
    ours, naive, bare, echo = await bench_save.measure_rest(rig, size, told, print)
    assert [score.run.failures for score in (ours, naive, bare, echo)] == [{}] * 4
    assert ours.count > 0
    assert bare.count > 0
    assert naive.count > 0
    assert told.saved_count >= ours.count, "the round that does not count is in the ledger too"
    batches = await bench_save.measure_grpc(rig, size, told, print)
    assert [score.run.failures for score in batches] == [{}, {}, {}]
    database = rig.platform.database
    verdict = await asyncio.to_thread(ledger.judge_saves, database, told)
    assert verdict.is_clean, str(verdict)
    assert verdict.acknowledged == verdict.stored == told.saved_count

    [key] = itertools.islice(told.last_text, 1)
    told.saved(*key, "copper that nobody stored")
    verdict = await asyncio.to_thread(ledger.judge_saves, database, told)
    assert len(verdict.flaws) == 2, "one too few, and another text"


async def test_events_are_counted_and_found_and_a_missing_one_is_noticed(rig, tokens):
    told = Events()
    size = bench_events.Size(world=SMALL, rounds=1, seconds=1.0)
    scores = await bench_events.measure_singles(rig, size, tokens, told, print)
    batches = await bench_events.measure_batches(rig, size, tokens, told, print)
    for score in (*scores, *batches):
        assert score.run.failures == {}, score.name
        assert score.count > 0, score.name
    assert told.count >= scores[0].count + batches[0].count
    database = rig.platform.database
    verdict = await asyncio.to_thread(ledger.judge_events, database, told)
    assert verdict.is_clean, str(verdict)
    assert verdict.acknowledged == verdict.stored == told.count
    assert not bench_events.has_notes(rig), "what is announced is part of what an event costs"

    some = next(iter(told.by_attempt.values()))
    some.append("00000000-0000-0000-0000-000000000000")
    verdict = await asyncio.to_thread(ledger.judge_events, database, told)
    assert "1 lost" in str(verdict)
    del some[-2:]
    verdict = await asyncio.to_thread(ledger.judge_events, database, told)
    assert "1 beyond the acknowledged" in str(verdict)


async def test_begins_are_counted_and_found(rig, tokens):
    begun: list[int] = []
    size = bench_begin.Size(world=SMALL, rounds=1)
    ours, bare, _ = await bench_begin.measure(rig, size, begun, print)
    assert (ours.count, bare.count) == (8, 8), "half of the sixteen is played before it counts"
    assert len(begun) == len(set(begun)) == 16
    waiting = [a for who in SMALL.sitter_ids for a in SMALL.waiting_of(who)]
    database = rig.platform.database
    verdict = await asyncio.to_thread(ledger.judge_begins, database, begun, waiting)
    assert verdict.is_clean, str(verdict)
    verdict = await asyncio.to_thread(ledger.judge_begins, database, begun[1:], waiting)
    assert "nobody was told" in str(verdict)


async def test_what_one_of_each_takes_is_counted_of_every_part(rig):
    size = bench_units.Size(SMALL, 0.3, comers=[*SMALL.sitter_ids])
    units, failures = await bench_units.measure(rig, size, print)
    assert failures == []
    assert [unit.name for unit in units] == ["login", "begin", "event", "save", "submit"]
    for unit in units:
        assert unit.count > 0, unit.name
        assert unit.log_bytes > 0, "whatever is promised is in Postgres' log"
        assert sorted(unit.seconds) == list(unit.seconds)
        assert unit.seconds[0] > 0


async def test_the_echo_answers_in_the_shape_of_the_service(rig, tokens):
    student_id, token = next(iter(tokens.items()))
    [attempt_id, *_] = SMALL.running_of(student_id)
    save = bench_save.save_body(SMALL.question_ids[0], "copper")
    for path, body in ((f"{attempt_id}/answers", save), (f"{attempt_id}/begin", b"")):
        head = client.request_head("POST", f"/api/v1/attempts/{path}", token)
        shapes = []
        for part in ("attempts", BARE_ECHO.name):
            line = await client.connect(rig.port(part))
            answer = await line.answer(client.with_body(head, body))
            line.close()
            assert answer.status == 200, answer.body
            shapes.append(set(json.loads(answer.body)))
        ours, echoed = shapes
        assert ours == echoed, f"twins/echo.py must answer {path} with these fields too"


async def test_the_echo_and_the_twin_answer_an_event_in_the_shape_of_the_service(rig, tokens):
    student_id, token = next(iter(tokens.items()))
    head = client.request_head("POST", bench_events.ONE, token)
    shapes = []
    for part in ("proctoring", BARE_ECHO.name, COMMIT_PER_EVENT.name):
        body = bench_events.event_body(SMALL.running_of(student_id)[0], str(uuid.uuid4()))
        line = await client.connect(rig.port(part))
        answer = await line.answer(client.with_body(head, body))
        line.close()
        assert answer.status == 201, answer.body
        shapes.append(set(json.loads(answer.body)))
    assert shapes[0] == shapes[1] == shapes[2]


async def test_without_a_token_the_echo_refuses_as_the_services_do(rig):
    head = client.request_head("POST", "/api/v1/attempts/1/begin", "no token")
    line = await client.connect(rig.port(ECHO.name))
    answer = await line.answer(client.with_body(head, b""))
    line.close()
    assert answer.status == 401


async def test_newcomers_log_in_once_each_while_the_exam_saves(rig):
    size = bench_login.Size(
        newcomers=SMALL.newcomers,
        within_seconds=0.3,
        sitters=SMALL.sitters,
        save_every_seconds=0.2,
        baseline_seconds=0.3,
    )
    exam, storm = await bench_login.measure(rig, size, print)
    assert storm.told.errors == {}
    assert storm.let_in == dict.fromkeys(SMALL.newcomer_ids, 1)
    assert exam.before.count > 0
    assert exam.during.count > 0
    assert exam.told.saved_count == exam.before.good_count + exam.during.good_count
    database = rig.platform.database
    verdict = await asyncio.to_thread(ledger.judge_logins, database, storm.let_in)
    assert verdict.is_clean, str(verdict)
    twice = {**storm.let_in, SMALL.newcomer_ids[0]: 2}
    verdict = await asyncio.to_thread(ledger.judge_logins, database, twice)
    assert not verdict.is_clean


async def test_pages_of_an_exam_are_counted_and_hold_everybody(rig):
    size = bench_list.Size(world=SMALL, events=2, others=10, asked=2, rounds=1)
    await asyncio.to_thread(bench_list.fill, rig, size)
    scores, flaws = await bench_list.measure(rig, size, print)
    assert flaws == []
    assert [score.count for score in scores] == [2] * len(bench_list.PAGES)


async def test_what_boards_show_is_counted_and_what_they_lack_is_noticed(rig):
    size = bench_boards.Size(4, 2, 30, seconds=0.5, idle_seconds=0.1, warm_seconds=0.1)
    await asyncio.to_thread(bench_boards.seat_halls, rig, size.per_hall)
    whole, windows = await bench_boards.measure(rig, size, print)
    assert (whole.flaws, windows.flaws) == ([], [])
    assert whole.run.good_count == windows.run.good_count == 15
    assert sum(map(len, whole.seen.shown.values())) >= 2 * 15
    assert windows.seen.latencies("info", "warning", "violation")
    whole.seen.committed[b"an event that no board has shown"] = 0.0
    assert bench_boards.Whole(whole).lacks == 16


async def test_what_two_nodes_are_told_is_counted_and_what_is_missing_is_noticed(rig):
    size = bench_nodes.Size(sockets=SMALL.sitters, per_second=60, seconds=0.3)
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


def test_fan_out_reaches_every_socket_of_both_servers():
    size = bench_fanout.Size(
        sockets=5,
        seconds=0.1,
        rounds=1,
        burst=10,
        bursts=2,
        idle=10,
        most=15,
        still_seconds=0.1,
        settle_seconds=0.1,
    )
    report = bench_fanout.bench(size, Console(quiet=True), lambda _: None)
    assert report.flaws == []
    assert report.facts["most_open"] == 15
    assert report.facts["ours steady us"] >= 0


def test_students_come_stay_and_are_counted():
    size = bench_connects.Size(students=12, rounds=1, settle_seconds=0.1, still_seconds=0.1)
    found = bench_connects.bench(size, Console(quiet=True), lambda _: None)
    assert found.flaws == []
    assert {found.facts[kind]["connects_per_second"] > 0 for kind in ("plain", "oep.v1")} == {True}
    came = {
        kind: bench_connects.Came(good=12, seconds=1, bytes_each=[1], idle_share=[0])
        for kind in (None, "oep.v1")
    }
    came[None].bad = 1
    came["oep.v1"].good = 11
    flaws = bench_connects.report(size, came, 0.0).flaws
    assert [flaw.partition(":")[0] for flaw in flaws] == ["plain", "oep.v1"]


def test_fan_out_says_what_to_install_when_there_is_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setattr(fanout_rig.shutil, "which", lambda _: None)
    with pytest.raises(fanout_rig.NoCompiler, match="Install a C compiler"):
        fanout_rig.Bench(tmp_path, None).prepare()


def test_frames_of_a_board_are_counted_while_events_arrive():
    """In a real Chromium, on a platform of its own: every row is there, and each stretch drawn."""
    size = bench_screen.Size(students=30, seconds=1.0)
    report = bench_screen.bench(size, Console(quiet=True), print)
    assert report.flaws == []
    for stretch in ("still", "events", "events, scrolled"):
        counted = report.facts[stretch]
        assert counted["frames"] > 0, stretch
        assert sorted(counted["work_ms"]) == counted["work_ms"], stretch
