"""What students post at fixed times, whatever the server does: events, batches of them, saves."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle

from load import client
from load.bench_boards import stride
from load.bench_events import MANY, ONE, event_body, statuses
from load.bench_save import Sent, savers
from load.client import Answer, Due, Line, Run
from load.day.book import Book
from load.world import World

_CREATED = 201

Stored = Callable[[int, list[str]], None]
"""Takes an attempt and the ids of its events that were acknowledged."""


def events(
    attempts: Mapping[int, str],
    lines: Sequence[Line],
    run: Run,
    stored: Stored,
    per_second: float,
    seconds: float,
    batch: int = 1,
) -> Iterator[Due]:
    """Yield requests of `batch` events each, evenly spread over time and attempts.

    `attempts` has the token of each one's student; `run` counts requests.
    """
    everyone, step = list(attempts.items()), stride(len(attempts))
    path = ONE if batch == 1 else MANY
    for number in range(round(per_second / batch * seconds)):
        attempt_id, token = everyone[number * step % len(everyone)]
        ids = [str(uuid.uuid4()) for _ in range(batch)]
        bodies = [event_body(attempt_id, one) for one in ids]
        body = bodies[0] if batch == 1 else b'{"events":[%b]}' % b",".join(bodies)
        request = client.with_body(client.request_head("POST", path, token), body)
        took = partial(_took_events, run, stored, attempt_id, ids)
        yield Due(number * batch / per_second, lines[number % len(lines)], request, took)


def _took_events(run: Run, stored: Stored, attempt_id: int, ids: list[str], answer: Answer) -> None:
    run.note(answer)
    if not answer.is_good:
        return
    if len(ids) > 1:
        said = zip(ids, statuses(answer), strict=True)
        ids = [one for one, status in said if status == _CREATED]
    stored(attempt_id, ids)


def saves(
    world: World,
    tokens: Mapping[int, str],
    lines: Sequence[Line],
    run: Run,
    book: Book | None,
    per_second: float,
    seconds: float,
) -> Iterator[Due]:
    """Yield saves, evenly spread over time and students; without a book nothing is noted.

    A student has one line, so that his saves arrive in their order.
    """
    numbers = cycle([0]) if book is None else book.numbers
    everyone = savers(world, tokens, None, numbers)
    step = stride(len(everyone))
    for number in range(round(per_second * seconds)):
        place = number * step % len(everyone)
        request, sent = everyone[place].wish()
        took = partial(_took_save, run, book, sent)
        yield Due(number / per_second, lines[place % len(lines)], request, took)


def _took_save(run: Run, book: Book | None, sent: Sent, answer: Answer) -> None:
    run.note(answer)
    if answer.is_good and book is not None:
        book.saves.saved(*sent)


def nowhere(_: int, __: list[str]) -> None:
    """Take events that a twin has stored: nobody looks for them."""
