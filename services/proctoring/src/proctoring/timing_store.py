"""Every statement about question timings; returns the rules' objects, decides nothing.

All functions are blocking and run inside the caller's transaction, which holds the locks of the
attempts' tallies: nobody else moves the same timing meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from proctoring.timing import Timing

Pair = tuple[int, int]
Visit = tuple[int, int, str]
AnswerKey = tuple[int, UUID]

_SNAPSHOT = msgspec.json.Decoder(Timing)
_COLUMNS = """
    id, attempt_id, question_id, first_viewed_at, last_viewed_at, total_time_seconds, answer_count,
    first_answered_at, last_answered_at, created_at, updated_at, last_value, last_post_at
"""
_FIND = text(
    f"""
    SELECT {_COLUMNS} FROM proctoring.question_timings
    WHERE (attempt_id, question_id) IN (
        SELECT * FROM unnest(CAST(:attempt_ids AS int[]), CAST(:question_ids AS int[]))
    )
    """  # noqa: S608  # only constants of this module
)
_LIST = text(
    f"""
    SELECT {_COLUMNS} FROM proctoring.question_timings
    WHERE attempt_id = :attempt_id ORDER BY total_time_seconds DESC, question_id
    """  # noqa: S608  # only constants of this module
)
_TYPES = {
    "attempt_id": "int",
    "question_id": "int",
    "first_viewed_at": "timestamptz",
    "last_viewed_at": "timestamptz",
    "total_time_seconds": "int",
    "answer_count": "int",
    "first_answered_at": "timestamptz",
    "last_answered_at": "timestamptz",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "last_value": "int",
    "last_post_at": "timestamptz",
}
_NEVER_CHANGED = {"attempt_id", "question_id", "first_viewed_at", "created_at"}


def _save(types: Mapping[str, str]) -> TextClause:
    arrays = ", ".join(f"CAST(:{name} AS {sql_type}[])" for name, sql_type in types.items())
    changes = ", ".join(f"{n} = excluded.{n}" for n in _TYPES if n not in _NEVER_CHANGED)
    return text(
        f"""
        INSERT INTO proctoring.question_timings ({", ".join(types)})
        SELECT * FROM unnest({arrays})
        ON CONFLICT (attempt_id, question_id) DO UPDATE SET {changes}
        RETURNING id, attempt_id, question_id
        """  # noqa: S608  # only constants of this module
    )


_SAVE = _save(_TYPES)
_SAVE_NUMBERED = _save({"id": "bigint"} | _TYPES)
_FIND_VISITS = text(
    """
    SELECT attempt_id, question_id, visit_id, highest_seconds FROM proctoring.timing_visits
    WHERE (attempt_id, question_id, visit_id) IN (
        SELECT * FROM unnest(
            CAST(:attempt_ids AS int[]), CAST(:question_ids AS int[]), CAST(:visit_ids AS text[])
        )
    )
    """
)
_SAVE_VISITS = text(
    """
    INSERT INTO proctoring.timing_visits (attempt_id, question_id, visit_id, highest_seconds)
    SELECT * FROM unnest(
        CAST(:attempt_ids AS int[]), CAST(:question_ids AS int[]), CAST(:visit_ids AS text[]),
        CAST(:seconds AS int[])
    )
    ON CONFLICT (attempt_id, question_id, visit_id) DO UPDATE
    SET highest_seconds = greatest(timing_visits.highest_seconds, excluded.highest_seconds)
    """
)
_FIND_ANSWERS = text(
    """
    SELECT attempt_id, event_id, CAST(answer AS text) FROM proctoring.timing_answers
    WHERE (attempt_id, event_id) IN (
        SELECT * FROM unnest(CAST(:attempt_ids AS int[]), CAST(:event_ids AS uuid[]))
    )
    """
)
_SAVE_ANSWERS = text(
    """
    INSERT INTO proctoring.timing_answers (attempt_id, event_id, answer)
    SELECT * FROM unnest(
        CAST(:attempt_ids AS int[]), CAST(:event_ids AS uuid[]), CAST(:answers AS json[])
    )
    """
)


def find_timings(session: Session, pairs: Collection[Pair]) -> dict[Pair, Timing]:
    if not pairs:
        return {}
    wanted = {"attempt_ids": [p[0] for p in pairs], "question_ids": [p[1] for p in pairs]}
    return {(row[1], row[2]): Timing(*row) for row in session.execute(_FIND, wanted)}


def list_timings(session: Session, attempt_id: int) -> list[Timing]:
    """Return an attempt's timings, longest first."""
    return [Timing(*row) for row in session.execute(_LIST, {"attempt_id": attempt_id})]


def save_timings(session: Session, timings: Sequence[Timing]) -> dict[Pair, int]:
    """Write all timings in one statement; return their row numbers."""
    if not timings:
        return {}
    return _written(session, _SAVE, timings)


def insert_numbered(session: Session, timings: Sequence[Timing]) -> None:
    """Write timings that have row numbers already: the importer's."""
    if timings:
        _written(session, _SAVE_NUMBERED, timings)


def _written(session: Session, statement: TextClause, timings: Sequence[Timing]) -> dict[Pair, int]:
    columns = {name: [getattr(t, name) for t in timings] for name in ("id", *_TYPES)}
    return {(row[1], row[2]): row[0] for row in session.execute(statement, columns)}


def find_visits(session: Session, visits: Collection[Visit]) -> dict[Visit, int]:
    """Return the highest value seen of each known visit."""
    if not visits:
        return {}
    found = session.execute(_FIND_VISITS, _visit_columns(visits))
    return {(row[0], row[1], row[2]): row[3] for row in found}


def save_visits(session: Session, highest: Mapping[Visit, int]) -> None:
    if highest:
        seconds = {"seconds": list(highest.values())}
        session.execute(_SAVE_VISITS, _visit_columns(highest) | seconds)


def find_answers(session: Session, keys: Collection[AnswerKey]) -> dict[AnswerKey, Timing]:
    """Return the timings as they were after the posts with these event ids."""
    if not keys:
        return {}
    found = session.execute(_FIND_ANSWERS, _key_columns(keys))
    return {(row[0], row[1]): _SNAPSHOT.decode(row[2]) for row in found}


def save_answers(session: Session, answers: Mapping[AnswerKey, Timing]) -> None:
    """Keep the first answer to each event id, to be given again."""
    if answers:
        texts = [msgspec.json.encode(timing).decode() for timing in answers.values()]
        session.execute(_SAVE_ANSWERS, _key_columns(answers) | {"answers": texts})


def _visit_columns(visits: Iterable[Visit]) -> dict[str, Sequence[Any]]:
    attempt_ids, question_ids, visit_ids = zip(*visits, strict=True)
    return {
        "attempt_ids": list(attempt_ids),
        "question_ids": list(question_ids),
        "visit_ids": list(visit_ids),
    }


def _key_columns(keys: Iterable[AnswerKey]) -> dict[str, Sequence[Any]]:
    attempt_ids, event_ids = zip(*keys, strict=True)
    return {"attempt_ids": list(attempt_ids), "event_ids": [str(e) for e in event_ids]}
