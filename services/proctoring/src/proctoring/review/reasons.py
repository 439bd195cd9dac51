"""Why a review ends as it does: every reason code there is, and its plain words for the student.

Pure. A new reason is a new line here; the words of a code that was used must keep their meaning.
"""

from enum import Enum


class Decision(Enum):
    """What the reviewer finds."""

    CLEARED = "cleared"
    CONFIRMED = "confirmed"


class ReasonCode(Enum):
    """The reasons; each belongs to one decision."""

    NO_BREACH = "no_breach"
    TECHNICAL_FAULT = "technical_fault"
    ACCOMMODATION = "accommodation"
    NOT_PROVEN = "not_proven"
    OPENED_IN_ERROR = "opened_in_error"
    FORBIDDEN_MATERIAL = "forbidden_material"
    HELP_BY_OTHERS = "help_by_others"
    ANOTHER_PERSON = "another_person"
    FORBIDDEN_SOFTWARE = "forbidden_software"
    LEFT_THE_ROOM = "left_the_room"
    COPIED_CONTENT = "copied_content"
    OTHER_BREACH = "other_breach"

    @property
    def decision(self) -> Decision:
        return _MEANING[self][0]

    @property
    def words(self) -> str:
        """Say the reason as the student reads it."""
        return _MEANING[self][1]


_CLEARED, _CONFIRMED = Decision.CLEARED, Decision.CONFIRMED
_MEANING = {
    ReasonCode.NO_BREACH: (_CLEARED, "No rule of the exam was broken."),
    ReasonCode.TECHNICAL_FAULT: (_CLEARED, "What was noticed came from a technical fault."),
    ReasonCode.ACCOMMODATION: (_CLEARED, "What was noticed is part of what you are allowed."),
    ReasonCode.NOT_PROVEN: (_CLEARED, "What was noticed does not prove a breach of the rules."),
    ReasonCode.OPENED_IN_ERROR: (_CLEARED, "The review was opened by mistake."),
    ReasonCode.FORBIDDEN_MATERIAL: (_CONFIRMED, "Material was used that is not allowed."),
    ReasonCode.HELP_BY_OTHERS: (_CONFIRMED, "Somebody else helped during the exam."),
    ReasonCode.ANOTHER_PERSON: (_CONFIRMED, "The exam was taken by, or with, another person."),
    ReasonCode.FORBIDDEN_SOFTWARE: (
        _CONFIRMED,
        "Software or a device was used that is not allowed.",
    ),
    ReasonCode.LEFT_THE_ROOM: (_CONFIRMED, "The exam room was left without permission."),
    ReasonCode.COPIED_CONTENT: (_CONFIRMED, "Content of the exam was copied or passed on."),
    ReasonCode.OTHER_BREACH: (_CONFIRMED, "Another rule of the exam was broken."),
}
