"""Every statement about risks and accommodations; decides nothing.

Blocking, inside the caller's transaction. The lock on its row in `risks` is what makes two who
assess the same attempt wait for each other; see `hold`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring import delivery_store
from proctoring.event import Severity
from proctoring.metrics import UNREADABLE_RISKS
from proctoring.risk import filing
from proctoring.risk.accommodation import Accommodation
from proctoring.risk.rules import Happening
from proctoring.risk.scoring import Contribution, Risk

log = structlog.get_logger()

MOST_OF_A_KIND = 2_000
"""How many events of one type and severity are looked at, from an attempt's first one on."""
MOST_TYPES = 200
"""How many types of event are known of an attempt: whoever invents more is known well enough."""
_MOST_DATA_BYTES = 2_048
_MOST_CAME_BYTES = 8_192
"""Some 500 ranges of numbers; with more holes than that, events are read whenever it is asked."""
_LONGEST_SECONDS = 24 * 60 * 60.0

_MOVED = text(
    """
    SELECT t.attempt_id, t.exam_id, t.last_sequence
    FROM proctoring.tallies t LEFT JOIN proctoring.risks r USING (attempt_id)
    WHERE t.updated_at >= :since
      AND t.last_sequence > coalesce(least(r.as_of_sequence, r.types_as_of, r.came_as_of), 0)
      AND coalesce(r.rules_version, 0) <= :newest
      AND coalesce(r.computed_at <= clock_timestamp() - make_interval(secs => :rest), true)
      AND t.attempt_id <> ALL(CAST(:without AS int[]))
    ORDER BY t.last_sequence > coalesce(r.as_of_sequence, 0) DESC,
             r.computed_at NULLS FIRST, t.attempt_id LIMIT :limit
    """
)
# An exam is assessed by the rules that its first attempt was assessed by, to its end.
_MAKE = text(
    """
    INSERT INTO proctoring.risks (attempt_id, exam_id, contributions, rules_version)
    SELECT new.attempt_id, new.exam_id, '[]', coalesce(
               (SELECT min(r.rules_version) FROM proctoring.risks r WHERE r.exam_id = new.exam_id),
               :newest)
    FROM unnest(CAST(:attempt_ids AS int[]), CAST(:exam_ids AS int[])) AS new (attempt_id, exam_id)
    ORDER BY new.attempt_id
    ON CONFLICT (attempt_id) DO NOTHING
    """
)
_COLUMNS = """
    attempt_id, exam_id, score, as_of_sequence, rules_version,
    CAST(contributions AS text) AS contributions, computed_at
"""
_HOLD = f"""
    SELECT {_COLUMNS} FROM proctoring.risks
    WHERE attempt_id = ANY(CAST(:attempt_ids AS int[])) ORDER BY attempt_id FOR UPDATE
"""  # noqa: S608  # only constants of this module
_FIND = text(
    f"""
    SELECT {_COLUMNS} FROM proctoring.risks WHERE attempt_id = ANY(CAST(:attempt_ids AS int[]))
    """  # noqa: S608  # only constants of this module
)
_SCORES = text(
    "SELECT attempt_id, score FROM proctoring.risks WHERE exam_id = :exam_id AND score > 0"
)
# Whether any event behind the last assessment is one that a rule is about.
_NEWS = text(
    """
    SELECT t.attempt_id, t.exam_id, t.last_sequence, EXISTS (
        SELECT FROM proctoring.proctoring_events e
        WHERE e.exam_day = t.exam_day AND e.attempt_id = t.attempt_id
          AND e.sequence > r.as_of_sequence AND e.sequence <= t.last_sequence
          AND e.event_type = ANY(CAST(:types AS text[]))
    ) AS is_assessable
    FROM proctoring.tallies t JOIN proctoring.risks r USING (attempt_id)
    WHERE t.attempt_id = ANY(CAST(:attempt_ids AS int[]))
    """
)
_HAPPENINGS = text(
    """
    SELECT attempt_id, id, event_type, severity, event_timestamp, data, is_erased FROM (
        SELECT e.attempt_id, e.id, e.event_type, e.severity, e.event_timestamp, e.sequence,
               e.data_hash IS NOT NULL AND e.event_data IS NULL AS is_erased,
               CASE WHEN e.event_type = 'tab_switch' AND
                         octet_length(CAST(e.event_data AS text)) <= :most_bytes
                    THEN CAST(e.event_data AS text) END AS data,
               row_number() OVER (PARTITION BY e.attempt_id, e.event_type, e.severity
                                  ORDER BY e.sequence) AS place
        FROM unnest(CAST(:attempt_ids AS int[]), CAST(:until AS bigint[]))
             AS wanted (attempt_id, until)
        JOIN proctoring.tallies t USING (attempt_id)
        JOIN proctoring.proctoring_events e USING (exam_day, attempt_id)
        WHERE e.sequence <= wanted.until AND e.event_type = ANY(CAST(:types AS text[]))
    ) seen
    WHERE place <= :most ORDER BY attempt_id, sequence
    """
)
_SAVE = text(
    """
    UPDATE proctoring.risks AS risk
    SET exam_id = coalesce(new.exam_id, risk.exam_id), score = new.score,
        as_of_sequence = new.as_of_sequence, contributions = new.contributions,
        computed_at = clock_timestamp(),
        event_types = risk.event_types || ARRAY(
            SELECT DISTINCT e.event_type FROM proctoring.proctoring_events e
            WHERE e.exam_day = t.exam_day AND e.attempt_id = t.attempt_id
              AND e.sequence > risk.types_as_of AND e.sequence <= new.as_of_sequence
              AND e.event_type <> ALL(risk.event_types)
            LIMIT greatest(0, :most_types - cardinality(risk.event_types))),
        types_as_of = greatest(risk.types_as_of, new.as_of_sequence),
        came = (
            SELECT CASE WHEN pg_column_size(together) <= :most_came_bytes AND is_sane
                        THEN together END
            FROM (
                SELECT risk.came + coalesce(range_agg(int8range(e.client_sequence,
                           e.client_sequence + 1)) FILTER (WHERE e.client_sequence < :insane), '{}')
                       AS together,
                       coalesce(bool_and(e.client_sequence < :insane), true) AS is_sane
                FROM proctoring.proctoring_events e
                WHERE e.exam_day = t.exam_day AND e.attempt_id = t.attempt_id
                  AND e.sequence > risk.came_as_of AND e.sequence <= new.as_of_sequence
                  AND e.client_sequence IS NOT NULL
            ) AS came
        ),
        came_as_of = greatest(risk.came_as_of, new.as_of_sequence)
    FROM unnest(CAST(:attempt_id AS int[]), CAST(:exam_id AS int[]), CAST(:score AS int[]),
                CAST(:as_of_sequence AS bigint[]), CAST(:contributions AS json[]))
         AS new (attempt_id, exam_id, score, as_of_sequence, contributions)
    LEFT JOIN proctoring.tallies t ON t.attempt_id = new.attempt_id
    WHERE risk.attempt_id = new.attempt_id
    """
)
_ACCOMMODATIONS = text(
    """
    SELECT attempt_id, version, rule_ids, reason, author_id, at FROM proctoring.accommodations
    WHERE attempt_id = ANY(CAST(:attempt_ids AS int[])) ORDER BY attempt_id, version
    """
)
_ACCOMMODATE = text(
    """
    INSERT INTO proctoring.accommodations (attempt_id, version, rule_ids, reason, author_id)
    SELECT :attempt_id, coalesce(max(version), 0) + 1, CAST(:rule_ids AS json), :reason, :author_id
    FROM proctoring.accommodations WHERE attempt_id = :attempt_id
    """
)
REASONS_LEFT = """
    SELECT attempt_id, CAST(NULL AS bigint), at FROM proctoring.accommodations
    WHERE reason IS NOT NULL
"""
_FORGET_REASONS = text(
    """
    UPDATE proctoring.accommodations SET reason = NULL
    WHERE attempt_id = :attempt_id AND reason IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The stored assessment of an attempt; without `computed_at` nothing was assessed yet."""

    attempt_id: int
    exam_id: int | None
    risk: Risk
    as_of_sequence: int
    """The attempt's event up to which it counts."""
    computed_at: datetime | None
    unreadable: str | None = None
    """What stands in the place of contributions and is none; it stays until they are made anew."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An attempt that has events behind its assessment, and how many events it has."""

    attempt_id: int
    exam_id: int | None
    last_sequence: int


@dataclass(frozen=True, slots=True)
class News:
    """How far an attempt has come, and whether a rule is about anything of what is new."""

    attempt_id: int
    exam_id: int | None
    last_sequence: int
    is_assessable: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What the rules see of an attempt, and whether retention has taken some of it away."""

    happenings: tuple[Happening, ...] = ()
    is_erased: bool = False


def moved(
    session: Session,
    since: datetime,
    newest: int,
    *,
    rest_seconds: float,
    limit: int,
    without: Collection[int] = (),
) -> list[Moved]:
    """Return attempts whose events have gone on, longest unassessed first.

    Behind them come those whose types of event are not all known yet.

    Left out are those `without` whom it shall be, those assessed less than `rest_seconds` ago, and
    by rules newer than we know.
    """
    wanted = {"since": since, "newest": newest, "rest": rest_seconds, "limit": limit}
    found = session.execute(_MOVED, wanted | {"without": list(without)})
    return [Moved(*row) for row in found]


def make(session: Session, exam_ids: Mapping[int, int | None], newest: int) -> None:
    """Make the rows that are missing, by attempt; what is there stays."""
    ids = {"attempt_ids": list(exam_ids), "exam_ids": list(exam_ids.values())}
    session.execute(_MAKE, ids | {"newest": newest})


def hold(session: Session, attempt_ids: Sequence[int], *, passing_over: bool) -> dict[int, Kept]:
    """Lock the assessments in id order; those that others hold are awaited or passed over."""
    statement = text(_HOLD + (" SKIP LOCKED" if passing_over else ""))
    return _kept(session.execute(statement, {"attempt_ids": list(attempt_ids)}))


def scores_of_exam(session: Session, exam_id: int) -> dict[int, int]:
    """Return the scores above 0 of an exam's attempts."""
    return {row.attempt_id: row.score for row in session.execute(_SCORES, {"exam_id": exam_id})}


def find(session: Session, attempt_ids: Sequence[int]) -> dict[int, Kept]:
    return _kept(session.execute(_FIND, {"attempt_ids": list(attempt_ids)}))


def news(session: Session, attempt_ids: Sequence[int], types: Sequence[str]) -> dict[int, News]:
    found = session.execute(_NEWS, {"attempt_ids": list(attempt_ids), "types": list(types)})
    return {row.attempt_id: News(*row) for row in found}


def sights(session: Session, until: Mapping[int, int], types: Sequence[str]) -> dict[int, Sight]:
    """Return what the rules see of attempts, up to the event number that is said of each."""
    wanted = {
        "attempt_ids": list(until),
        "until": list(until.values()),
        "types": list(types),
        "most": MOST_OF_A_KIND,
        "most_bytes": _MOST_DATA_BYTES,
    }
    seen: dict[int, list[Happening]] = {attempt_id: [] for attempt_id in until}
    erased = set()
    for row in session.execute(_HAPPENINGS, wanted):
        seen[row.attempt_id].append(_happening(row))
        if row.is_erased and row.event_type == "tab_switch":  # of the others no rule reads data
            erased.add(row.attempt_id)
    return {i: Sight(tuple(events), i in erased) for i, events in seen.items()}


def save(session: Session, kept: Sequence[Kept]) -> None:
    """Write assessments whose rows are held, at once, with what is kept of all events up to there.

    That is their types, and the client's numbers that came (`delivery_store.IS_INCOMPLETE`).
    """
    if not kept:
        return
    columns = {
        "attempt_id": [k.attempt_id for k in kept],
        "exam_id": [k.exam_id for k in kept],
        "score": [k.risk.score for k in kept],
        "as_of_sequence": [k.as_of_sequence for k in kept],
        "contributions": [k.unreadable or filing.written(k.risk.contributions) for k in kept],
        "most_types": MOST_TYPES,
        "most_came_bytes": _MOST_CAME_BYTES,
        "insane": delivery_store.INSANE,
    }
    session.execute(_SAVE, columns)


def accommodations(session: Session, attempt_ids: Sequence[int]) -> dict[int, list[Accommodation]]:
    """Return what was decided for attempts, oldest first; the last one is in force."""
    found: dict[int, list[Accommodation]] = {}
    for row in session.execute(_ACCOMMODATIONS, {"attempt_ids": list(attempt_ids)}):
        decided = Accommodation(row.version, tuple(row.rule_ids), row.reason, row.author_id, row.at)
        found.setdefault(row.attempt_id, []).append(decided)
    return found


def accommodate(
    session: Session, attempt_id: int, rule_ids: Sequence[str], reason: str, author_id: int
) -> None:
    """Append a decision; the caller holds the attempt's assessment."""
    row = {"attempt_id": attempt_id, "rule_ids": json.dumps(list(rule_ids)), "reason": reason}
    session.execute(_ACCOMMODATE, row | {"author_id": author_id})


def forget_reasons(session: Session, attempt_id: int) -> int:
    """Blank an attempt's reasons of accommodations for good; return how many there were.

    Which rules were switched off, when and by whom, stays.
    """
    done: Any = session.execute(_FORGET_REASONS, {"attempt_id": attempt_id})
    return int(done.rowcount)


def _kept(rows: Any) -> dict[int, Kept]:
    return {row.attempt_id: _kept_row(row) for row in rows}


def _kept_row(row: Any) -> Kept:
    contributions: tuple[Contribution, ...] = ()
    unreadable: str | None = None
    try:
        contributions = filing.read(row.contributions)
    except filing.Unreadable as error:
        unreadable = row.contributions
        UNREADABLE_RISKS.inc()
        log.warning("risk.unreadable", attempt_id=row.attempt_id, what=str(error))
    risk = Risk(row.score, contributions, row.rules_version)
    return Kept(row.attempt_id, row.exam_id, risk, row.as_of_sequence, row.computed_at, unreadable)


def _happening(row: Any) -> Happening:
    data = json.loads(row.data) if row.data else {}
    action = data.get("action") if isinstance(data, dict) else None
    away = data.get("duration_seconds") if isinstance(data, dict) else None
    return Happening(
        id=row.id,
        event_type=row.event_type,
        severity=Severity(row.severity),
        at=row.event_timestamp,
        action=action if isinstance(action, str) else None,
        away_seconds=_length(away),
    )


def _length(value: Any) -> float | None:
    """Return what a client said of a length if it is one that can be."""
    is_length = isinstance(value, int | float) and 0 < value <= _LONGEST_SECONDS
    return float(value) if is_length else None
