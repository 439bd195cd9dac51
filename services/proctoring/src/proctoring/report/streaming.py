"""Files that are written while they are read: a page of rows, its text, the next page.

A page is read in a transaction of its own on a database thread, so that nothing of the database is
held while a slow client takes what was written; what changes meanwhile may be in a later page. One
page is in memory at a time. When a page cannot be read the stream breaks off, which a client sees;
the first page is read before anything is answered, so that trouble that is there already is told
in words. A client that leaves ends it at the next page.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from chassis.errors import Failure
from fastapi.responses import StreamingResponse

from proctoring.report import sheet

T = TypeVar("T")


class BrokenOff(RuntimeError):
    """A file that has begun cannot go on; the connection is cut, so that a client sees it."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows, and behind which place the next ones are; None at the end."""

    rows: Sequence[T]
    after: int | None


Fetch = Callable[[int], Awaitable[Page[T]]]


async def as_csv(
    name: str,
    header: Sequence[str],
    fetch: Fetch[T],
    cells: Callable[[T], Sequence[Any]],
    *,
    bom: bool,
) -> StreamingResponse:
    """Answer with a CSV file of all rows."""
    first = await fetch(0)

    async def text() -> AsyncIterator[bytes]:
        yield ((sheet.BOM if bom else "") + sheet.lines([header])).encode()
        async for rows in _pages(first, fetch):
            yield sheet.lines(cells(row) for row in rows).encode()

    return _file(name, "csv", text(), "text/csv; charset=utf-8")


async def as_json(name: str, report: msgspec.Struct, fetch: Fetch[Any]) -> StreamingResponse:
    """Answer with a JSON file: `report`, whose last field is an empty list, and in it all rows."""
    first = await fetch(0)
    head = msgspec.json.encode(report)
    assert head.endswith(b"[]}")  # noqa: S101  # what the docstring asks for

    async def text() -> AsyncIterator[bytes]:
        yield head[:-2]
        comma = b""
        async for rows in _pages(first, fetch):
            if rows:
                yield comma + msgspec.json.encode(rows)[1:-1]
                comma = b","
        yield b"]}"

    return _file(name, "json", text(), "application/json")


async def _pages(page: Page[T], fetch: Fetch[T]) -> AsyncIterator[Sequence[T]]:
    yield page.rows
    while page.after is not None:
        try:
            page = await fetch(page.after)
        except Failure as failure:
            raise BrokenOff(failure.slug) from None  # words would only spoil the file
        yield page.rows


def _file(name: str, ending: str, text: AsyncIterator[bytes], media_type: str) -> StreamingResponse:
    return StreamingResponse(text, media_type=media_type, headers=saved_as(f"{name}.{ending}"))


def saved_as(name: str) -> dict[str, str]:
    """Return the headers of a file that is saved under `name` and kept by no cache."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
