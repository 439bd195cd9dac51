"""Bodies of the lobby and of devices."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from attempts.auth_client import People
from attempts.authorising import LetIn, Lobby
from attempts.schemas.actions import Id, Reason

MAX_AT_ONCE = 1_000


class AuthoriseBody(BaseModel):
    """`POST /attempts/{id}/authorise`."""

    reason: Reason = "identity checked"


class AuthoriseExamBody(BaseModel):
    """`POST /exams/{id}/authorise`; without `attempt_ids` all that wait are meant."""

    reason: Reason = "identity checked"
    attempt_ids: Annotated[list[Id], Field(max_length=MAX_AT_ONCE)] | None = None


class ReleaseBody(BaseModel):
    """`POST /attempts/{id}/release-device`."""

    reason: Reason


class WaitingBody(BaseModel):
    """An attempt that has not begun; the name is empty while auth cannot be asked."""

    attempt_id: int
    student_id: int
    student_name: str
    hall_ticket_number: str | None
    workstation_id: str | None
    is_waiting_for_authorisation: bool
    authorised_at: datetime | None
    authorised_by_id: int | None
    created_at: datetime


class LobbyBody(BaseModel):
    exam_id: int
    requires_authorisation: bool
    attempts: list[WaitingBody]

    @classmethod
    def of(cls, lobby: Lobby, people: People) -> Self:
        shown = [
            WaitingBody(
                attempt_id=attempt.id,
                student_id=attempt.student_id,
                student_name=people.name(attempt.student_id),
                hall_ticket_number=people.hall_ticket(attempt.student_id),
                workstation_id=attempt.workstation_id,
                is_waiting_for_authorisation=attempt.is_waiting_for_authorisation,
                authorised_at=attempt.authorised_at,
                authorised_by_id=attempt.authorised_by_id,
                created_at=attempt.created_at,
            )
            for attempt in lobby.attempts
        ]
        return cls(
            exam_id=lobby.exam.id,
            requires_authorisation=lobby.exam.requires_authorisation,
            attempts=shown,
        )


class RefusedBody(BaseModel):
    attempt_id: int
    slug: str
    detail: str


class LetInBody(BaseModel):
    """Who may begin now, and who could not be let in, each with the reason."""

    authorised: list[int]
    refused: list[RefusedBody]

    @classmethod
    def of(cls, done: LetIn) -> Self:
        refused = [
            RefusedBody(attempt_id=attempt_id, slug=why.slug, detail=why.detail)
            for attempt_id, why in done.refused
        ]
        return cls(authorised=[attempt.id for attempt in done.authorised], refused=refused)
