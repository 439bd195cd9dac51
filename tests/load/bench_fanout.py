"""Fan-out: a realtime node and nats-server's own WebSocket, one client, one run.

First 1,000 sockets on one channel of each: 200 messages a second, then bursts of 300. What counts
is the CPU time of the process that holds the sockets, for one message on one socket. Then a fresh
node alone: 10,000 students on attempts of their own come in as quickly as they can, with a token
each, and are looked at while they do nothing; then as many as the machine lets one process open.
"""

import asyncio
import json
import math
import resource
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nats
from nats.aio.client import Client as NatsClient
from rich.console import Console
from rich.table import Table

from load.fanout_rig import HOST, Bench, Came, Client, running
from load.figures import Report
from load.meters import Neighbours, cpu_seconds
from load.rounds import Say
from load.twins.neighbours import EXAM_ID

_MICRO = 1_000_000
_LATE_SECONDS = 30
_SPARE_FILES = 200
_ATTEMPT = 1
_SUBJECT = f"oep.v1.{EXAM_ID}.{_ATTEMPT}.broadcast_sent"
_NATS_SUBJECT = "bench"
_NATS_HELLO = (
    'CONNECT {"verbose":false,"pedantic":false,"protocol":1}\r\nSUB ' + _NATS_SUBJECT + " 1\r\n"
)


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    sockets: int = 1_000
    message_bytes: int = 300
    per_second: int = 200
    seconds: float = 5.0
    rounds: int = 3
    burst: int = 300
    bursts: int = 5
    idle: int = 10_000
    most: int | None = None
    """None: as many as the machine lets one process open."""
    still_seconds: float = 45.0
    """Long enough for every socket to be pinged twice."""
    settle_seconds: float = 10.0
    """What is given to a node before its memory is read."""


@dataclass
class Cost:
    """What one subject did in one kind of round, over all rounds."""

    cpu_seconds: float = 0.0
    client_seconds: float = 0.0
    deliveries: int = 0
    wanted: int = 0
    p99_ms: list[float] = field(default_factory=list)

    @property
    def micros(self) -> float:
        """CPU microseconds for one message on one socket."""
        return self.cpu_seconds * _MICRO / max(1, self.deliveries)


def bench(size: Size, console: Console, say: Say, source: Path | None = None) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(source) as made:
        neighbours = Neighbours()
        costs = _fan_out(made, size, say)
        crowd = _crowd(made, size, say)
        others = neighbours.share()
    console.print(_table(costs))
    for line in crowd.lines():
        console.print(line, highlight=False)
    return _report(others, costs, crowd)


# one channel, many sockets

_KINDS = ("steady", "burst")
_NAMES = ("ours", "nats-server")
Costs = dict[tuple[str, str], Cost]


def _fan_out(made: Bench, size: Size, say: Say) -> Costs:
    node_pid, node_port = made.start_node("fan-out", SOCKET_LIMIT=str(size.sockets + 8))
    other_pid = made.start_other()
    one = made.targets("one", range(_ATTEMPT, _ATTEMPT + 1))
    root = made.folder / "root"
    root.write_text("/\n")
    say(f"{size.sockets:,} sockets on each")
    clients = {
        "ours": (Client(made.binary, node_port, size.sockets, one), node_pid),
        "nats-server": (
            Client(made.binary, made.other_ws_port, size.sockets, root, _NATS_HELLO),
            other_pid,
        ),
    }
    costs: Costs = {(name, kind): Cost() for name in _NAMES for kind in _KINDS}
    urls = {"ours": made.bus.url, "nats-server": f"nats://{HOST}:{made.other_port}"}
    for number in range(size.rounds + 1):  # the first one is not counted
        for name, (client, pid) in clients.items():
            for kind in _KINDS:
                cost = costs[name, kind] if number else Cost()
                _play(size, kind, name, urls[name], client, pid, cost)
                say(f"round {number} of {size.rounds}  {name:<12} {kind:<7} {cost.micros:6.2f} us")
    for client, _ in clients.values():
        client.close()
    return costs


