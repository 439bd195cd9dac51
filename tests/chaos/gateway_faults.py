"""What is done to the gateway (14): other addresses ten times under open sockets, then its end."""

import asyncio
import dataclasses
import json
import time
import urllib.request

from load.figures import percentile
from oep_local.layout import Layout

from chaos.acts import back, until
from chaos.fault import Fault
from chaos.node_faults import all_are_back
from chaos.run import Run

_TIMES = 10
_KNOWN_SECONDS = 20.0
_GONE_SECONDS = 120.0
_SILENCE = frozenset({0, 503})
"""What a client sees of a gateway that is away: nothing, or a line that breaks."""


async def change_and_kill_the_gateway(run: Run) -> None:
    layout = run.platform.layout
    nodes = layout.count("realtime")
    fewer = dataclasses.replace(layout, replicas={**layout.replicas, "realtime": nodes - 1})
    times = 2 if run.size.is_short else _TIMES
    async with run.window():
        began = time.time()
        for _ in range(times // 2):
            await _changed(run, fewer, nodes - 1)
            await _changed(run, layout, nodes)
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


async def _changed(run: Run, layout: Layout, nodes: int) -> None:
    """Write the addresses and wait until the gateway goes by them."""
    await asyncio.to_thread(layout.write_gateway_config)

    async def is_known() -> bool:
        return await asyncio.to_thread(_nodes, run) == nodes

    if not await until(is_known, _KNOWN_SECONDS):
        run.flaw(f"the gateway did not take the addresses of {nodes} nodes")


def _nodes(run: Run) -> int:
    """Return how many nodes of realtime the gateway knows. Blocking."""
    url = f"http://127.0.0.1:{run.rig.port('gateway_admin')}/clusters?format=json"
    with urllib.request.urlopen(url, timeout=5) as answer:
        clusters = json.load(answer)["cluster_statuses"]
    [realtime] = [each for each in clusters if each["name"] == "realtime"]
    return len(realtime["host_statuses"])


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
