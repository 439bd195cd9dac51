"""Patches of three kinds, as `kubectl` sends them, on objects read from JSON."""

import copy
from typing import Any

JSON, MERGE, STRATEGIC = (
    f"application/{kind}+json" for kind in ("json-patch", "merge-patch", "strategic-merge-patch")
)
# By what two items of a list are the same one; the first that both have counts.
KEYS = ("name", "mountPath", "containerPort", "port", "topologyKey", "uid")


class UnknownPatch(Exception):
    """This stand-in does not know such a patch."""


def patched(whole: Any, patch: Any, kind: str) -> Any:
    """Return the object with the patch; the object itself stays. Raises UnknownPatch."""
    if kind == JSON:
        return _by_steps(copy.deepcopy(whole), patch)
    if kind in {MERGE, STRATEGIC}:
        return _merged(copy.deepcopy(whole), patch, by_key=kind == STRATEGIC)
    raise UnknownPatch(kind)


def _by_steps(whole: Any, steps: list[dict[str, Any]]) -> Any:
    for step in steps:
        *before, last = (
            word.replace("~1", "/").replace("~0", "~") for word in step["path"].split("/")[1:]
        )
        part = whole
        for word in before:
            part = part[word]
        if step["op"] not in {"add", "replace"} or not isinstance(part, dict):
            raise UnknownPatch(step["op"])
        part[last] = step["value"]
    return whole


def _merged(whole: Any, patch: Any, *, by_key: bool) -> Any:
    if not isinstance(whole, dict) or not isinstance(patch, dict):
        return patch
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            whole.pop(name, None)
        elif by_key and isinstance(value, list) and isinstance(whole.get(name), list):
            whole[name] = _list(whole[name], value)
        elif isinstance(value, dict):
            whole[name] = _merged(whole.get(name, {}), value, by_key=by_key)
        else:
            whole[name] = value
    return whole


def _list(items: list[Any], patch: list[Any]) -> list[Any]:
    """Return a list whose items with the same key are merged; one of plain words is replaced."""
    key = next((k for k in KEYS if all(isinstance(i, dict) and k in i for i in patch)), None)
    if key is None or not all(isinstance(item, dict) and key in item for item in items):
        return patch
    known = {item[key]: item for item in items}
    for change in patch:
        if change.get("$patch") == "delete":
            known.pop(change[key], None)
        else:
            known[change[key]] = _merged(known.get(change[key], {}), change, by_key=True)
    return list(known.values())
