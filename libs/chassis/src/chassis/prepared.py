"""Statements that Postgres plans once per connection and that take one message each way (ADR 19).

For the few statements on a hot path: what a deed would do in several (lock, look, write, announce)
stands in one, run as a transaction of its own or as part of a larger one. psycopg2 knows no
prepared statements, so they are prepared by name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)\b")
_KNOWN = "prepared"


class Prepared:
    """One statement with named parameters (`:attempt_ids`) of declared Postgres types."""

    def __init__(self, name: str, text: str, types: Mapping[str, str]) -> None:
        """`name` must be unique among the statements of a service; `text` holds no percent sign.

        psycopg2 would take that for a parameter of its own. Raises `ValueError`.
        """
        if "%" in text:
            raise ValueError(f"statement {name} holds a percent sign")
        self._name = name
        self._parameters = tuple(types)
        numbers = {parameter: f"${n}" for n, parameter in enumerate(types, 1)}
        body = _PARAMETER.sub(lambda found: numbers[found[1]], text)
        self._prepare = f"PREPARE {name} ({', '.join(types.values())}) AS {body}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"  # no value is in it

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[RowMapping]:
        """Run it and return its rows; the first time on a connection it is planned before."""
        known = connection.info.setdefault(_KNOWN, set())
        if self._name not in known:
            connection.exec_driver_sql(self._prepare)
            known.add(self._name)
        ordered = tuple(values[parameter] for parameter in self._parameters)
        return connection.exec_driver_sql(self._execute, ordered).mappings().all()
