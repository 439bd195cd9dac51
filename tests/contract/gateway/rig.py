"""A gateway for tests: the real Envoy binary in front of small stub services on free ports."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import envoy
import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

GATEWAY = Path(__file__).parents[3] / "deploy" / "gateway"
PATIENCE_SECONDS = 20.0


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"not within {PATIENCE_SECONDS} s: {what}")


@dataclass
class Signer:
    """Stands for auth's key ring: one Ed25519 key, its JWKS and tokens made with it."""

    kid: str = "key-1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def jwks(self) -> dict[str, Any]:
        public = json.loads(OKPAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "alg": "EdDSA", "use": "sig"}]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        plain = {"sub": "7", "roles": ["student"], "jti": "a", "typ": "access", "iss": "oep"}
        return {**plain, "iat": now, "exp": now + 600, **changes}

    def token(self, kid: str | None = None, **changes: Any) -> str:
        headers = {"kid": kid or self.kid}
        return jwt.encode(self.claims(**changes), self.key, algorithm="EdDSA", headers=headers)


class Stub:
    """A service that tells what reached it, in the way that the request asks for.

    `X-Stub-Status` is the answer's status, `X-Stub-Say-Name` a header of it. It answers
    while it is `free`.
    """

    def __init__(self, name: str, jwks: dict[str, Any] | None = None, port: int = 0) -> None:
        self.name = name
        self.jwks = jwks
        self.seen: list[tuple[str, str]] = []
        """Path and request id of everything that reached it."""
        self.free = threading.Event()
        self.free.set()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            log_level="warning",
            ws="websockets-sansio",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        wait_for(lambda: self._server.started, f"stub {name} listens")

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(PATIENCE_SECONDS)
        self._socket.close()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        ids = [value for name, value in scope["headers"] if name == b"x-request-id"]
        if ids:  # else it is the gateway itself that asks
            self.seen.append((scope["path"], ids[0].decode()))
        if scope["type"] == "websocket":
            await self._talk(WebSocket(scope, receive, send))
        else:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path == "/.well-known/jwks.json" and self.jwks:
            return JSONResponse(self.jwks)
        if path == "/api/v1/exams":  # as FastAPI does for a path declared with a slash
            return RedirectResponse(request.url.replace(path=path + "/"))
        await asyncio.to_thread(self.free.wait, PATIENCE_SECONDS)
        status = int(request.headers.get("x-stub-status", "200"))
        body = await request.body()
        seen = {"upstream": self.name, "method": request.method, "path": path}
        seen |= {"headers": dict(request.headers), "bytes": len(body), "query": request.url.query}
        said = {
            "Server": "stub",
            "Retry-After": "9",
            "X-Request-ID": request.headers.get("x-request-id", ""),
        }
        prefix = "x-stub-say-"
        said |= {
            name.removeprefix(prefix): value
            for name, value in request.headers.items()
            if name.startswith(prefix)
        }
        return JSONResponse(seen, status, said)

    async def _talk(self, websocket: WebSocket) -> None:
        if websocket.url.path.endswith("/refused"):
            await websocket.close()
            return
        offered = websocket.scope["subprotocols"]
        await websocket.accept(offered[0] if offered else None)
        await websocket.send_json({"upstream": self.name, "query": websocket.url.query})
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if message["text"] == "too slow":
                await websocket.close(4008, "reader too slow")
                return
            await websocket.send_text(f"heard {message['text']}")


class Envoy:
    """The real binary with the generated configuration; its log lines can be read."""

    def __init__(self, folder: Path, upstreams: dict[str, list[int]], *more: str) -> None:
        config, address = folder / "envoy.yaml", folder / "admin"
        self._log, self._errors = folder / "access.log", folder / "envoy.log"
        config.write_text(generate(upstreams, *more))
        with self._log.open("wb") as out, self._errors.open("wb") as err:
            self._process = subprocess.Popen(
                [
                    *(envoy_binary(), "-c", str(config), "--concurrency", "1"),
                    *("--admin-address-path", str(address), "--disable-hot-restart"),
                    *("--file-flush-interval-msec", "20", "--log-level", "warning"),
                ],
                stdout=out,
                stderr=err,
            )
        try:
            self._become_ready(address)
        except BaseException:
            self._end()
            raise

    def _become_ready(self, address: Path) -> None:
        wait_for(lambda: address.exists() and address.read_text(), "Envoy has an admin address")
        self.admin = httpx.Client(base_url=f"http://{address.read_text()}")
        wait_for(lambda: self.admin.get("/ready").status_code == 200, "Envoy is live")
        listeners = self.admin.get("/listeners", params={"format": "json"}).json()
        address_of = listeners["listener_statuses"][0]["local_address"]["socket_address"]
        self.port = address_of["port_value"]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=15)

    def stop(self) -> None:
        self.http.close()
        self.admin.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)

    def stat(self, name: str) -> int:
        text = self.admin.get("/stats", params={"filter": f"^{name}$"}).text
        return int(text.rpartition(":")[2] or 0)

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def everything_logged(self) -> str:
        return self._log.read_text() + self._errors.read_text()


def envoy_binary() -> str:
    return str(Path(envoy.__file__).parent / "_bin" / "envoy")


def generate(upstreams: dict[str, list[int]], *more: str) -> str:
    addresses = {
        name: ",".join(f"127.0.0.1:{p}" for p in ports) for name, ports in upstreams.items()
    }
    arguments = [f"--upstream={name}={address}" for name, address in addresses.items()]
    arguments += ["--host=127.0.0.1", "--port=0", "--admin-port=0"]
    arguments += [f"--openapi={GATEWAY / 'openapi.json'}", f"--docs={GATEWAY / 'docs.html'}"]
    command = [sys.executable, str(GATEWAY / "generate.py"), *arguments, *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Rig:
    """A gateway and the stubs behind it."""

    signer: Signer
    stubs: dict[str, list[Stub]]
    envoy: Envoy

    @property
    def http(self) -> httpx.Client:
        return self.envoy.http

    def stop(self) -> None:
        self.envoy.stop()
        for stub in self.all_stubs():
            stub.stop()

    def came_through(self) -> list[tuple[str, str]]:
        """Return path and request id of everything that reached a stub."""
        return [one for stub in self.all_stubs() for one in stub.seen]

    def was_seen(self) -> list[tuple[str, str]]:
        """Return path and request id of everything that the gateway has logged."""
        return [(line["path"], line["request_id"]) for line in self.envoy.log_lines()]

    def all_stubs(self) -> list[Stub]:
        return [stub for replicas in self.stubs.values() for stub in replicas]

    def bearer(self, token: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.signer.token()}"}

    def knows_keys(self) -> None:
        stat = "http.public.jwt_authn.jwks_fetch_success"
        wait_for(lambda: self.envoy.stat(stat), "keys are fetched")


def stubbed(folder: Path, *more: str, auth_is_up: bool = True, **replicas: int) -> Rig:
    signer = Signer()
    stubs = {
        name: [Stub(name, signer.jwks()) for _ in range(replicas.get(name, 1))]
        for name in ("auth", "attempts", "proctoring", "realtime", "web")
    }
    if not auth_is_up:
        stubs["auth"][0].stop()
    ports = {name: [stub.port for stub in many] for name, many in stubs.items()}
    return Rig(signer, stubs, Envoy(folder, ports, *more))
