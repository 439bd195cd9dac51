"""Small pieces of Envoy configuration that every part is built of."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import yaml

Json = dict[str, Any]


def endpoint(host: str, port: int) -> Json:
    return {"endpoint": {"address": address(host, port)}}


def typed(name: str, config: Json) -> Json:
    return {"name": name, "typed_config": config}


def type_of(package: str) -> str:
    return f"type.googleapis.com/envoy.extensions.{package}.v3"


def address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def header(key: str, value: str) -> Json:
    return {
        "header": {"key": key, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def watched(path: str) -> Json:
    """Read from a file what Envoy may read again: by the move that puts a new one in its place."""
    source = {"path": path, "watched_directory": {"path": path.rpartition("/")[0]}}
    return {"path_config_source": source, "resource_api_version": "V3"}


def any_of(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in words)


def host_port(address: str) -> tuple[str, int]:
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ValueError(f"not a host:port: {address!r}")
    return host.strip("[]"), int(port)


def is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Plain(yaml.SafeDumper):
    """Writes shared parts out in full: the result is read by people."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True
