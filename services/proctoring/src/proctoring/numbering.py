"""Row numbers of imported rows: which are taken, where new ones begin. For the importer only."""

from collections.abc import Collection

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session


def keep_or_renew(session: Session, table: Table, wanted: Collection[int]) -> dict[int, int]:
    """Return the number to use for each wanted one: itself, or a new one where a row has it."""
    numbers = {number: number for number in wanted}
    rows = session.execute(select(table.c.id).where(table.c.id.in_(list(wanted))))
    taken = sorted(rows.scalars())
    if taken:
        free = max(*wanted, _next(session, table)) + 1
        numbers |= {number: free + place for place, number in enumerate(taken)}
    return numbers


def move_behind(session: Session, table: Table) -> None:
    """Let the table's own numbers go on behind the highest one in use."""
    highest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
    after = func.greatest(_next(session, table), highest)
    session.execute(select(func.setval(_sequence(table), after, False)))


def _next(session: Session, table: Table) -> int:
    return int(session.execute(select(func.nextval(_sequence(table)))).scalar_one())


def _sequence(table: Table) -> object:
    return func.pg_get_serial_sequence(f"{table.schema}.{table.name}", "id")
