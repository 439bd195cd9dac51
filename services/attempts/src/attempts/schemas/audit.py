"""Entries of the audit on the wire (contract §9.5)."""

from chassis.audit_api import EntryBody


class AuditEntryBody(EntryBody):
    attempt_id: int | None
    exam_id: int | None
    transfer_id: int | None
