"""The line to a board against a real WebSocket server that breaks it in every way."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from oep_local import board_line
from oep_local.board_line import Line, Lost, SentAway
from oep_local.exits import Exit
from websockets.asyncio.server import serve

CONNECTED = {"type": "connected"}


class Server:
    """Plays one scene for each connection, and notes what was asked for."""

    def __init__(self, *scenes):
        self.scenes = list(scenes)
        self.asked = []
        self.tokens = []

    async def __call__(self, socket):
        self.asked.append(parse_qs(urlsplit(socket.request.path).query))
        first = json.loads(await socket.recv())
        assert first["type"] == "auth"
        self.tokens.append(first["token"])
        frames, code = self.scenes.pop(0)
        for frame in frames:
            await socket.send(json.dumps(frame))
        if code is None:
            socket.transport.abort()
        else:
            await socket.close(code, f"reason {code}")

    @asynccontextmanager
    async def open(self):
        async with serve(self, "127.0.0.1", 0, subprotocols=["oep.v1"]) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(board_line, "_FIRST_PAUSE_SECONDS", 0.001)


def tokens():
    numbers = iter(range(1, 100))
    return lambda: f"token {next(numbers)}"


async def heard(line, count):
    found = []
    async with asyncio.timeout(10), aclosing(line.listen()) as said:
        async for each in said:
            found.append(each)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize(("code", "words"), [(4000, "4000"), (4008, "4008"), (None, "broke")])
async def test_it_comes_back_with_the_same_token_and_where_it_was(code, words):
    server = Server(([CONNECTED], code), ([CONNECTED], 4000))
    place = [None]
    async with server.open() as url:
        line = Line(url, 7, tokens(), lambda: place[0])
        async with asyncio.timeout(10), aclosing(line.listen()) as said:
            assert await anext(said) == CONNECTED
            lost = await anext(said)
            place[0] = (5, "e")
            assert await anext(said) == CONNECTED
    assert isinstance(lost, Lost)
    assert words in lost.reason
    assert server.asked == [{}, {"since": ["5"], "epoch": ["e"]}]
    assert server.tokens == ["token 1", "token 1"]


async def test_a_token_that_counts_no_more_is_replaced_once():
    server = Server(([CONNECTED], 4501), ([CONNECTED], 4000))
    async with server.open() as url:
        found = await heard(Line(url, 7, tokens(), lambda: None), 2)
    assert found == [CONNECTED, CONNECTED]
    assert server.tokens == ["token 1", "token 2"]


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        (4501, Exit.REFUSED),
        (4503, Exit.REFUSED),
        (4504, Exit.NOT_FOUND),
        (4500, Exit.FAILED),
        (4999, Exit.FAILED),
    ],
)
async def test_who_is_sent_away_stays_away(code, exit_code):
    server = Server(([], code))
    async with server.open() as url:
        with pytest.raises(SentAway) as away:
            await heard(Line(url, 7, tokens(), lambda: None), 1)
    assert away.value.code is exit_code
    assert len(server.asked) == 1


async def test_pauses_grow_while_nobody_answers_and_are_short_again_afterwards(monkeypatch):
    monkeypatch.setattr(board_line, "_LONGEST_PAUSE_SECONDS", 0.008)
    found = await heard(Line("http://127.0.0.1:1", 7, tokens(), lambda: None), 6)
    pauses = [each.again_in_seconds for each in found]
    assert pauses[0] <= 0.001
    assert 0.004 <= pauses[-1] <= 0.008
    line = Line("http://127.0.0.1:1", 7, tokens(), lambda: None)
    line._pause_seconds = 5.0
    line._read(json.dumps(CONNECTED))
    assert line._next_pause() <= 0.001


@pytest.mark.parametrize(("status", "is_final"), [(404, True), (429, False), (503, False)])
async def test_a_refused_handshake_is_final_only_when_asking_again_helps_nobody(status, is_final):
    def refuse(connection, _request):
        return connection.respond(status, "no\n")

    async with serve(lambda _: None, "127.0.0.1", 0, process_request=refuse) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        line = Line(url, 7, tokens(), lambda: None)
        if is_final:
            with pytest.raises(SentAway, match=str(status)):
                await heard(line, 1)
        else:
            (lost,) = await heard(line, 1)
            assert str(status) in lost.reason