def _play(size: Size, kind: str, name: str, url: str, client: Client, pid: int, cost: Cost) -> None:
    client.reset()
    before, client_before = cpu_seconds(pid), client.report()[3]
    say_one = partial(_notice, size.message_bytes) if name == "ours" else partial(_bare, size)
    subject = _SUBJECT if name == "ours" else _NATS_SUBJECT
    publish = _publish_steadily if kind == "steady" else _publish_in_bursts
    sent = asyncio.run(publish(url, subject, say_one, size, client))
    wanted = sent * size.sockets
    deadline = time.monotonic() + _LATE_SECONDS
    while (found := client.report())[0] < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    cost.cpu_seconds += cpu_seconds(pid) - before
    cost.client_seconds += found[3] - client_before
    cost.deliveries += found[0]
    cost.wanted += wanted
    cost.p99_ms.append(found[2])


Sayer = Callable[[], bytes]


async def _publish_steadily(url: str, subject: str, say_one: Sayer, size: Size, _: Client) -> int:
    bus = await nats.connect(url)
    count, began = int(size.per_second * size.seconds), time.monotonic()
    for number in range(count):
        await asyncio.sleep(began + number / size.per_second - time.monotonic())
        await bus.publish(subject, say_one())
        await bus.flush()
    await bus.close()
    return count


async def _publish_in_bursts(
    url: str, subject: str, say_one: Sayer, size: Size, client: Client
) -> int:
    """Say so many at once, and again when everybody has them; what goes on meanwhile is small.

    To our bus as a relay does, which stores them in one go.
    """
    bus = await nats.connect(url)
    for number in range(1, size.bursts + 1):
        if subject == _SUBJECT:
            await _store_together(bus, subject, [say_one() for _ in range(size.burst)])
        else:
            for _ in range(size.burst):
                await bus.publish(subject, say_one())
            await bus.flush()
        wanted, until = number * size.burst * size.sockets, time.monotonic() + _LATE_SECONDS
        while client.report()[0] < wanted and time.monotonic() < until:  # noqa: ASYNC110  # a process
            await asyncio.sleep(0.02)
    await bus.close()
    return size.bursts * size.burst


async def _store_together(bus: NatsClient, subject: str, payloads: Sequence[bytes]) -> None:
    """Store all of them as one batch (NATS ADR-50)."""
    batch = {"Nats-Batch-Id": uuid.uuid4().hex}
    for number, payload in enumerate(payloads[:-1], 1):
        await bus.publish(subject, payload, headers={**batch, "Nats-Batch-Sequence": str(number)})
    last = {**batch, "Nats-Batch-Sequence": str(len(payloads)), "Nats-Batch-Commit": "1"}
    answer = await bus.request(subject, payloads[-1], timeout=_LATE_SECONDS, headers=last)
    if json.loads(answer.data).get("count") != len(payloads):
        raise RuntimeError(f"the burst was not stored: {answer.data.decode()}")


def _mark() -> str:
    return f"@T{time.time_ns():019}"


def _notice(message_bytes: int) -> bytes:
    """Return a notice whose frame, with its position, is about `message_bytes` long."""
    frame = {"type": "notification", "title": "", "severity": "info", "message": _mark()}
    placed = len(json.dumps(frame)) + 60  # the position that the node adds
    frame["title"] = "x" * max(0, message_bytes - placed)
    notice = {
        "id": "x",
        "fact": "broadcast_sent",
        "at": "2026-01-05T10:00:00Z",
        "data": {"frame": json.dumps(frame)},
    }
    return json.dumps(notice).encode()


def _bare(size: Size) -> bytes:
    return _mark().ljust(size.message_bytes, "x").encode()


# many sockets, no messages


@dataclass(frozen=True)
class Crowd:
    """What a node did with sockets that only stay."""

    idle: Came
    connect_cpu_seconds: float
    bytes_each: float
    most: int
    most_open: int
    before_mb: float
    after_mb: float
    still_seconds: float

    @property
    def per_second(self) -> float:
        return self.idle.good / self.idle.seconds

    @property
    def per_cpu_second(self) -> float:
        used = self.connect_cpu_seconds
        return self.idle.good / used if used else math.nan

    def lines(self) -> list[str]:
        came = self.idle
        rates = f"{self.per_second:,.0f} a second, {self.per_cpu_second:,.0f} in a second of CPU"
        sizes = f"{self.before_mb:.0f} MB, then {self.after_mb:.0f} MB"
        return [
            f"{came.good:,} came in {came.seconds:.1f} s, {came.bad} were refused: {rates}",
            f"each takes {self.bytes_each / 1024:.2f} KiB of RSS",
            f"{self.most_open:,} of {self.most:,} open after {self.still_seconds:.0f} s: {sizes}",
        ]


