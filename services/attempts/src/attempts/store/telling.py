"""Pieces of SQL by which one statement does a deed and tells of it: to the bus and to the audit.

The deeds that take one round trip (ADR 19) cannot come back for `notices` and `auditing`; what they
tell is the same. Nothing here is run by itself, and no value is ever put into these texts.
"""

from datetime import datetime

from chassis.audit import FIRST, record
from chassis.origins import Origin

from attempts.audit import Entry

_ID = -1
_DETAILS = {"@": "@"}

DEVICE_FACT = """
  jsonb_build_object('device_changes', t.device_changes, 'active_since', {active_since},
                     'student_id', t.student_id)"""
"""The data of the notice `device_changed`, of an attempt as it is now."""

DEVICE_DETAILS = """
  '{"device_changes":' || t.device_changes
    || ',"login_id":' || CAST(to_json(t.active_login_id) AS text)
    || ',"previous_login_id":' || CAST(to_json(t.previous_login_id) AS text) || '}'"""
"""The details of the entry `device_changed`. Login ids are ASCII: auth makes them."""


def instant(expression: str) -> str:
    """Return the SQL for a time as `notices.instant` writes it, always with its microseconds."""
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def announced(facts: str) -> str:
    """Return the INSERT of notices in the order of their places.

    `facts` is a query that yields place, attempt_id, exam_id, fact, at, data, traceparent.
    """
    return f"""
  INSERT INTO attempts.outbox (order_key, subject, payload, traceparent)
  SELECT attempt_id, 'oep.v1.' || exam_id || '.' || attempt_id || '.' || fact,
         jsonb_build_object('fact', fact, 'at', at, 'exam_id', exam_id, 'attempt_id', attempt_id,
                            'data', data), traceparent
  FROM ({facts}) AS facts
  ORDER BY place"""  # noqa: S608  # the query is one of ours


def logged(deeds: str) -> str:
    """Return the INSERT of entries about attempts, each behind the last of its attempt's chain.

    `deeds` is a query that yields, at most once for an attempt, and for attempts that are locked:
    attempt_id, exam_id, student_id (who did it), event_type, description, details (JSON in the
    canonical form), template (made by `template`), ip_address, user_agent, logged_at.
    """
    return f"""
  INSERT INTO attempts.audit_logs
         (chain, place, event_type, event_category, description, user_id, attempt_id, exam_id,
          details, ip_address, user_agent, success, created_at, previous_hash, hash)
  SELECT d.chain, coalesce(p.place, 0) + 1, d.event_type, 'attempt', d.description, d.student_id,
         d.attempt_id, d.exam_id, CAST(d.details AS json), d.ip_address, d.user_agent, true,
         d.logged_at, coalesce(p.hash, '{FIRST}'),
         encode(sha256(convert_to(coalesce(p.hash, '{FIRST}') || replace(replace(replace(replace(
             replace(d.template,
               '"attempt_id":{_ID}', '"attempt_id":' || d.attempt_id),
               '"exam_id":{_ID}', '"exam_id":' || d.exam_id),
               '"user_id":{_ID}', '"user_id":' || d.student_id),
               '"chain":"attempt:{_ID}"', '"chain":"' || d.chain || '"'),
               '"details":{{"@":"@"}}', '"details":' || d.details),
           'UTF8')), 'hex')
  FROM (SELECT *, 'attempt:' || attempt_id AS chain FROM ({deeds}) AS deeds) AS d
  LEFT JOIN LATERAL (
    SELECT place, hash FROM attempts.audit_logs
    WHERE chain = d.chain ORDER BY place DESC LIMIT 1
  ) AS p ON true"""  # noqa: S608  # the query is one of ours


def template(event_type: str, description: str, origin: Origin, at: datetime) -> str:
    """Return the text that an entry's hash covers, with places for what only the database knows.

    Nothing that a client sends can look like one of them: a quotation mark inside a JSON text is
    escaped.
    """
    entry = Entry(
        event_type,
        "attempt",
        description,
        user_id=_ID,
        attempt_id=_ID,
        exam_id=_ID,
        details=_DETAILS,
        origin=origin,
    )
    return record(entry, at)
