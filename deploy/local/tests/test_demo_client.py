import io
import json
from collections import deque
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from oep_local import demo_sockets, ports
from oep_local.demo_client import Client, DemoFailedError
from oep_local.demo_sockets import LivingSocket, StudentSocket
from oep_local.transcript import Transcript
from rich.console import Console
from websockets.asyncio.server import serve

PATIENCE_SECONDS = 10.0


@pytest.fixture
def transcript():
    return Transcript(Console(file=io.StringIO(), width=100))


class StubGateway:
    """Answers HTTP with the given statuses, in order, and keeps the bodies."""

    def __init__(self, *statuses):
        self.statuses = deque(statuses)
        self.bodies = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                stub.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                status = stub.statuses.popleft()
                answer = json.dumps({"detail": f"answer {status}"}).encode()
                self.send_response(status)
                self.send_header("retry-after", "0")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_may_succeed_later_is_sent_again_with_the_same_body(transcript, status):
    with StubGateway(status, status, 201) as gateway:
        client = Client(gateway.url, transcript, PATIENCE_SECONDS)
        await client.post("/proctoring/events", {"event_id": "one"})
        await client.close()
    assert gateway.bodies == [{"event_id": "one"}] * 3
    assert client.retry_count == 2


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500])
async def test_a_final_answer_is_not_sent_again(transcript, status):
    with StubGateway(status) as gateway:
        client = Client(gateway.url, transcript, PATIENCE_SECONDS)
        assert (await client.call("POST", "/x", body={})).status_code == status
        await client.close()
    assert len(gateway.bodies) == 1


async def test_patience_ends_and_says_what_was_wanted(transcript):
    client = Client(f"http://127.0.0.1:{ports.free_port()}", transcript, 0.1)
    with pytest.raises(DemoFailedError, match="POST /x: ConnectError"):
        await client.post("/x", {})
    await client.close()


class StubRealtime:
    """A socket server that plays one script per connection and keeps what it was told."""

    def __init__(self, *scripts):
        self.scripts = deque(scripts)
        self.queries = []
        self.heard = []
        self.url = ""

    async def handle(self, connection):
        self.queries.append(parse_qs(urlsplit(connection.request.path).query))
        await self.say(connection, type="connected", position={"sequence": 100, "epoch": "e"})
        await self.scripts.popleft()(self, connection)

    async def say(self, connection, **frame):
        await connection.send(json.dumps(frame))

    async def notify(self, connection, sequence, epoch="e"):
        position = {"sequence": sequence, "epoch": epoch}
        await self.say(connection, type="notification", message=str(sequence), position=position)

    async def listen(self, connection):
        frame = json.loads(await connection.recv())
        self.heard.append(frame)
        return frame

    @asynccontextmanager
    async def running(self):
        async with serve(self.handle, "127.0.0.1", 0, subprotocols=["oep.v1"]) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
            yield self


async def cut(_stub, connection):
    connection.transport.abort()


async def stay(_stub, connection):
    await connection.wait_closed()


async def ignore_a_save(stub, connection):
    await stub.listen(connection)
    connection.transport.abort()


def refuse(code):
    async def script(stub, connection):
        frame = await stub.listen(connection)
        reply = {"error_code": code, "message_id": frame["message_id"]}
        await stub.say(connection, type="checkpoint_error", **reply)
        await acknowledge(stub, connection)

    return script


async def acknowledge(stub, connection):
    async for text in connection:
        frame = json.loads(text)
        stub.heard.append(frame)
        await stub.say(connection, type="checkpoint_ack", message_id=frame["message_id"])


@asynccontextmanager
async def student(stub, transcript):
    socket = StudentSocket(
        stub.url, "token", transcript, who="page", patience_seconds=PATIENCE_SECONDS
    )
    await socket.open()
    yield socket
    await socket.close()


async def test_a_save_that_was_cut_off_before_its_ack_is_sent_again_with_the_same_id(transcript):
    async with (
        StubRealtime(ignore_a_save, acknowledge).running() as stub,
        student(stub, transcript) as socket,
    ):
        await socket.save(5, ["text"], 1)
    assert len(stub.heard) == 2
    assert stub.heard[0] == stub.heard[1]


async def test_a_save_that_the_server_never_answers_is_sent_again(transcript, monkeypatch):
    monkeypatch.setattr(demo_sockets, "_ACK_SECONDS", 0.05)

    async def swallow_one(stub, connection):
        await stub.listen(connection)
        await acknowledge(stub, connection)

    async with StubRealtime(swallow_one).running() as stub, student(stub, transcript) as socket:
        await socket.save(5, "text", 1)
    assert len({frame["message_id"] for frame in stub.heard}) == 1


async def test_a_failed_write_is_tried_again_but_a_refused_question_is_not(transcript):
    failing = refuse("CHECKPOINT_SAVE_ERROR")
    async with StubRealtime(failing).running() as stub, student(stub, transcript) as socket:
        await socket.save(5, "text", 1)
    assert socket.resent_count == 1
    strict = refuse("INVALID_QUESTION")
    async with StubRealtime(strict).running() as stub, student(stub, transcript) as socket:
        with pytest.raises(DemoFailedError, match="INVALID_QUESTION"):
            await socket.save(5, "text", 1)


async def test_a_socket_comes_back_from_the_last_position_that_it_saw(transcript):
    async def notify_and_cut(stub, connection):
        await stub.notify(connection, 101)
        await stub.notify(connection, 104)
        await stub.listen(connection)
        connection.transport.abort()

    async def replay(stub, connection):
        await stub.notify(connection, 104)
        await stub.notify(connection, 105)
        await stay(stub, connection)

    async with (
        StubRealtime(notify_and_cut, replay).running() as stub,
        student(stub, transcript) as socket,
    ):
        await socket.until(lambda: socket.position == (104, "e"), "the second notice")
        await socket.send({"type": "go on"})
        await socket.until(lambda: socket.position == (105, "e"), "the replayed notice")
    assert "since" not in stub.queries[0]
    assert (stub.queries[1]["since"], stub.queries[1]["epoch"]) == (["104"], ["e"])
    messages = [frame["message"] for frame in socket.frames if "message" in frame]
    assert messages == ["101", "104", "105"]
    assert socket.repeated_count == 1


async def test_a_resync_restarts_the_position_in_a_new_epoch(transcript):
    async def resync(stub, connection):
        await stub.notify(connection, 101)
        position = {"sequence": 3, "epoch": "new"}
        await stub.say(connection, type="resync", position=position)
        await stub.notify(connection, 4, "new")
        await stay(stub, connection)

    async with StubRealtime(resync).running() as stub, student(stub, transcript) as socket:
        await socket.until(lambda: socket.position == (4, "new"), "the first new notice")
        assert socket.resync_count == 1


async def test_a_socket_that_is_told_to_stay_away_does(transcript):
    async def close(_stub, connection):
        await connection.close(4509, "Attempt is graded")

    async with StubRealtime(close).running() as stub:
        socket = LivingSocket(stub.url, "token", transcript, who="page")
        await socket.open()
        with pytest.raises(DemoFailedError, match="4509 Attempt is graded"):
            await socket.until(lambda: False, "anything")
        assert socket.is_over
        await socket.close()
        assert len(stub.queries) == 1


async def test_a_dropped_socket_stays_offline_until_it_is_opened_again(transcript):
    async with StubRealtime(stay, stay).running() as stub, student(stub, transcript) as socket:
        await socket.drop()
        assert len(stub.queries) == 1
        await socket.open()
        assert socket.connected_count == 2
