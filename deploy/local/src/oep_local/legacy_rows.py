"""Which service takes which table of the legacy portal, in which order, and in which form.

Only the form is changed here (a midnight timestamp that means a date, words in lower case). What a
row means, which duplicates stay and what is made anew (salts, roles, windows) is decided by the
importer of the service that owns the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from oep_local.legacy_dump import Dump, Row


@dataclass(frozen=True)
class Share:
    """What one service imports: its tables, each after those that it refers to."""

    service: str
    tables: tuple[str, ...]

    def row_count(self, dump: Dump) -> int:
        return sum(dump.blocks[table].row_count for table in self.tables if table in dump.blocks)

    def lines(self, dump: Dump) -> Iterator[Row]:
        """Yield the importer's input lines, as JSON objects."""
        for table in self.tables:
            for row in dump.rows(table):
                yield {"table": table, "row": converted(table, row)}


SHARES = (
    # auth keeps a copy of the trades, because it shows a user's trade
    Share("auth", ("trades", "centers", "roles", "users", "user_roles")),
    Share(
        "attempts",
        (
            "trades",
            "question_banks",
            "questions",
            "exams",
            "exam_questions",
            "student_attempts",
            "student_answers",
            "transfers",
            "rubrics",
            "rubric_criteria",
            "rubric_levels",
            "question_rubrics",
            "audit_logs",
        ),
    ),
    Share("proctoring", ("proctoring_events", "question_timings")),
)

_READ = {table for share in SHARES for table in share.tables}
# without these there is nobody who could sit anything: the file is a dump of something else
_NEEDED = ("users", "exams", "questions", "student_attempts")


def missing_tables(dump: Dump) -> list[str]:
    return [table for table in _NEEDED if table not in dump.blocks]


def unread_tables(dump: Dump) -> dict[str, int]:
    """Row counts of the tables that no service imports."""
    return {name: block.row_count for name, block in dump.blocks.items() if name not in _READ}


def converted(table: str, row: Row) -> Row:
    """Return the row as the services' importers expect it."""
    if table == "users" and row.get("date_of_birth"):
        return {**row, "date_of_birth": row["date_of_birth"][:10]}
    if table == "proctoring_events" and row.get("severity"):
        return {**row, "severity": row["severity"].lower()}
    return row
