"""The stand-in's HTTP: discovery, objects, patches and watches, on a free port of this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contract.kubernetes.standin import controllers, kinds, patches
from contract.kubernetes.standin.store import Object, Refused, Store

WATCH_SECONDS = 60.0
STATED = {
    "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": kinds.groups(),
    "/openapi/v3": kinds.openapi_index(),
}


class Server(ThreadingHTTPServer):
    """One cluster; `store` is what it holds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = Store(controllers.react)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection of `kubectl`."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(lambda _, query: (201, self._store.create(self._body(), is_dry=dry(query))))

    def do_PATCH(self) -> None:
        self._answered(self._patch)

    def do_DELETE(self) -> None:
        self._answered(self._delete)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    @property
    def _store(self) -> Store:
        return self.server.store

    def _answered(self, deed: Any) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        try:
            said = deed(address.path.rstrip("/"), query)
        except Refused as refused:
            self._read()
            failure = {"reason": refused.reason, "message": str(refused), "code": refused.status}
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", **failure}
            said = (refused.status, status)
        if said is not None:
            self._write(*said)

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if path in STATED:
            return 200, STATED[path]
        if path.startswith("/openapi/v3/"):
            return 200, kinds.openapi(path.removeprefix("/openapi/v3/"))
        for each in kinds.GROUP_VERSIONS:
            if path in {f"/api/{each}", f"/apis/{each}"}:
                return 200, kinds.resources(each)
        kind, namespace, name = self._target(path)
        if name:
            return 200, self._store.get(kind, namespace, name)
        if query.get("watch"):
            return self._watch(kind, namespace, query)
        found = [o for o in self._store.all(kind.name, namespace) if is_wanted(o, query)]
        return 200, {
            "kind": f"{kind.name}List",
            "apiVersion": kind.group_version,
            "metadata": {"resourceVersion": self._store.version},
            "items": found,
        }

    def _watch(self, kind: kinds.Kind, namespace: str, query: dict[str, str]) -> None:
        if query.get("sendInitialEvents"):
            raise Refused(422, "Invalid", "sendInitialEvents: this server lists first")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        since = int(query.get("resourceVersion") or 0)
        seconds = min(float(query.get("timeoutSeconds", WATCH_SECONDS)), WATCH_SECONDS)
        try:
            for _, what, each in self._store.changes(kind, since, seconds):
                if namespace in {"", each["metadata"].get("namespace")} and is_wanted(each, query):
                    self._chunk(json.dumps({"type": what, "object": each}).encode() + b"\n")
            self._chunk(b"")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _patch(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        before = self._store.get(*self._target(path))
        sort = self.headers["Content-Type"].partition(";")[0]
        after = patches.patched(before, self._body(), sort)
        return 200, self._store.replace(after, is_dry=dry(query))

    def _delete(self, path: str, _: dict[str, str]) -> tuple[int, Any]:
        self._read()
        return 200, self._store.delete(*self._target(path))

    def _target(self, path: str) -> tuple[kinds.Kind, str, str]:
        """Return the kind, namespace and name that a path is about; raises Refused (404)."""
        for kind in kinds.KINDS:
            rest = path.removeprefix(f"/{kind.root}/")
            if rest == path:
                continue
            words, namespace = rest.split("/"), ""
            if kind.is_namespaced and words[0] == "namespaces" and len(words) > 2:
                namespace, words = words[1], words[2:]
            if words[0] == kind.plural and len(words) <= 2:
                return kind, namespace, words[1] if len(words) == 2 else ""
        raise Refused(404, "NotFound", f"the server could not find {path}")

    def _body(self) -> Any:
        return json.loads(self._read())

    def _read(self) -> bytes:
        """Read what was sent, once."""
        length = int(self.headers.get("Content-Length") or 0)
        self.headers.replace_header("Content-Length", "0") if length else None
        return self.rfile.read(length)

    def _write(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def dry(query: dict[str, str]) -> bool:
    return query.get("dryRun") == "All"


def is_wanted(each: Object, query: dict[str, str]) -> bool:
    """Whether an object has the labels and the name that were asked for."""
    metadata = each["metadata"]
    labels = metadata.get("labels", {})
    for part in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = part.partition("=")
        if labels.get(name) != value:
            return False
    _, _, wanted = query.get("fieldSelector", "").partition("metadata.name=")
    return wanted in {"", metadata["name"]}


@contextmanager
def cluster() -> Iterator[Server]:
    """Serve an empty cluster until the block ends."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, name="kubernetes-standin")
    thread.start()
    try:
        yield server
    finally:
        server.store.close()
        server.shutdown()
        server.server_close()
        thread.join()
