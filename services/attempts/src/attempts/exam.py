"""Exams: when one may be begun and who sees it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attempts.device import DevicePolicy
from attempts.question import Question


class ExamStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ACTIVE = "active"
    COMPLETED = "completed"
    ARCHIVED = "archived"


class SecondMarking(StrEnum):
    """Whether two people mark each written answer, the second without seeing the first's marks."""

    NONE = "none"
    BLIND = "blind"


OPEN = frozenset({ExamStatus.PUBLISHED, ExamStatus.ACTIVE})


@dataclass(frozen=True)
class Sight:
    """Which exams somebody sees who does not see all (contract §2.3, §4.3)."""

    user_id: int
    """He sees the exams that he holds an attempt for."""
    sees_open: bool = True
    """And those that are published or active; a proctor or grader and nothing else does not."""
    assigned: frozenset[int] = frozenset()
    """And those that he is assigned to, whatever their status."""


@dataclass(frozen=True)
class Trade:
    id: int
    name: str
    code: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class QuestionBank:
    id: int
    name: str
    description: str | None
    trade_id: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    trade: Trade | None


@dataclass(frozen=True)
class Exam:
    """An exam without its questions; `ExamPaper` has them."""

    id: int
    title: str
    description: str | None
    trade_id: int
    exam_code: str
    duration_minutes: int
    start_time: datetime | None
    end_time: datetime | None
    total_marks: float
    passing_marks: float
    total_questions: int
    shuffle_questions: bool
    shuffle_options: bool
    show_results_immediately: bool
    allow_review: bool
    instructions: str | None
    status: ExamStatus
    max_attempts: int | None
    version: int
    """One more with each change of what the exam asks or what it is worth."""
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    trade: Trade | None
    requires_authorisation: bool = False
    """Whether students wait in the lobby until a member of the staff lets them begin."""
    device_policy: DevicePolicy = DevicePolicy.ALLOW
    camera_required: bool = False
    """Whether the pages ask the student for his camera; no attempt is refused without one."""
    second_marking: SecondMarking = SecondMarking.NONE
    second_marking_tolerance: float = 0.0
    """How far two markings may lie apart and still be averaged, in marks."""

    def is_open(self, now: datetime) -> bool:
        """Say whether an attempt may begin now; a running one is never cut short by this."""
        if self.status not in OPEN:
            return False
        has_begun = self.start_time is None or self.start_time <= now
        return has_begun and (self.end_time is None or now <= self.end_time)

    @property
    def passing_percentage(self) -> float:
        return round(self.passing_marks / self.total_marks * 100, 2) if self.total_marks else 0.0


@dataclass(frozen=True)
class ExamPaper:
    """An exam with its questions in order, marks after override."""

    exam: Exam
    questions: tuple[Question, ...]

    @property
    def total_marks(self) -> float:
        """The sum over all questions, answered or not."""
        return sum(question.marks for question in self.questions)
