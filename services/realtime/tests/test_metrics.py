"""What operators can see of a node: /metrics as they read it."""

import re
import resource

import httpx
import pytest
from chassis.waiting import eventually
from realtime import closing, node
from realtime.settings import RealtimeSettings

WANTED = {
    "connections": r'oep_connections\{kind="attempt"\}',
    "joins": r'oep_joins_total\{kind="attempt"\}',
    "replays from the ring": r'oep_replays_total\{source="ring"\}',
    "replays from the stream": r'oep_replays_total\{source="stream"\}',
    "resyncs": r'oep_replays_total\{source="resync"\}',
    "reader lag": "oep_reader_lag_seconds_count",
    "bytes queued": "oep_queued_bytes",
    "closes by code": r'oep_closes_total\{code="4501"\}',
    "loop lag": "oep_loop_lag_seconds_count",
    "lines": "oep_lines",
}


@pytest.fixture
def read(world):
    async def read():
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://127.0.0.1:{world.port}/metrics")).text
        found = {}
        for name, pattern in WANTED.items():
            values = re.findall(rf"^{pattern} (\S+)$", text, re.MULTILINE)
            found[name] = float(values[0]) if values else 0.0
        return found

    return read


async def test_a_node_says_for_how_many_sockets_it_has_room(world, monkeypatch):
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://127.0.0.1:{world.port}/metrics")).text
    [said] = re.findall(r"^oep_connections_planned (\S+)$", text, re.MULTILINE)
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < float(said) <= min(15_000, open_files)
    settings = RealtimeSettings.model_construct(planned_connections=15_000)
    for files, room in [(65_536, 15_000), (1_024, 824), (100, 1), (resource.RLIM_INFINITY, 15_000)]:
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert node._planned(settings) == room


async def test_what_a_node_does_is_counted(world, read):
    before = await read()
    attempt, login = world.attempt(), "a-login"
    client = await world.student(
        attempt, token=world.tokens.token(attempt.student_id, login_id=login)
    )
    position = client.hello["position"]
    await world.say_saved(attempt)
    await client.frame("notification")
    await world.student(attempt, since=position["sequence"], epoch=position["epoch"])
    await world.student(attempt, since=1, epoch="another")
    now = await read()
    grown = {name: now[name] - before[name] for name in WANTED}
    assert grown["connections"] == grown["joins"] == 3
    assert (grown["replays from the ring"], grown["resyncs"]) == (1, 1)
    assert grown["reader lag"] > 0
    assert now["lines"] == 1
    world.node.hub.close_revoked(login, None, closing.REVOKED)
    assert (await client.closed())[0] == 4501

    async def is_told():
        now = await read()
        return now["closes by code"] > before["closes by code"] and now["loop lag"] > 0

    await eventually(is_told)


async def test_bytes_that_wait_are_added_up(world, read):
    client = await world.student(world.attempt())
    assert client.hello["type"] == "connected"
    [connection] = world.node.hub

    async def is_told():
        connection.queued_bytes = 4_321  # whatever was sent meanwhile has made it zero
        return (await read())["bytes queued"] == 4_321

    await eventually(is_told, seconds=10)
