"""The text of the notice `event_recorded`, as SQL: one for when it is said, and said again.

The statement that takes events in builds it once (`intake_store`), the one that puts a lost stream
back builds it from the rows (`replay.store`); both take it from here, so both texts are the same to
the byte. Never event data, addresses or user agents; see docs/notices.md.
"""

SOURCE = "proctoring"
"""What ids of notices begin with."""

TEXTS = """
         coalesce('"' || event_id || '"', 'null') AS event_id_text,
         coalesce(CAST(question_id AS text), 'null') AS question_text,
         coalesce(CAST(client_sequence AS text), 'null') AS client_text,
         CASE WHEN late THEN 'true' ELSE 'false' END AS late_text,
         to_char(event_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS event_z,
         to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS received_z
"""
"""Columns of an event as JSON: for SELECT."""

CREATED = """to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_z"""

SUBJECT = "'oep.v1.' || exam_id || '.' || attempt_id || '.event_recorded'"

PAYLOAD = """
           '{"fact":"event_recorded","at":"' || created_z || '","exam_id":' || exam_id
           || ',"attempt_id":' || attempt_id || ',"data":{"event":{"id":' || id
           || ',"attempt_id":' || attempt_id || ',"event_type":"' || event_type
           || '","event_timestamp":"' || event_z || '","question_id":' || question_text
           || ',"severity":"' || severity || '","created_at":"' || created_z
           || '","event_id":' || event_id_text || ',"client_sequence":' || client_text
           || ',"late":' || late_text || ',"received_at":"' || received_z
           || '","sequence":' || sequence || '},"counts":{"info":' || infos
           || ',"warning":' || warnings || ',"violation":' || violations
           || '},"last_event":{"event_type":"' || event_type || '","severity":"' || severity
           || '","received_at":"' || received_z || '","late":' || late_text || '}}}'
"""
"""Without its id, which the outbox gives. Of `TEXTS`, the event's columns and the counts so far."""
