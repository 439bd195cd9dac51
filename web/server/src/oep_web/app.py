"""What is answered to a path below `/app`: a built file, or the page that shows the path.

The files are those that Vite made. Their names hold a sum of their content, so a browser keeps
them for ever; the two pages are asked for again each time, and so a release is seen at once.
"""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]

PAGES = {"student": "index.html", "staff": "staff/index.html"}

# A page runs only what came with it and talks only to where it came from (and, for sockets in
# browsers that do not count them as 'self', to the same host). Style sheets that its library of
# controls makes bear the number of this one answer.
POLICY = (
    "default-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self' {sockets};"
    " img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
# The worker asks for the page and its files, and does nothing else.
WORKERS_POLICY = "default-src 'none'; connect-src 'self'"
NONCE = "%NONCE%"
TRACE = "%TRACE%"
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), fullscreen=(self), microphone=(), geolocation=()",
}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class PagesMissing(Exception):
    """The folder does not hold the built pages; the text says how to build them."""


def create_app(folder: Path, *, trace: bool = False) -> Starlette:
    """Return the server of the pages that were built into `folder`; raises PagesMissing.

    With `trace` the pages ask for a trace of each of their requests (ADR 46).
    """
    missing = [name for name in PAGES.values() if not (folder / name).is_file()]
    if missing:
        raise PagesMissing(f"{folder} holds no {' and no '.join(missing)}: run `make web` first")
    assets = StaticFiles(directory=folder / "assets")
    return Starlette(
        routes=[
            Route("/health/live", _healthy),
            Route("/health/ready", _healthy),
            Route("/app", lambda _: RedirectResponse("/app/", 308)),
            Mount("/app/assets", _with(assets, {"cache-control": FOR_EVER})),
            Route("/app/worker.js", _worker(folder / "worker.js")),
            Route("/app/staff{rest:path}", _page(folder / PAGES["staff"], trace=trace)),
            Route("/app/{rest:path}", _page(folder / PAGES["student"], trace=trace)),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=500, compresslevel=6)],
    )


def _page(file: Path, *, trace: bool) -> Endpoint:
    text = file.read_text().replace(TRACE, "on" if trace else "off")

    async def page(request: Request) -> Response:
        host = request.headers.get("host", "")
        sockets = f"ws://{host} wss://{host}" if _is_plain(host) else ""
        nonce = secrets.token_urlsafe(16)
        policy = POLICY.format(sockets=sockets, nonce=nonce)
        headers = {"content-security-policy": policy, "cache-control": ASK_AGAIN, **HEADERS}
        return HTMLResponse(text.replace(NONCE, nonce), headers=headers)

    return page


def _worker(file: Path) -> Callable[[Request], Response]:
    """Hand out what keeps the student's page for a reload without a line (ADR 41)."""
    headers = {"content-security-policy": WORKERS_POLICY, "cache-control": ASK_AGAIN, **HEADERS}

    def worker(_: Request) -> Response:
        if not file.is_file():
            return PlainTextResponse("Not Found", 404)
        return FileResponse(file, headers=headers, media_type="text/javascript")

    return worker


def _is_plain(host: str) -> bool:
    """Whether the Host header is a name and a port, fit to stand in another header."""
    return bool(host) and all(c.isalnum() or c in ".-:[]" for c in host)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")


def _with(app: ASGIApp, headers: dict[str, str]) -> ASGIApp:
    """Return `app` with headers on each of its answers that has a body to keep."""
    raw = [(k.encode(), v.encode()) for k, v in ({**HEADERS, **headers}).items()]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                message["headers"] = [*message["headers"], *raw]
            await send(message)

        await app(scope, receive, add)

    return wrapped
