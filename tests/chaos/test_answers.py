"""What was promised of answers can be found lost; a line that is rough is so. Needs no platform."""

import asyncio
import contextlib

import pytest

from chaos.answers import Saves
from chaos.mass_faults import Paper, _misjudged
from chaos.rough_line import RoughLine, Weather

KEY = (41, 7)
END = 1_000.0


def saved(saves, text, status):
    saves.leaves(KEY, text)
    saves.took(KEY, text, status)


@pytest.mark.parametrize("stored", [{}, {KEY: "one"}, {KEY: "another's"}])
def test_an_answer_that_is_not_the_last_promised_is_found_out(stored):
    saves = Saves()
    saved(saves, "one", 200)
    saved(saves, "two", 200)
    assert len(saves.flaws(stored)) == 1
    assert saves.flaws({KEY: "two"}) == []


@pytest.mark.parametrize("status", [0, 503, 504])
def test_only_a_save_of_unknown_end_may_replace_a_promised_one(status):
    saves = Saves()
    saved(saves, "late", status)
    saved(saves, "refused", 400)
    saved(saves, "promised", 200)
    saves.leaves(KEY, "under way")
    for text, late in (("late", 1), ("under way", 1), ("promised", 0)):
        assert (saves.flaws({KEY: text}), saves.late({KEY: text})) == ([], late)
    assert saves.flaws({KEY: "refused"})
    assert saves.flaws({KEY: "the hall's"}, {"the hall's"}) == []


def paper(saved_at, save_status, submitted_at=None, submit_status=200):
    return Paper(
        41,
        "token",
        is_late=False,
        saved_at=saved_at,
        save_status=save_status,
        submitted_at=submitted_at or saved_at,
        submit_status=submit_status,
    )


@pytest.mark.parametrize(
    ("judged", "status", "flaw"),
    [
        (paper(END - 1, 200), "graded", ""),
        (paper(END + 1, 400), "submitted", ""),
        (paper(END - 0.1, 400, END + 0.1), "graded", ""),
        (paper(END - 1, 400), "graded", "refused an answer 1.0 s early: 400"),
        (paper(END + 1, 200), "graded", "took an answer 1.0 s after its end: 200"),
        (paper(END - 1, 200, submit_status=503), "expired", "was submitted -1.0 s: 503"),
        (paper(END - 1, 200), "in_progress", "was submitted and is in_progress"),
    ],
)
def test_what_a_clock_decides_wrongly_at_the_bell_is_found_out(judged, status, flaw):
    assert _misjudged(judged, status, END) == flaw


@pytest.fixture
async def echo():
    """A server that gives back what it gets; returns its port and everything that it got."""
    got = bytearray()

    async def answer(reader, writer):
        while data := await reader.read(1024):
            got.extend(data)
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], got
    server.close()
    await server.wait_closed()


@contextlib.asynccontextmanager
async def through(port, weather):
    async with RoughLine(port, weather).serving() as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_a_late_line_passes_everything_in_its_order(echo):
    weather = Weather(delay_seconds=(0.0, 0.05), reset_share=0.0, is_rough=True)
    sent = [b"%03d" % number for number in range(40)]
    async with through(echo[0], weather) as (reader, writer), asyncio.timeout(20):
        for piece in sent:
            writer.write(piece)
            await writer.drain()
        assert await reader.readexactly(120) == b"".join(sent)


async def test_a_line_that_breaks_takes_its_connection_with_it(echo):
    weather = Weather(reset_share=1.0, is_rough=True)
    async with through(echo[0], weather) as (reader, writer), asyncio.timeout(20):
        writer.write(b"x")
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
    assert weather.resets == 1
    assert not echo[1]


async def test_what_waits_in_a_silent_line_arrives_though_nobody_waits_for_it(echo):
    weather = Weather()
    async with through(echo[0], weather) as (reader, writer), asyncio.timeout(20):
        hole = asyncio.create_task(weather.hole(0.2))
        await asyncio.sleep(0)  # the hole begins
        writer.write(b"late")
        writer.write_eof()
        assert not echo[1]
        await hole
        assert await reader.read() == b"late"
    assert bytes(echo[1]) == b"late"


async def test_a_half_open_connection_says_nothing_of_the_clients_end(echo, monkeypatch):
    monkeypatch.setattr("chaos.rough_line._HALF_OPEN_SHARE", 1.0)
    weather = Weather(is_rough=True)
    async with through(echo[0], weather) as (reader, writer), asyncio.timeout(20):
        writer.write(b"lost")
        writer.write_eof()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
    assert weather.half_open == 1
    assert not echo[1]
