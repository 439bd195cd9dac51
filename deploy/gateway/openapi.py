# ruff: noqa: INP001  # a script that is run by its path
"""Merge the services' OpenAPI documents into the one that the gateway serves.

It decides names where two services use the same one for different things; it changes no meaning
and adds nothing but the pages that the gateway answers itself.

    python deploy/gateway/openapi.py auth=http://127.0.0.1:8101/openapi.json attempts=FILE …
"""

import argparse
import copy
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

PUBLIC = ("/api/v1/", "/.well-known/")
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
INFO = {
    "title": "Online Exam Platform",
    "version": "0.1.0",
    "description": "Four services behind one gateway. Sockets live under /api/v1/ws and are no "
    "part of this format. Errors are problem JSON (RFC 9457); their detail is always a text.",
}


def merge(documents: Mapping[str, Json]) -> Json:
    """Return one document of all public paths; a schema name that means two things is prefixed."""
    merged: Json = {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "paths": _own_paths(),
        "components": {},
    }
    for service, document in documents.items():
        _add(merged, service, copy.deepcopy(document))
    _number_repeated_ids(merged["paths"])
    return merged


def _add(merged: Json, service: str, document: Json) -> None:
    renamed = _add_components(merged["components"], service, document.get("components", {}))
    for path, item in document.get("paths", {}).items():
        if not path.startswith(PUBLIC):
            continue
        if path in merged["paths"]:
            raise ValueError(f"{path} is described twice, the second time by {service}")
        for operation in _operations(item):
            operation["tags"] = operation.get("tags") or [service]
        merged["paths"][path] = _point_to(item, renamed)


def _add_components(merged: Json, service: str, components: Json) -> dict[str, str]:
    """Copy the parts and return which references have to change for it."""
    renamed = _clashes(merged, service, components)
    for kind, parts in components.items():
        for name, part in parts.items():
            new = renamed.get(f"#/components/{kind}/{name}", name).rpartition("/")[2]
            merged.setdefault(kind, {})[new] = _point_to(part, renamed)
    return renamed


def _clashes(merged: Json, service: str, components: Json) -> dict[str, str]:
    """Return the parts that need a new name, and those that differ only by referring to one."""
    renamed: dict[str, str] = {}
    while True:
        more = {
            f"#/components/{kind}/{name}": f"#/components/{kind}/{service}.{name}"
            for kind, parts in components.items()
            for name, part in parts.items()
            if name in merged.get(kind, {}) and merged[kind][name] != _point_to(part, renamed)
        }
        if more == renamed:
            return renamed
        renamed = more


def _point_to(value: Any, renamed: Mapping[str, str]) -> Any:
    """Return `value` with its references changed."""
    if isinstance(value, dict):
        return {
            key: renamed.get(inner, inner) if key == "$ref" else _point_to(inner, renamed)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_point_to(inner, renamed) for inner in value]
    return value


def _operations(item: Json) -> Iterator[Json]:
    return (operation for method, operation in item.items() if method in METHODS)


def _number_repeated_ids(paths: Json) -> None:
    seen: dict[str, int] = {}
    for item in paths.values():
        for operation in _operations(item):
            name = operation.get("operationId")
            if name is None:
                continue
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                operation["operationId"] = f"{name}_{seen[name]}"


def _own_paths() -> Json:
    def answers(summary: str, *fields: str) -> Json:
        properties = {field: {"type": "string"} for field in fields}
        schema = {"type": "object", "properties": properties, "required": list(fields)}
        content = {"application/json": {"schema": schema}}
        done = {"200": {"description": "OK", "content": content}}
        return {"get": {"tags": ["gateway"], "summary": summary, "responses": done}}

    return {
        "/": answers("Where to go on", "message", "docs", "health"),
        "/health": answers("The gateway is up", "status", "service", "version"),
    }


def load(source: str) -> Json:
    """Read a document from a file or, by its URL, from a running service."""
    if source.startswith(("http://", "https://")):
        return dict(httpx.get(source, timeout=10).raise_for_status().json())
    return dict(json.loads(Path(source).read_text()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the merged document."""
    parser = argparse.ArgumentParser(description="Merge the services' OpenAPI documents.")
    parser.add_argument("sources", nargs="*", metavar="SERVICE=URL_OR_FILE")
    pairs = [source.partition("=") for source in parser.parse_args(arguments).sources]
    merged = merge({service: load(source) for service, _, source in pairs})
    sys.stdout.write(json.dumps(merged, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
