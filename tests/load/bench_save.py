"""Saving answers: one by one over REST against the echo, and in batches over gRPC.

64 connections, each one student's, each with the next save ready when the last is answered. Every
answer is saved twice in a row, so half of the saves insert and half update; a student goes through
his attempts in turn, so no attempt is saved by two at once.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import grpc
from chassis import rpc
from oep.attempts.v1 import attempts_pb2 as pb
from oep.attempts.v1.attempts_pb2_grpc import AttemptsServiceStub
from rich.console import Console

from load import client, ledger
from load.client import Answer, Run, clock
from load.figures import Report, Score, score_table
from load.ledger import Ledger
from load.meters import Neighbours
from load.rig import BARE_ECHO, COMMIT_PER_REQUEST, ECHO, Rig, running
from load.rounds import Say, Subject, in_turn
from load.world import World

BATCHES = (1, 50, 500)
SERVICE = "attempts"
_CALLS_AT_ONCE = 4
_CALL_SECONDS = 30.0

Sent = tuple[int, int, str]
"""Attempt, question and text of a save."""


@dataclass(frozen=True)
class Size:
    """How much is measured; `world` bounds the connections."""

    world: World = field(default_factory=World)
    rounds: int = 4
    seconds: float = 3.0


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(size.world, (BARE_ECHO, ECHO, COMMIT_PER_REQUEST), say=say) as rig:
        told, neighbours = Ledger(), Neighbours()
        scores = asyncio.run(measure_rest(rig, size, told, say))
        batches = asyncio.run(measure_grpc(rig, size, told, say))
        others = neighbours.share()
        verdict = ledger.judge_saves(rig.platform.database, told)
    _, _, bare, _ = scores
    console.print(score_table("POST /attempts/{id}/answers", scores, bare))
    console.print(score_table("SaveAnswers over gRPC, answers", batches))
    console.print(f"oracle: {verdict}", highlight=False)
    return _report(others, scores, batches, verdict)


class Saver:
    """One student at one connection, saving for ever."""

    def __init__(
        self,
        token: str,
        keys: Iterator[ledger.Key],
        numbers: Iterator[int],
        told: Ledger | None = None,
    ) -> None:
        """`keys` are the answers to save, `numbers` are shared by all who write into `told`."""
        self._token = token
        self._keys = keys
        self._numbers = numbers
        self._told = told
        self._heads: dict[int, bytes] = {}
        self._sent: Sent = (0, 0, "")

    def next(self) -> bytes:
        request, self._sent = self.wish()
        return request

    def took(self, answer: Answer) -> None:
        if answer.is_good and self._told is not None:
            self._told.saved(*self._sent)

    def wish(self) -> tuple[bytes, Sent]:
        """Return the next request and what it saves."""
        attempt_id, question_id = next(self._keys)
        text = _text(next(self._numbers))
        request = client.with_body(self._head(attempt_id), save_body(question_id, text))
        return request, (attempt_id, question_id, text)

    def _head(self, attempt_id: int) -> bytes:
        if attempt_id not in self._heads:
            path = f"/api/v1/attempts/{attempt_id}/answers"
            self._heads[attempt_id] = client.request_head("POST", path, self._token)
        return self._heads[attempt_id]


def save_body(question_id: int, text: str) -> bytes:
    return b'{"question_id":%d,"answer":["%b"],"is_flagged":false,"time_spent_seconds":1}' % (
        question_id,
        text.encode(),
    )


def _text(number: int) -> str:
    return f"copper {number:08}"


def keys_of(world: World, student_id: int) -> Iterator[ledger.Key]:
    """Yield the student's answers for ever, each twice in a row, the attempts in turn."""
    attempts = world.running_of(student_id)
    for question_id in itertools.cycle(world.question_ids):
        for attempt_id in attempts:
            yield from [(attempt_id, question_id)] * 2


def savers(
    world: World, tokens: Mapping[int, str], told: Ledger | None, numbers: Iterator[int]
) -> list[Saver]:
    return [Saver(token, keys_of(world, who), numbers, told) for who, token in tokens.items()]


