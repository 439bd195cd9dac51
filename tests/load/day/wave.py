"""(e) Reconnect wave: all sockets are gone at once and come back within a second.

While they are away an answer of each student is saved, which his socket must then be told, once.
When all are back another one is saved for each. Through the gateway; the twin, which reads what was
missed from the database for each of them and sends to one socket after the other, past it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis import rpc
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1.attempts_pb2_grpc import AttemptsServiceStub

from load import client
from load.client import clock
from load.day import seat
from load.day.outcome import Outcome, cpu_ms, latency, told_ms
from load.day.seat import Seat, seated
from load.day.size import IN_WAVE
from load.day.stage import Stage, costing
from load.ledger import Ledger
from load.rig import SEND_PER_SOCKET

WORDS = "reconnect wave"
BAR_SECONDS = 15.0
"""Five tries 3 s apart, after which exam frontends give up (contract §7)."""
_BATCH = 500
_CALL_SECONDS = 60.0
_PATIENCE_SECONDS = 60.0
_TWIN_BATCH, _TWIN_LINES = 50, 8

Say = Callable[[int], Awaitable[None]]
"""Has every seat told of one more; gets how many that makes."""


@dataclass
class Wave:
    """What the seats of one server went through."""

    back: list[float] = field(default_factory=list)
    all_told_seconds: float = 0.0
    live_seconds: float = 0.0
    refused: int = 0
    resyncs: int = 0
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    live_cpu_seconds: dict[str, float] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)

    def facts(self, count: int) -> dict[str, Any]:
        return {
            "back_ms": latency(self.back),
            "all_back_and_told_seconds": round(self.all_told_seconds, 2),
            "live_round_seconds": round(self.live_seconds, 2),
            "refused": self.refused,
            "resyncs": self.resyncs,
            "cpu_ms_each_return": cpu_ms(self.cpu_seconds, count),
            "cpu_ms_each_message": cpu_ms(self.live_cpu_seconds, count),
        }

    def cell(self, part: str, count: int) -> str:
        each = cpu_ms(self.cpu_seconds, count)[part]
        return (
            f"back {told_ms(self.back)}, all told after {self.all_told_seconds:.1f} s,"
            f" {each:.2f} ms of CPU each; one more for everybody {self.live_seconds:.1f} s"
        )


async def play(stage: Stage) -> Outcome:
    outcome, count = Outcome("e", WORDS), stage.size.students
    outcome.offered = (
        f"{count:,} sockets back within {stage.size.wave_seconds:g} s, one message missed by each"
    )
    with stage.measured(outcome):
        ours = await _wave(stage, "realtime", stage.gateway, lambda turn: _save_all(stage, turn))
    naive = await _wave(
        stage,
        SEND_PER_SOCKET.name,
        stage.rig.port(SEND_PER_SOCKET.name),
        lambda _: _say_all(stage),
    )
    outcome.ours, outcome.naive = ours.facts(count), naive.facts(count)
    outcome.told = [ours.cell("realtime", count), naive.cell(SEND_PER_SOCKET.name, count)]
    outcome.flaws += ours.flaws + [f"twin: {flaw}" for flaw in naive.flaws]
    outcome.bar("all back and told", ours.all_told_seconds, BAR_SECONDS)
    return outcome


async def _wave(stage: Stage, part: str, port: int, say: Say) -> Wave:
    wave = Wave()
    seats = [Seat(port, attempt_id, token) for attempt_id, token in stage.attempts(IN_WAVE).items()]
    with seat.dropping(seats):
        await seated(seats)
        stage.say(f"  {part}: {sum(one.is_here for one in seats):,} are there, and gone")
        for one in seats:
            one.drop()
        await say(1)
        with costing(stage, part, "postgres") as wave.cpu_seconds:
            began, pause = clock(), stage.size.wave_seconds / len(seats)
            wave.back = await asyncio.gather(
                *(one.come(began + place * pause) for place, one in enumerate(seats))
            )
            await _told(seats, 1)
            wave.all_told_seconds = clock() - began
        with costing(stage, part, "postgres") as wave.live_cpu_seconds:
            began = clock()
            await say(2)
            await _told(seats, 2)
            wave.live_seconds = clock() - began
        _judge(wave, seats)
    return wave


async def _told(seats: Sequence[Seat], count: int) -> None:
    """Wait until all who are here have been told of so many, or patience ends."""
    until = clock() + _PATIENCE_SECONDS
    while clock() < until:
        if all(len(one.told) + one.resyncs >= count or one.has_given_up for one in seats):
            return
        await asyncio.sleep(0.02)


def _judge(wave: Wave, seats: Sequence[Seat]) -> None:
    wave.refused = sum(one.refused for one in seats)
    wave.resyncs = sum(one.resyncs for one in seats)
    for words, count in (
        ("sockets that gave up", sum(one.has_given_up for one in seats)),
        ("sockets that are gone in the end", sum(not one.is_here for one in seats)),
        ("sockets that were told less", sum(len(one.told) + one.resyncs < 2 for one in seats)),
        ("sockets that were told twice", sum(len(one.told) > 2 for one in seats)),
        ("sockets that were told in another order", sum(not one.is_in_order for one in seats)),
    ):
        if count:
            wave.flaws.append(f"{words}: {count}")


async def _save_all(stage: Stage, turn: int) -> None:
    """Save one answer of each attempt, as realtime has them saved."""
    attempts = [(who, stage.world.running_of(who)[IN_WAVE]) for who in stage.world.sitter_ids]
    question_id = stage.world.question_ids[turn - 1]
    async with rpc.channel(stage.rig.platform.grpc_address("attempts")) as channel:
        stub = AttemptsServiceStub(channel)
        for first in range(0, len(attempts), _BATCH):
            saves = [
                _save(stage, student_id, attempt_id, question_id)
                for student_id, attempt_id in attempts[first : first + _BATCH]
            ]
            request = pb.SaveAnswersRequest(saves=saves)
            answer = await rpc.call(
                stub.SaveAnswers, request, seconds=_CALL_SECONDS, idempotent=False
            )
            _note(stage.book.saves, saves, answer)


def _save(stage: Stage, student_id: int, attempt_id: int, question_id: int) -> pb.AnswerSave:
    number = next(stage.book.numbers)
    return pb.AnswerSave(
        attempt_id=attempt_id,
        student_id=student_id,
        question_id=question_id,
        answer_json=json.dumps([f"copper {number:08}"]),
        time_spent_seconds=1,
        client_sequence=number,
        message_id=f"w{number}",
        connection_id=f"w{student_id}",
    )


def _note(book: Ledger, saves: Sequence[pb.AnswerSave], answer: pb.SaveAnswersResponse) -> None:
    for save, result in zip(saves, answer.results, strict=True):
        if result.HasField("saved"):
            book.saved(save.attempt_id, save.question_id, json.loads(save.answer_json)[0])


async def _say_all(stage: Stage) -> None:
    """Have the twin send each socket a message."""
    attempts = [*stage.attempts(IN_WAVE)]
    some = [attempts[n : n + _TWIN_BATCH] for n in range(0, len(attempts), _TWIN_BATCH)]
    head = client.request_head("POST", "/say")
    async with stage.lines(_TWIN_LINES, SEND_PER_SOCKET.name) as lines:
        asked = (
            lines[n % _TWIN_LINES].answer(
                client.with_body(
                    head, json.dumps({"attempt_ids": ids, "body": "A saved it"}).encode()
                )
            )
            for n, ids in enumerate(some)
        )
        for answer in await asyncio.gather(*asked):
            if not answer.is_good:
                raise RuntimeError(f"twin: {answer.status} {answer.body!r}")
