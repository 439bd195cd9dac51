"""The AsyncAPI document of the sockets, as what tests compare frames with."""

import copy
from pathlib import Path
from typing import Any

import jsonschema
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENT = yaml.safe_load((ROOT / "docs/reference/asyncapi.yaml").read_text())
MESSAGES = DOCUMENT["components"]["messages"]


def of(direction: str, *channels: str) -> set[str]:
    """Return the names of the messages that are said in a direction."""
    return {
        told["$ref"].rsplit("/", 1)[1]
        for operation in DOCUMENT["operations"].values()
        if operation["action"] == direction
        and (not channels or operation["channel"]["$ref"].rsplit("/", 1)[1] in channels)
        for told in operation["messages"]
    }


def schema(name: str) -> dict[str, Any]:
    """Return a message's schema, as strict as nobody's reader is: no field but those described."""
    payload = {"additionalProperties": False, **copy.deepcopy(MESSAGES[name]["payload"])}
    return {**payload, "components": DOCUMENT["components"]}


VALIDATORS = {name: jsonschema.Draft202012Validator(schema(name)) for name in MESSAGES}


def fitting(frame: dict[str, Any], channel: str) -> list[str]:
    """Return the messages of a channel that a frame of the server is."""
    names = sorted(of("send", channel) - {"broadcast"})
    return [name for name in names if VALIDATORS[name].is_valid(frame)]