async def measure_rest(rig: Rig, size: Size, told: Ledger, say: Say) -> list[Score]:
    say("students sign in")
    tokens = await rig.sign_in(rig.world.sitter_ids)
    numbers = itertools.count()
    names = {
        "ours": SERVICE,
        "commit per save": COMMIT_PER_REQUEST.name,
        "echo, bare": BARE_ECHO.name,
        "echo, in our chassis": ECHO.name,
    }
    subjects = []
    for name, part in names.items():
        ledger_of_mine = told if part == SERVICE else None
        senders = savers(rig.world, tokens, ledger_of_mine, numbers)
        play = partial(client.closed_loop, rig.port(part), senders, size.seconds)
        subjects.append(Subject(Score(name, part), play))
    for subject in subjects:
        await subject.play()  # not counted: pools fill, tokens are seen for the first time
    meters = rig.meters(*names.values(), "postgres")
    await in_turn(subjects, meters, size.rounds, say)
    return [subject.score for subject in subjects]


async def measure_grpc(rig: Rig, size: Size, told: Ledger, say: Say) -> list[Score]:
    numbers = itertools.count(50_000_000)
    scores = []
    async with rpc.channel(rig.platform.grpc_address(SERVICE)) as channel:
        for batch in BATCHES:
            score = Score(f"batches of {batch}", SERVICE, per_request=batch)
            play = partial(batches, channel, rig.world, batch, size.seconds, told, numbers)
            await play()
            await in_turn([Subject(score, play)], rig.meters(SERVICE, "postgres"), 1, say)
            scores.append(score)
    return scores


async def batches(
    channel: grpc.aio.Channel,
    world: World,
    batch: int,
    seconds: float,
    told: Ledger,
    numbers: Iterator[int],
) -> Run:
    """Keep some calls in flight until the time is over, each with the attempts of its own share."""
    run, began, stub = Run(), clock(), AttemptsServiceStub(channel)
    shares = [world.sitter_ids[n::_CALLS_AT_ONCE] for n in range(_CALLS_AT_ONCE)]

    async def some(students: Sequence[int]) -> None:
        wishes = _wishes(world, students, numbers)
        while clock() < began + seconds:
            saves = list(itertools.islice(wishes, batch))
            sent = clock()
            request = pb.SaveAnswersRequest(saves=saves)
            answer = await rpc.call(
                stub.SaveAnswers, request, seconds=_CALL_SECONDS, idempotent=False
            )
            saved = [result.HasField("saved") for result in answer.results]
            run.note(Answer(200 if all(saved) else 409, b"", b"", clock() - sent))
            for save, is_saved in zip(saves, saved, strict=True):
                if is_saved:
                    told.saved(save.attempt_id, save.question_id, json.loads(save.answer_json)[0])

    await asyncio.gather(*(some(share) for share in shares if share))
    run.seconds = clock() - began
    return run


def _wishes(
    world: World, students: Sequence[int], numbers: Iterator[int]
) -> Iterator[pb.AnswerSave]:
    """Yield saves as realtime sends them, the students and their attempts in turn."""
    keys = {student_id: keys_of(world, student_id) for student_id in students}
    for student_id in itertools.cycle(students):
        attempt_id, question_id = next(keys[student_id])
        number = next(numbers)
        yield pb.AnswerSave(
            attempt_id=attempt_id,
            student_id=student_id,
            question_id=question_id,
            answer_json=json.dumps([_text(number)]),
            time_spent_seconds=1,
            client_sequence=number,
            message_id=f"m{number}",
            connection_id=f"c{student_id}",
        )


def _report(
    others: float, scores: Sequence[Score], batches: Sequence[Score], verdict: ledger.Verdict
) -> Report:
    ours, naive, bare, echo = scores
    ratio, in_chassis = (ours.per_cpu_second / e.per_cpu_second for e in (bare, echo))
    facts = {
        "ours": ours.facts(),
        "commit_per_save": naive.facts(),
        "echo": bare.facts(),
        "echo_in_chassis": echo.facts(),
        "ratio": round(ratio, 3),
        "ratio_in_chassis": round(in_chassis, 3),
        "grpc": {score.name: score.facts() for score in batches},
        "oracle": str(verdict),
    }
    failed = [f"{s.name}: {s.run.failures}" for s in (ours, *batches) if s.run.failures]
    row = [
        f"{ours.per_second:,.0f}/s",
        f"{ours.per_cpu_second:,.0f}",
        f"{naive.per_cpu_second:,.0f}",
        f"{bare.per_cpu_second:,.0f}",
        f"{ratio:.2f} ({in_chassis:.2f})",
        f"{ours.ms(50):.0f} / {ours.ms(99):.0f} ms",
        " / ".join(f"{score.per_second:,.0f}" for score in batches),
        str(verdict),
    ]
    return Report("save", others, facts, row, [*failed, *verdict.flaws])
