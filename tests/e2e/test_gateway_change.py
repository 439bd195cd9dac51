"""The runner's gateway takes other addresses while sockets are open (ADR 54)."""

import asyncio
import dataclasses

import httpx
from chassis.waiting import eventually


async def test_a_node_leaves_the_gateway_and_comes_back_and_no_socket_is_closed(
    platform, student, proctor
):
    layout = platform.layout
    fewer = dataclasses.replace(layout, replicas={**layout.replicas, "realtime": 1})
    admin = f"http://127.0.0.1:{layout.ports.of('gateway_admin')}/clusters?format=json"
    path = f"exams/{student.exam_id}/monitor"

    async def known() -> int:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            clusters = (await http.get(admin)).json()["cluster_statuses"]
        [realtime] = [each for each in clusters if each["name"] == "realtime"]
        return len(realtime["host_statuses"])

    async def has(nodes: int) -> None:
        async def is_so() -> bool:
            return await known() == nodes

        await eventually(is_so, 20, every=0.1)

    async with proctor.socket(path) as one, proctor.socket(path) as two:
        try:
            await asyncio.to_thread(fewer.write_gateway_config)
            await has(1)
        finally:
            await asyncio.to_thread(layout.write_gateway_config)
        await has(2)
        event = student.event("tab_switch")
        (await student.report(event)).raise_for_status()
        for board in (one, two):
            await board.until(
                lambda f: (
                    f["type"] == "delta"
                    and f["kind"] == "event"
                    and f["data"]["event"]["event_id"] == event["event_id"]
                )
            )
            assert board.close_code is None
