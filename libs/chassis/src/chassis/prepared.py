"""Statements that Postgres plans once per connection and that take one message each way (ADR 19).

For the few statements on a hot path: what a deed would do in several (lock, look, write, announce)
stands in one, run as a transaction of its own or as part of a larger one. psycopg2 knows no
prepared statements, so they are prepared by name.

A statement sees one snapshot, taken before it waits for any lock. What must see what others wrote
while it waited is run `behind` another statement that gets the locks: both go in one message and
are one transaction, and the second one's snapshot is taken when the first one has its locks::

    _LOCK = Prepared(
        "lock_tallies",
        "SELECT FROM tallies WHERE attempt_id = ANY (:ids) ORDER BY attempt_id FOR NO KEY UPDATE",
        {"ids": "bigint[]"},
    )
    _COUNT = Prepared("count_events", "WITH … UPDATE …", {"ids": "bigint[]", …}, behind=_LOCK)

    with database.single() as connection:
        rows = _COUNT.run(connection, {"ids": [7, 9], …})
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, RowMapping

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)\b")
_KNOWN = "prepared"


@dataclass(frozen=True)
class _Statement:
    """One statement of a message; no value is in its texts."""

    name: str
    parameters: tuple[str, ...]
    prepare: str
    execute: str


class Prepared:
    """One statement with named parameters (`:attempt_ids`) of declared Postgres types."""

    def __init__(
        self, name: str, text: str, types: Mapping[str, str], *, behind: "Prepared | None" = None
    ) -> None:
        """`name` must be unique among the statements of a service; `text` holds no percent sign.

        psycopg2 would take that for a parameter of its own. Raises `ValueError`. `behind` runs
        first, with those of the values that it knows; its rows are dropped.
        """
        if "%" in text:
            raise ValueError(f"statement {name} holds a percent sign")
        before = () if behind is None else behind.statements
        self.statements: tuple[_Statement, ...] = (*before, _statement(name, text, types))
        """What one message runs, in order."""
        self._message = "; ".join(one.execute for one in self.statements)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[RowMapping]:
        """Run it and return its rows; the first time on a connection it is planned before.

        When it fails, or one that it is behind of, nothing of them is stored.
        """
        return self._result(connection, values).mappings().all()

    def tuples(
        self, connection: Connection, values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """Do as `run`; the rows are in the order of the statement's columns, and cost less."""
        return cast("Sequence[tuple[Any, ...]]", self._result(connection, values).all())

    def _result(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        known = connection.info.setdefault(_KNOWN, set())
        for one in self.statements:
            if one.name not in known:
                connection.exec_driver_sql(one.prepare)
                known.add(one.name)
        ordered = tuple(values[name] for one in self.statements for name in one.parameters)
        return connection.exec_driver_sql(self._message, ordered)


def _statement(name: str, text: str, types: Mapping[str, str]) -> _Statement:
    numbers = {parameter: f"${n}" for n, parameter in enumerate(types, 1)}
    body = _PARAMETER.sub(lambda found: numbers[found[1]], text)
    return _Statement(
        name,
        tuple(types),
        f"PREPARE {name} ({', '.join(types.values())}) AS {body}",
        f"EXECUTE {name} ({', '.join(['%s'] * len(types))})",
    )
