# ruff: noqa: INP001  # the site's hook loads it by its path
"""Writes the reference from the code: settings, metrics, close codes, errors, REST, sockets.

What is imported is imported for its declarations; nothing is started. A page exists only in the
built site, so there is nothing that could differ from the code.
"""

import ast
import importlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SERVICES = ("auth", "attempts", "proctoring", "realtime")
PAGES = [
    "reference/rest.md",
    "reference/sockets.md",
    "reference/close-codes.md",
    "reference/errors.md",
    "reference/settings.md",
    "reference/metrics.md",
]
SOCKETS = ROOT / "docs" / "reference" / "asyncapi.yaml"


SETTINGS = """\
# Settings

Read from the environment once, when a process starts; `python -m <service> check-settings` prints
what it would run with, secrets masked. Written from the settings classes."""
METRICS = """\
# Metrics

At `/metrics` of each process, in Prometheus' format; the gateway has no route to it. What is
promised by them is in [observability](../observability.md). A counter is shown with `_total`, a
histogram with `_bucket`, `_sum` and `_count`."""
CLOSE_CODES = """\
# Close codes

Of all sockets, for clients that offer `oep.v1`. **4000 to 4499: come back**, with growing, jittered
pauses, and say the last position. **4500 to 4999: stay away**, asking again changes nothing. A
client without the subprotocol is refused before it is accepted (HTTP 403), since it would come back
every few seconds. 1006 is never sent: it is what a browser shows when a line is gone."""
ERRORS = """\
# Errors

Every error of REST is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`,
`instance`, `request_id`; a 422 also has `errors`, each a JSON pointer and a sentence. `type` ends
with the slug, `detail` is for people. A text may be another one than the usual one of its slug."""
REST = """\
# REST

Every operation, from the services' own descriptions. A running gateway shows them with all schemas
at `/docs` and gives the document at `/openapi.json`; the typed client of the pages is made from it.
Bodies are JSON, instants ISO 8601 in UTC with `Z`, ids integers."""
FOR_MACHINES = """\
The description for machines, AsyncAPI 3.0: [asyncapi.yaml](asyncapi.yaml). What closes a socket:
[close codes](close-codes.md)."""


def pages() -> dict[str, str]:
    """Return the text of each page by its place in the site."""
    writers = (rest, sockets, close_codes, errors, settings, metrics)
    return {uri: write() for uri, write in zip(PAGES, writers, strict=True)}


# Settings


@dataclass(frozen=True)
class Setting:
    """A variable of the environment that a service reads."""

    variable: str
    default: str
    bounds: str
    meaning: str


def settings() -> str:
    """Write what each service reads from its environment."""
    out = [
        SETTINGS,
    ]
    for service in SERVICES:
        rows = [(f"`{s.variable}`", s.default, s.bounds, s.meaning) for s in settings_of(service)]
        out += [f"## {service}", _table(("variable", "default", "bounds", "meaning"), rows)]
    return _join(out)


def settings_of(service: str) -> list[Setting]:
    """Return the settings of a service, its own first."""
    module = importlib.import_module(f"{service}.settings")
    cls = getattr(module, "RealtimeSettings", None) or module.Settings
    told = _told(service)
    order = [name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})]
    names = [name for name in order if name in cls.model_fields]
    return [_setting(name, cls, told) for name in names]


def _setting(name: str, cls: Any, told: dict[str, str]) -> Setting:
    field = cls.model_fields[name]
    default = "**required**" if field.is_required() else _shown(field.get_default())
    if field.default_factory is not None:
        default = "by the machine"
    bounds = ", ".join(filter(None, map(_bound, field.metadata)))
    meaning = _docstrings(cls).get(name) or told.get(name.upper(), "")
    return Setting(name.upper(), default, bounds, meaning)


