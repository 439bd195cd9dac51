"""The benchmarks in miniature: `make bench-small` runs them, `make test` does not.

They count what they send and find it in the database; no time is asserted. What all of them stand
on, and the short form of `make load`, is in test_harness.py.
"""

import asyncio
import itertools
import json
import uuid

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
    bench_save,
    bench_screen,
    bench_units,
    client,
    ledger,
)
from load.ledger import Events, Ledger
from load.rig import (
    BARE_ECHO,
    BARE_INSERTS,
    COMMIT_PER_EVENT,
    COMMIT_PER_REQUEST,
    ECHO,
    running,
)
from load.world import World

pytestmark = pytest.mark.timeout(300)  # the platform starts in here

SMALL = World(sitters=4, running_exams=3, waiting_exams=4, questions=3, newcomers=6)


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
    assert storm.errors == {}
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


def test_frames_of_a_board_are_counted_while_events_arrive():
    """In a real Chromium, on a platform of its own: every row is there, and each stretch drawn."""
    size = bench_screen.Size(students=30, seconds=1.0)
    report = bench_screen.bench(size, Console(quiet=True), print)
    assert report.flaws == []
    for stretch in ("still", "events", "events, scrolled"):
        counted = report.facts[stretch]
        assert counted["frames"] > 0, stretch
        assert sorted(counted["work_ms"]) == counted["work_ms"], stretch
