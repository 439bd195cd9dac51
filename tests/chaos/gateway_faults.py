"""What is done to the gateway (14): other addresses ten times under open sockets, then its end."""

import asyncio
import time

from load.figures import percentile

from chaos import gateway
from chaos.acts import back, until
from chaos.fault import Fault
from chaos.node_faults import all_are_back
from chaos.run import Run

_TIMES = 10
_GONE_SECONDS = 120.0
_SILENCE = frozenset({0, 503})
"""What a client sees of a gateway that is away: nothing, or a line that breaks."""


async def change_and_kill_the_gateway(run: Run) -> None:
    last = ("realtime", run.platform.layout.count("realtime"))
    times = 2 if run.size.is_short else _TIMES
    async with run.window():
        began = time.time()
        for _ in range(times // 2):
            async with gateway.without(run, *last):
                pass
        answers = run.answers_between(began, time.time())
    refused = sum(not 200 <= status < 300 for _, status in answers)  # 2xx
    closes = run.boards_saw.closes + run.sitters_saw.closes
    run.words.append(
        f"changed {times} times: {closes.total()} sockets closed, {refused} of {len(answers)} "
        "posts refused"
    )
    if closes:
        run.flaw(f"sockets were closed by a change: {dict(closes)}")
    if refused:
        run.flaw(f"{refused} posts were refused while the gateway was changed")
    async with run.window():
        await asyncio.to_thread(run.platform.kill, "gateway")
        await back(run, "gateway")
        await until(lambda: all_are_back(run), _GONE_SECONDS)
    p99 = percentile(sorted(run.sitters_saw.came_back + run.boards_saw.came_back), 99)
    run.words.append(f"killed: everybody was back, p99 {p99:.1f} s")


GATEWAY_FAULTS = (
    Fault(
        14,
        "the gateway changed, then killed",
        change_and_kill_the_gateway,
        _SILENCE,
        10,
        has_boards=True,
        sockets=1_000,
    ),
)