def _shown(value: Any) -> str:
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def _bound(mark: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥"}
    return next(
        (f"{sign} {getattr(mark, name)}" for name, sign in signs.items() if hasattr(mark, name)), ""
    )


def _docstrings(cls: Any) -> dict[str, str]:
    """Return the text below each field of a class and of those that it is made from."""
    found: dict[str, str] = {}
    for base in cls.__mro__:
        path = getattr(importlib.import_module(base.__module__), "__file__", None)
        if path and ROOT in Path(path).parents and ".venv" not in Path(path).parts:
            found |= _below(ast.parse(Path(path).read_text()), base.__name__)
    return found


def _below(tree: ast.Module, name: str) -> dict[str, str]:
    [body] = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name]
    found = {}
    for field, below in pairwise(body):
        match (field, below):
            case (
                ast.AnnAssign(target=ast.Name(id=word)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[word] = " ".join(text.split())
    return found


def _told(service: str) -> dict[str, str]:
    """Return what a service's README says of each variable, where one row is about one."""
    found: dict[str, str] = {}
    for line in (ROOT / "services" / service / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        names = re.findall(r"`([A-Z][A-Z_0-9]+)`", cells[0]) if line.startswith("|") else []
        if len(cells) >= 3:
            found |= dict.fromkeys(names, re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cells[-1]))
    return found


# Metrics


@dataclass(frozen=True)
class Metric:
    """A family of numbers that a process offers at /metrics."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def metrics() -> str:
    """Write what each process counts."""
    out = [
        METRICS,
    ]
    for title, folder in [("Every service", "libs/chassis/src"), *_services_by_folder()]:
        rows = [
            (f"`{m.name}`", m.kind, ", ".join(f"`{name}`" for name in m.labels), m.meaning)
            for m in metrics_of(ROOT / folder)
        ]
        if rows:
            out += [f"## {title}", _table(("metric", "kind", "labels", "meaning"), rows)]
    return _join(out)


def metrics_of(folder: Path) -> list[Metric]:
    """Return the metrics that the code below a folder declares."""
    return [
        metric
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if (metric := _metric(node))
    ]


def _metric(node: ast.AST) -> Metric | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if node.func.id not in {"Counter", "Gauge", "Histogram"} or len(node.args) < 2:
        return None
    name, meaning, *labels = (ast.literal_eval(arg) for arg in node.args)
    return Metric(name, node.func.id.lower(), tuple(labels[0]) if labels else (), meaning)


def _services_by_folder() -> list[tuple[str, str]]:
    return [(service, f"services/{service}/src") for service in SERVICES]


# Close codes and errors


def close_codes() -> str:
    """Write why sockets are closed."""
    rows = [(str(code), why, after) for code, why, after in closings()]
    return _join(
        [
            CLOSE_CODES,
            _table(("code", "when", "what a client does"), rows),
        ]
    )


def closings() -> list[tuple[int, str, str]]:
    """Return each close code with all its causes and what follows from it."""
    from chassis.errors import Kind  # noqa: PLC0415  # late: linters read this file without chassis

    closing = importlib.import_module("realtime.closing")
    named = [value for value in vars(closing).values() if isinstance(value, closing.Closing)]
    causes: dict[int, set[str]] = {}
    for one in [*named, closing.attempt_closed("submitted, graded or cancelled")]:
        causes.setdefault(one.code, set()).add(one.reason)
    for failure in failures("realtime"):
        causes.setdefault(failure.kind.value.close_code, set()).add(failure.detail)
    for kind in Kind:
        causes.setdefault(kind.value.close_code, {kind.value.title})
    return [(code, " · ".join(sorted(why)), _after(code)) for code, why in sorted(causes.items())]


def _after(code: int) -> str:
    if code < 4000:
        return "comes back with backoff"
    return "comes back with backoff" if code < 4500 else "stays away"


def errors() -> str:
    """Write what services answer when something goes wrong."""
    out = [
        ERRORS,
    ]
    for service in ("chassis", *SERVICES):
        rows = [
            (f"`{f.slug}`", str(f.kind.value.http_status), f.kind.value.grpc_status, f.detail)
            for f in failures(service)
        ]
        title = "Of every service" if service == "chassis" else service
        out += [f"## {title}", _table(("slug", "HTTP", "gRPC", "usual text"), rows)]
    return _join(out)


def failures(service: str) -> list[Any]:
    """Return the classes of a part's errors, by slug."""
    from chassis.errors import Failure  # noqa: PLC0415  # see `closings`

    found: dict[str, Any] = {}
    for path in sorted((ROOT / _source_of(service)).rglob("errors.py")):
        name = ".".join(path.relative_to(ROOT / _source_of(service)).with_suffix("").parts)
        module = importlib.import_module(name)
        found |= {
            cls.slug: cls
            for cls in vars(module).values()
            if isinstance(cls, type)
            and issubclass(cls, Failure)
            and cls.__module__ == name
            and hasattr(cls, "kind")
        }
    return [found[slug] for slug in sorted(found)]


def _source_of(service: str) -> str:
    return "libs/chassis/src" if service == "chassis" else f"services/{service}/src"


# REST


def rest() -> str:
    """Write every REST operation, from the descriptions that the services give of themselves."""
    document = json.loads((ROOT / "deploy" / "gateway" / "openapi.json").read_text())
    out = [
        REST,
    ]
    for title, rows in sorted(_by_area(document).items()):
        out += [f"## {title}", _table(("operation", "what it does", "answers"), rows)]
    return _join(out)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each operation."""
    methods = {"get", "post", "put", "patch", "delete"}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in methods:
                yield method.upper(), path, operation


def _by_area(document: dict[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for method, path, operation in operations(document):
        area = path.removeprefix("/api/v1").split("/")[1] or "/"
        answers = ", ".join(sorted(operation["responses"]))
        row = (f"`{method} {path}`", operation.get("summary", ""), answers)
        found.setdefault(area, []).append(row)
    return found


# Sockets


def sockets() -> str:
    """Write the messages of the sockets, from docs/reference/asyncapi.yaml."""
    document = yaml.safe_load(SOCKETS.read_text())
    out = [
        "# Sockets",
        document["info"]["description"],
        FOR_MACHINES,
    ]
    for name, channel in document["channels"].items():
        out += [f"## {channel['title']}", f"`{channel['address']}`", channel["description"]]
        for operation in document["operations"].values():
            if operation["channel"]["$ref"] == f"#/channels/{name}":
                out += [f"### {operation['title']}", _messages(operation, document)]
    return _join(out)


def _messages(operation: dict[str, Any], document: dict[str, Any]) -> str:
    rows = []
    for told in operation["messages"]:
        name = told["$ref"].rsplit("/", 1)[1]
        message = document["components"]["messages"][name]
        schema = message["payload"]
        required = set(schema.get("required", ()))
        fields = [
            f"`{field}`" if field in required else f"`{field}`?"
            for field in schema.get("properties", {})
            if field != "type"
        ]
        rows.append((f"`{message['name']}`", ", ".join(fields), message["summary"]))
    return _table(("type", "fields (? = not always there)", "when"), rows)


# Writing


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _join(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"