def _crowd(made: Bench, size: Size, say: Say) -> Crowd:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = size.most if size.most is not None else min(18_000, limit - _SPARE_FILES)
    # The ring is a buffer with a bound of its own; here it is small, so that RSS is the sockets'.
    pid, port = made.start_node("crowd", RING_MESSAGES="1000")
    say("tokens are signed")
    first = made.targets("first", range(1_000, 1_200))
    crowd = made.targets("crowd", range(10_000, 10_000 + size.idle))
    rest = made.targets("rest", range(100_000, 100_000 + max(1, most - size.idle)))
    warm = Client(made.binary, port, 200, first)  # what is made once for all is made now
    warm.close()
    time.sleep(size.settle_seconds / 3)
    rss, cpu = _rss(pid), cpu_seconds(pid)
    say(f"{size.idle:,} students come")
    students = Client(made.binary, port, size.idle, crowd)
    connect_cpu = cpu_seconds(pid) - cpu
    say(f"{students.came.good:,} in {students.came.seconds:.1f} s")
    time.sleep(size.settle_seconds)
    bytes_each = (_rss(pid) - rss) / max(1, students.came.good)
    others = Client(made.binary, port, most - size.idle, rest) if most > size.idle else None
    time.sleep(size.settle_seconds)
    before = _rss(pid)
    say(f"{most:,} stay")
    time.sleep(size.still_seconds)
    after, still = _rss(pid), students.report()[1] + (others.report()[1] if others else 0)
    for client in (students, others):
        if client is not None:
            client.close()
    return Crowd(
        students.came,
        connect_cpu,
        bytes_each,
        most,
        still,
        before / 1e6,
        after / 1e6,
        size.still_seconds,
    )


def _rss(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


# telling


def _table(costs: Costs) -> Table:
    table = Table(title="One channel: CPU of the server for one message on one socket")
    for name in ("", "us", "client us", "delivered", "p99 ms"):
        table.add_column(name, justify="left" if not name else "right")
    for (name, kind), cost in costs.items():
        client = cost.client_seconds * _MICRO / max(1, cost.deliveries)
        delivered = f"{cost.deliveries:,} of {cost.wanted:,}"
        worst = f"{max(cost.p99_ms):.1f}"
        table.add_row(f"{name}, {kind}", f"{cost.micros:.2f}", f"{client:.2f}", delivered, worst)
    return table


def _ratio(costs: Costs, kind: str) -> float:
    others = costs["nats-server", kind].micros
    return costs["ours", kind].micros / others if others else math.nan


def _report(others: float, costs: Costs, crowd: Crowd) -> Report:
    facts = {f"{name} {kind} us": round(cost.micros, 3) for (name, kind), cost in costs.items()}
    facts |= {f"ratio {kind}": round(_ratio(costs, kind), 3) for kind in _KINDS}
    facts |= {
        "connects_per_second": round(crowd.per_second),
        "connects_per_cpu_second": crowd.per_cpu_second,
        "bytes_each": round(crowd.bytes_each),
        "most_open": crowd.most_open,
        "mb_before": round(crowd.before_mb, 1),
        "mb_after": round(crowd.after_mb, 1),
    }
    flaws = [
        f"{name}, {kind}: {cost.deliveries} of {cost.wanted} delivered"
        for (name, kind), cost in costs.items()
        if cost.deliveries != cost.wanted
    ]
    if crowd.idle.bad or crowd.most_open != crowd.most:
        flaws.append(f"{crowd.idle.bad} refused, {crowd.most_open} of {crowd.most} still open")
    row = [
        *(
            f"{costs['ours', kind].micros:.2f} / {costs['nats-server', kind].micros:.2f} us"
            f" = {_ratio(costs, kind):.2f}"
            for kind in _KINDS
        ),
        f"{crowd.bytes_each / 1024:.2f} KiB",
        f"{crowd.per_second:,.0f}/s ({crowd.per_cpu_second:,.0f} per CPU-s)",
        f"{crowd.most_open:,}: {crowd.before_mb:.0f} → {crowd.after_mb:.0f} MB",
    ]
    return Report("fanout", others, facts, row, flaws)
