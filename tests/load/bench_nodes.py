"""Two realtime nodes: each works for its own sockets, and for nobody else's.

Half of the students sit one exam with their sockets on the first node, the other half another exam
on the second. Then an equal number of notices is said about the first exam, about the second, about
an exam that nobody watches, and about none at all; what each node used is read from /proc. Every
notice of a watched exam is for one socket, and all are counted when they arrive.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.bus import Bus, Message
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from load.figures import Report
from load.meters import Neighbours
from load.rig import Rig, running
from load.rounds import Say
from load.world import FIRST_EXAM, World

_PROTOCOL = Subprotocol("oep.v1")
_NODES = ("realtime", "realtime#2")
_EXAMS = ("first", "second", "nobody's")
_ROUNDS = (*_EXAMS, "none")
_MICRO = 1e6
_ARRIVE_SECONDS = 30.0
_BEAT_SECONDS = 0.05


@dataclass(frozen=True)
class Size:
    sockets: int = 200
    """Of each exam that is watched."""
    per_second: int = 400
    seconds: float = 10.0


@dataclass(frozen=True)
class Used:
    """What a round cost: CPU seconds by node, beyond those of a round without notices."""

    said: int
    arrived: int
    cpu_seconds: Mapping[str, float]

    def micros(self, node: str, idle: "Used") -> float:
        return (self.cpu_seconds[node] - idle.cpu_seconds[node]) / max(self.said, 1) * _MICRO


class Crowd:
    """The sockets of one exam, all on one node; it counts what they are told."""

    def __init__(self, port: int, attempts: Mapping[int, int], tokens: Mapping[int, str]) -> None:
        self._url = f"ws://127.0.0.1:{port}/api/v1/ws/attempts"
        self._attempts = attempts
        self._tokens = tokens
        self._tasks: list[asyncio.Task[None]] = []
        self.told = 0

    async def open(self) -> None:
        for student_id, attempt_id in self._attempts.items():
            url = f"{self._url}/{attempt_id}?token={self._tokens[student_id]}"
            socket = await connect(url, subprotocols=[_PROTOCOL], proxy=None, compression=None)
            self._tasks.append(asyncio.create_task(self._listen(socket)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self.told += '"notification"' in str(text)
        finally:
            await socket.close()


def bench(size: Size, console: Console, say: Say) -> Report:
    """Run all rounds. Blocking."""
    world = World(sitters=size.sockets, running_exams=3, questions=5)
    with running(world, replicas={"realtime": 2}, say=say) as rig:
        neighbours = Neighbours()
        rounds = asyncio.run(measure(rig, size, say))
        return report(size, rounds, neighbours.share(), console)


async def measure(rig: Rig, size: Size, say: Say) -> dict[str, Used]:
    """Open the sockets of both nodes and play a round about each exam."""
    tokens = await rig.sign_in(rig.world.sitter_ids)
    of_exam = [{s: rig.world.running_of(s)[place] for s in tokens} for place in range(len(_EXAMS))]
    ports = [rig.platform.layout.ports.of("realtime", number) for number in (1, 2)]
    crowds = [Crowd(port, of_exam[n], tokens) for n, port in enumerate(ports)]
    bus = Bus(rig.platform.nats_url, "bench-nodes")
    await bus.start()
    try:
        await bus.wait_ready()
        for crowd in crowds:
            await crowd.open()
        say(f"{2 * size.sockets} sockets are open")
        found = {}
        for place, name in enumerate(_ROUNDS):
            attempts = list(of_exam[place].values()) if place < len(_EXAMS) else []
            found[name] = await _round(rig, bus, crowds, size, FIRST_EXAM + place, attempts)
            say(f"notices about {name}: {found[name].said} said, {found[name].arrived} arrived")
        return found
    finally:
        for crowd in crowds:
            await crowd.close()
        await bus.close()


async def _round(
    rig: Rig, bus: Bus, crowds: Sequence[Crowd], size: Size, exam_id: int, attempts: Sequence[int]
) -> Used:
    before_told = sum(crowd.told for crowd in crowds)
    meters = rig.meters(*_NODES)
    before, began, said = meters.read(), time.monotonic(), 0
    while (now := time.monotonic() - began) < size.seconds:
        due = int(now * size.per_second) - said if attempts else 0
        if due:
            ids = [attempts[(said + n) % len(attempts)] for n in range(due)]
            await bus.publish_batch([_saved(exam_id, attempt_id) for attempt_id in ids])
            said += due
        await asyncio.sleep(_BEAT_SECONDS)
    is_watched = exam_id < FIRST_EXAM + len(crowds)
    deadline = time.monotonic() + _ARRIVE_SECONDS
    while is_watched and time.monotonic() < deadline:
        if sum(crowd.told for crowd in crowds) - before_told >= said:
            break
        await asyncio.sleep(_BEAT_SECONDS)
    used = meters.since(before)
    return Used(said, sum(crowd.told for crowd in crowds) - before_told, used)


def _saved(exam_id: int, attempt_id: int) -> Message:
    notice_id = str(uuid.uuid4())
    envelope = {
        "id": notice_id,
        "fact": "answer_saved",
        "exam_id": exam_id,
        "attempt_id": attempt_id,
        "at": "2026-01-05T10:00:00Z",
        "data": {"question_id": 1, "kind": "answer", "connection_id": None},
    }
    subject = f"oep.v1.{exam_id}.{attempt_id}.answer_saved"
    return Message(subject, json.dumps(envelope).encode(), notice_id)


def report(size: Size, rounds: Mapping[str, Used], others: float, console: Console) -> Report:
    """Print what each node used; the report holds what did not arrive where it should."""
    idle = rounds["none"]
    micros = {
        name: [used.micros(node, idle) for node in _NODES]
        for name, used in rounds.items()
        if used.said
    }
    table = Table(title="microseconds of CPU for each notice, beyond those of doing nothing")
    for column in ("about the exam", "first node", "second node", "said", "arrived"):
        table.add_column(column)
    for name, (first, second) in micros.items():
        used = rounds[name]
        table.add_row(name, f"{first:.1f}", f"{second:.1f}", str(used.said), str(used.arrived))
    console.print(table)
    flaws = [
        f"{name}: {used.arrived} of {used.said} arrived"
        for name, used in rounds.items()
        if used.arrived != (used.said if name in _EXAMS[:2] else 0)
    ]
    idle_share = [idle.cpu_seconds[node] / size.seconds for node in _NODES]
    row = [
        f"2 x {size.sockets}",
        *(f"{first:.0f} / {second:.0f}" for first, second in micros.values()),
        " / ".join(f"{share:.1%}" for share in idle_share),
    ]
    facts = {f"us {name}": [round(v, 1) for v in pair] for name, pair in micros.items()}
    return Report("nodes", others, facts, row, flaws)
