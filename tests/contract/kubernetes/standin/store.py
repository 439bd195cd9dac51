"""The objects of a cluster, and who waits for news of them."""

import copy
import functools
import itertools
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from contract.kubernetes.standin.kinds import BY_NAME, Kind
from contract.kubernetes.valid import REFUSALS, check

Object = dict[str, Any]
Change = tuple[int, str, Object]
"""Its number, `ADDED`, `MODIFIED` or `DELETED`, and the object."""

ADDED = {"uid", "creationTimestamp", "generation", "resourceVersion"}
ADDED_NOTES = {"kubectl.kubernetes.io/last-applied-configuration"}


class Refused(Exception):
    """The answer is another status; `reason` is Kubernetes's word for it."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status, self.reason = status, reason


class Store:
    """Keeps objects in memory, each state for good; every method may be called by any thread."""

    def __init__(self, react: Callable[["Store"], None]) -> None:
        """`react` plays the controllers: it is called after every change from outside."""
        self._react = react
        self._news = threading.Condition(threading.RLock())
        self._versions = itertools.count(1)
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._changes: list[Change] = []
        self.is_open = True

    @property
    def version(self) -> str:
        return str(self._changes[-1][0] if self._changes else 0)

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """Return a copy; raises Refused (404)."""
        found = self.find(kind.name, namespace, name)
        if found is None:
            raise Refused(404, "NotFound", f'{kind.plural}.{kind.group} "{name}" not found')
        return copy.deepcopy(found)

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """Return all of a kind, in the order in which they came; they are not to be changed."""
        with self._news:
            return [
                each
                for (known, where, _), each in self._objects.items()
                if known == kind and namespace in {"", where}
            ]

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return one, which is not to be changed."""
        with self._news:
            return self._objects.get((kind, namespace, name))

    def create(self, each: Object, *, is_dry: bool = False) -> Object:
        """Keep a new object; raises Refused: its namespace, its fields, or it is there already."""
        kind = BY_NAME[each["kind"]]
        _check_fields(each)
        with self._news:
            if kind.is_namespaced and ("Namespace", "", place(each)) not in self._objects:
                raise Refused(404, "NotFound", f'namespaces "{place(each)}" not found')
            if self._key(each) in self._objects:
                raise Refused(409, "AlreadyExists", f"{each['metadata']['name']} is there already")
            made = copy.deepcopy(each)
            made["metadata"] |= {
                "uid": str(uuid.uuid4()),
                "creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "generation": 1,
            }
            return made if is_dry else self._keep("ADDED", made)

    def replace(self, each: Object, *, is_dry: bool = False) -> Object:
        """Keep another state of an object; raises Refused."""
        _check_fields(each)
        with self._news:
            before = self._objects[self._key(each)]
            if each.get("spec") != before.get("spec"):
                _check_change(before, each)
                generation = before["metadata"]["generation"] + 1
                each = {**each, "metadata": {**each["metadata"], "generation": generation}}
            return each if is_dry else self._keep("MODIFIED", each)

    def set_status(self, each: Object, status: dict[str, Any]) -> None:
        """Say what a controller found, if that is new."""
        with self._news:
            now = self._objects[self._key(each)]
            if now.get("status") != status:
                self._note("MODIFIED", {**now, "status": status})

    def delete(self, kind: Kind, namespace: str, name: str) -> Object:
        with self._news:
            gone = self.get(kind, namespace, name)
            del self._objects[(kind.name, namespace, name)]
            self._changes.append((next(self._versions), "DELETED", gone))
            self._after()
            return gone

    def changes(self, kind: Kind, since: int, seconds: float) -> Iterator[Change | None]:
        """Yield what happens to objects of a kind after a version, until the time is up."""
        until = datetime.now(UTC).timestamp() + seconds
        while self.is_open and datetime.now(UTC).timestamp() < until:
            with self._news:
                found = [c for c in self._changes if c[0] > since and c[2]["kind"] == kind.name]
                if not found:
                    self._news.wait(0.5)
                    continue
            for change in found:
                since = change[0]
                yield change

    def close(self) -> None:
        """End what waits."""
        with self._news:
            self.is_open = False
            self._news.notify_all()

    def _key(self, each: Object) -> tuple[str, str, str]:
        return each["kind"], place(each), each["metadata"]["name"]

    def _keep(self, what: str, each: Object) -> Object:
        self._note(what, each)
        self._after()
        return self._objects[self._key(each)]

    def _note(self, what: str, each: Object) -> None:
        number = next(self._versions)
        kept = {**each, "metadata": {**each["metadata"], "resourceVersion": str(number)}}
        self._objects[self._key(each)] = kept
        self._changes.append((number, what, kept))

    def _after(self) -> None:
        """Let controllers see it, then wake who waits."""
        react, self._react = self._react, lambda _: None
        try:
            react(self)
        finally:
            self._react = react
        self._news.notify_all()


def place(each: Object) -> str:
    """Return the namespace of an object; empty where it has none."""
    return str(each["metadata"].get("namespace", ""))


def _check_fields(each: Object) -> None:
    try:
        _check_text(json.dumps(as_written(each)))
    except REFUSALS as failure:
        raise Refused(400, "BadRequest", f"strict decoding error: {failure.message}") from failure


@functools.cache
def _check_text(text: str) -> None:
    """Check an object once, however often it is brought."""
    check(json.loads(text))


def as_written(each: Object) -> Object:
    """Return an object without what servers and `kubectl` add to it."""
    metadata = {k: v for k, v in each["metadata"].items() if k not in ADDED}
    notes = {k: v for k, v in metadata.pop("annotations", {}).items() if k not in ADDED_NOTES}
    if notes:
        metadata["annotations"] = notes
    return {k: v for k, v in each.items() if k != "status"} | {"metadata": metadata}


def _check_change(before: Object, after: Object) -> None:
    """Refuse what Kubernetes lets nobody change."""
    parts = {"Job": ("template", "selector"), "Deployment": ("selector",)}.get(after["kind"], ())
    for part in parts:
        if before["spec"].get(part) != after["spec"].get(part):
            name = f'{after["kind"]} "{after["metadata"]["name"]}" is invalid'
            raise Refused(422, "Invalid", f"{name}: spec.{part}: field is immutable")
