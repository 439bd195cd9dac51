"""What is stored of risk: the newest assessment of each attempt, and which rules do not count.

The service's role adds to `accommodations` and may blank a reason, which may be about somebody's
health, for good; it changes and deletes nothing else there.
"""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

from proctoring.tables import METADATA, TALLIES

RISKS = Table(
    "risks",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=False),
    Column("exam_id", Integer),
    Column("score", Integer, nullable=False, server_default=text("0")),
    Column("as_of_sequence", BigInteger, nullable=False, server_default=text("0")),
    Column("rules_version", Integer, nullable=False),
    Column("contributions", JSON, nullable=False),
    Column("computed_at", DateTime(timezone=True)),
    Column("event_types", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("types_as_of", BigInteger, nullable=False, server_default=text("0")),
    Column("came", INT8MULTIRANGE, server_default=text("'{}'")),
    Column("came_as_of", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "exam_id", "rules_version"),
    CheckConstraint("score BETWEEN 0 AND 1000", "score"),
)

ACCOMMODATIONS = Table(
    "accommodations",
    METADATA,
    Column("attempt_id", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("rule_ids", JSON, nullable=False),
    Column("reason", Text),
    Column("author_id", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("attempt_id", "version"),
    CheckConstraint("version > 0", "version"),
)

# What was written a moment ago is found without reading every attempt there ever was. A summarising
# index, unlike a B-tree, leaves the tallies' updates in place (HOT).
Index("ix_tallies_updated_at", TALLIES.c.updated_at, postgresql_using="brin")
