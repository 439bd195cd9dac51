"""Every failure that this service can answer with, in the contract's words.

The edges translate them by the table in `chassis.errors`; a test compares the words.
"""

from collections.abc import Sequence

from chassis.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Refused, TooLarge


class AttemptNotFound(NotFound):
    slug = "attempt-not-found"
    detail = "Attempt not found"


class ActiveAttemptNotFound(NotFound):
    slug = "active-attempt-not-found"
    detail = "Active attempt not found"


class ExamNotFound(NotFound):
    slug = "exam-not-found"
    detail = "Exam not found"


class QuestionNotFound(NotFound):
    slug = "question-not-found"
    detail = "Question not found"


class TradeNotFound(NotFound):
    slug = "trade-not-found"
    detail = "Trade not found"


class QuestionBankNotFound(NotFound):
    slug = "question-bank-not-found"
    detail = "Question bank not found"


class AnswerNotFound(NotFound):
    slug = "answer-not-found"
    detail = "Answer not found"


class ForeignAttempt(Forbidden):
    slug = "foreign-attempt"
    detail = "You can only view your own attempts"


class ForeignResult(Forbidden):
    slug = "foreign-result"
    detail = "You can only view your own results"


class SafeBrowserRequired(Forbidden):
    slug = "safe-exam-browser-required"
    detail = "This exam opens only in Safe Exam Browser, with the configuration of this exam"


class SafeBrowserKeyExists(Conflict):
    slug = "safe-browser-key-exists"
    detail = "This exam has that key already"


class SafeBrowserKeyNotFound(NotFound):
    slug = "safe-browser-key-not-found"
    detail = "Key not found"


class NotAssigned(Forbidden):
    slug = "not-assigned"
    detail = "You are not assigned to this exam"


class CannotBegin(Refused):
    slug = "cannot-begin"

    def __init__(self, status: str) -> None:
        super().__init__(f"Cannot begin attempt with status: {status}")


class CannotSubmit(Refused):
    slug = "cannot-submit"

    def __init__(self, status: str) -> None:
        super().__init__(f"Cannot submit attempt with status: {status}")


class ExamClosed(Refused):
    slug = "exam-closed"
    detail = "Exam is no longer available"


class ActiveAttemptExists(Refused):
    slug = "active-attempt-exists"

    def __init__(self, attempt_id: int) -> None:
        super().__init__(
            "You already have an active attempt for this exam. Use resume endpoint instead."
            f" Attempt ID: {attempt_id}"
        )


class AttemptTimeExpired(Refused):
    slug = "attempt-time-expired"
    detail = "Attempt time has expired"


class ForeignQuestion(Refused):
    slug = "foreign-question"
    detail = "Question does not belong to this exam"


class ResultNotReady(Refused):
    slug = "result-not-ready"
    detail = "Results not available yet"


class ReceiptNotFound(NotFound):
    """The attempt ended before receipts were given, and nobody has submitted it since."""

    slug = "receipt-not-found"
    detail = "Receipt not found"


class FinalAnswersNotFound(NotFound):
    slug = "final-answers-not-found"
    detail = "No encrypted final answers came with this attempt"


class NotMarkable(Refused):
    slug = "not-markable"
    detail = "Marks can only be given while the attempt waits for them"


class MarksOutOfRange(Invalid):
    slug = "marks-out-of-range"
    detail = "marks_awarded must lie between 0 and the marks of the question"


class UnfitAnswer(Invalid):
    """The answer is JSON, but none that can be kept and given back as it was."""

    slug = "unfit-answer"
    detail = "answer must be plain JSON of at most 64 KiB"


class InvalidAction(Invalid):
    """What the staff is said to want is not complete, or out of bounds."""

    slug = "invalid-action"


class TooManyItems(Invalid):
    slug = "too-many-items"
    detail = "Too many items in one call"


class Overtaken(Conflict):
    """Others changed the attempt again and again while this call tried to."""

    slug = "overtaken"
    detail = "The attempt is being changed by others. Please try again."
    retry_after_seconds = 1


class InvalidContent(Invalid):
    """A question or an exam breaks rules of contract §4.2; every broken one is named."""

    slug = "invalid-content"

    def __init__(self, flaws: Sequence[FieldError]) -> None:
        text = "; ".join(f"{flaw.pointer}: {flaw.message}" for flaw in flaws)
        super().__init__(text, errors=flaws)


class TradeExists(Refused):
    slug = "trade-exists"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"Trade with {field} {value} already exists")


class ExamCodeExists(Refused):
    slug = "exam-code-exists"

    def __init__(self, code: str) -> None:
        super().__init__(f"Exam with code {code} already exists")


class TradeInUse(Conflict):
    slug = "trade-in-use"
    detail = "Trade is in use and cannot be deleted"


class QuestionInUse(Conflict):
    slug = "question-in-use"
    detail = "Question is part of an exam and cannot be deleted"


class QuestionFrozen(Conflict):
    slug = "question-frozen"
    detail = "Question is part of an exam that has attempts and cannot be changed"


class ExamInUse(Conflict):
    slug = "exam-in-use"
    detail = "Exam has attempts and cannot be deleted"


class ExamFrozen(Conflict):
    slug = "exam-frozen"

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(f"Exam has attempts; these can no longer be changed: {', '.join(fields)}")


class ExamWithoutQuestions(Conflict):
    slug = "exam-without-questions"
    detail = "Exam has no questions"


class InvalidRoster(Invalid):
    slug = "invalid-roster"

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line} is no user id")


class SheetTooLarge(TooLarge):
    slug = "sheet-too-large"
    detail = "The file is too large: at most 5 MiB and 10000 rows"


class PackageTooLarge(TooLarge):
    slug = "package-too-large"
    detail = "The file is too large: at most 8 MiB"


class GiftTooLarge(TooLarge):
    slug = "gift-too-large"
    detail = "The file is too large: at most 5 MiB"


class InvalidPackage(Invalid):
    """A file of questions has flaws; nothing of it was taken. Each names its file and its item."""

    slug = "invalid-package"

    def __init__(self, flaws: Sequence[FieldError]) -> None:
        text = "; ".join(flaw.message for flaw in flaws)
        super().__init__(text, errors=flaws)


class ImageNotFound(NotFound):
    slug = "image-not-found"
    detail = "Image not found"


class QuestionsNotSaved(Exception):
    """The database refused questions that passed every rule: a defect, answered 500."""


class TransferNotFound(NotFound):
    slug = "transfer-not-found"
    detail = "Transfer not found"

    def __init__(self, transfer_id: int | None = None) -> None:
        """Name the transfer where the contract does: when one is decided."""
        super().__init__(None if transfer_id is None else f"Transfer {transfer_id} not found")


class TransferAttemptNotFound(NotFound):
    slug = "attempt-not-found"

    def __init__(self, attempt_id: int) -> None:
        super().__init__(f"Attempt {attempt_id} not found")


class ForeignTransfer(Forbidden):
    slug = "foreign-transfer"
    detail = "Not authorized to view this transfer"


class RequestNotAuthorized(Forbidden):
    slug = "request-not-authorized"
    detail = "User not authorized to request transfer for this attempt"


class OnlyHallInCharge(Forbidden):
    slug = "only-hall-in-charge"

    def __init__(self, *, approved: bool) -> None:
        verb = "approve" if approved else "reject"
        super().__init__(f"Only hall in-charge can {verb} transfers")


class ForeignCenter(Forbidden):
    slug = "foreign-center"
    detail = "You can only decide transfers of your own center's students"


class NotTransferable(Refused):
    slug = "not-transferable"

    def __init__(self, status: str) -> None:
        super().__init__(f"Attempt must be in_progress, current status: {status}")


class AttemptHasExpired(Refused):
    slug = "attempt-has-expired"
    detail = "Attempt has expired"


class NotEnoughTime(Refused):
    slug = "not-enough-time"
    detail = "Insufficient time remaining for transfer. Minimum 5 minutes required."


class TransferPending(Refused):
    slug = "transfer-pending"

    def __init__(self, transfer_id: int) -> None:
        super().__init__(f"Transfer already pending (Transfer ID: {transfer_id})")


class TransferInProgress(Refused):
    slug = "transfer-in-progress"

    def __init__(self, transfer_id: int) -> None:
        super().__init__(f"Transfer already in progress (Transfer ID: {transfer_id})")


class SameWorkstation(Refused):
    slug = "same-workstation"
    detail = "Target workstation must be different from current workstation"


class TransferNotPending(Refused):
    slug = "transfer-not-pending"

    def __init__(self, status: str) -> None:
        super().__init__(f"Transfer must be pending, current status: {status}")


class MigrationFailed(Refused):
    slug = "migration-failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"State migration failed: {reason}")


class ExamNotAvailable(Refused):
    slug = "exam-not-available"
    detail = "Exam is not available for attempts"


class NoAttemptsLeft(Refused):
    slug = "no-attempts-left"
    detail = "Maximum number of attempts reached for this exam"


class CannotResume(Refused):
    slug = "cannot-resume"

    def __init__(self, status: str) -> None:
        super().__init__(f"Cannot resume attempt with status: {status}")


class TimeRanOut(Refused):
    slug = "time-ran-out"
    detail = "Attempt time has expired. It has been auto-submitted."


class WorkstationBound(Refused):
    slug = "workstation-bound"
    detail = "Workstation change requires an approved transfer"


class WaitingForAuthorisation(Conflict):
    """The student is in the lobby; `attempt_id` lets a start that made the attempt find it."""

    slug = "waiting-for-authorisation"
    detail = "Waiting for authorisation by a proctor"

    def __init__(self, attempt_id: int) -> None:
        super().__init__(members={"attempt_id": attempt_id})


class Outpaced(Conflict):
    """A colleague was faster; whoever comes second is told who, by name where it is known."""

    done: str

    def __init__(self, by_id: int | None, name: str = "", **members: str | None) -> None:
        self.by_id, self._members = by_id, members
        by = "" if by_id is None else f", by {name or f'user {by_id}'}"
        super().__init__(
            f"Attempt is {self.done} already{by}",
            members={f"{self.done}_by_id": by_id, **members},
        )

    def named(self, name: str) -> "Outpaced":
        """Return the same, said with the colleague's name."""
        return type(self)(self.by_id, name, **self._members)


class AlreadyAuthorised(Outpaced):
    slug = "already-authorised"
    done = "authorised"


class AlreadyPaused(Outpaced):
    slug = "already-paused"
    done = "paused"


class AlreadyCancelled(Outpaced):
    slug = "already-cancelled"
    done = "cancelled"


class OtherDevice(Conflict):
    slug = "other-device"
    detail = "Attempt is open on another device"


class NoDevice(Conflict):
    slug = "no-device"
    detail = "Attempt is used by no device"


class AttemptPaused(Refused):
    slug = "attempt-paused"
    detail = "Attempt is paused"


class CannotSteer(Conflict):
    """A proctor came too late: the attempt is in a status that the deed does not start from."""

    slug = "cannot-steer"

    def __init__(self, deed: str, status: str) -> None:
        super().__init__(f"Cannot {deed} attempt with status: {status}")


class TimeIsUp(Conflict):
    slug = "time-is-up"
    detail = "Attempt time has expired"


class NotPaused(Conflict):
    slug = "not-paused"
    detail = "Attempt is not paused"


class AlreadyResumed(Outpaced):
    slug = "already-resumed"
    done = "resumed"


class NotDone(Conflict):
    slug = "not-done"
    detail = "Nothing was done to the attempt under this key"


class StillSitting(Conflict):
    slug = "still-sitting"
    detail = "The person has an attempt that has not ended; end it first, nothing was erased"


class AlreadyReopened(Conflict):
    slug = "already-reopened"

    def __init__(self, attempt_id: int) -> None:
        super().__init__(f"Attempt has been reopened already. Attempt ID: {attempt_id}")


class NoTimeLeft(Refused):
    slug = "no-time-left"
    detail = "No time is left to carry over; give extra_seconds"


class InvalidAllowance(Invalid):
    slug = "invalid-allowance"


class AllowanceNotFound(NotFound):
    slug = "allowance-not-found"
    detail = "Allowance not found"


class OutageNotFound(NotFound):
    slug = "outage-not-found"
    detail = "Outage not found"


class OutageDecided(Conflict):
    """Somebody, or the exam's policy, has decided it."""

    slug = "outage-decided"

    def __init__(self, state: str) -> None:
        super().__init__(f"Outage is {state} already")


class InvalidOutagePolicy(Invalid):
    slug = "invalid-outage-policy"


class RubricNotFound(NotFound):
    slug = "rubric-not-found"
    detail = "Rubric not found"


class RubricFrozen(Conflict):
    slug = "rubric-frozen"
    detail = "Rubric is in use and can no longer be changed"


class NoRubric(Conflict):
    slug = "no-rubric"
    detail = "The question has no rubric in this exam"


class NotMarkedByHand(Conflict):
    slug = "not-marked-by-hand"
    detail = "The question is not marked by a person"


class SameGrader(Conflict):
    slug = "same-grader"
    detail = "You have marked this answer already; somebody else must do it now"


class MarkedTwice(Conflict):
    slug = "marked-twice"
    detail = "Two people have marked this answer already"


class NothingToModerate(Conflict):
    slug = "nothing-to-moderate"
    detail = "Nothing is to be decided here: two markings that differ, or a graded attempt"


class InvalidRating(Invalid):
    """The levels chosen do not fit the rubric; every flaw is named."""

    slug = "invalid-rating"

    def __init__(self, flaws: Sequence[FieldError]) -> None:
        text = "; ".join(f"{flaw.pointer}: {flaw.message}" for flaw in flaws)
        super().__init__(text, errors=flaws)


class InvalidCorrection(Invalid):
    """The corrected key does not fit the question."""

    slug = "invalid-correction"


class NotSatYet(Conflict):
    slug = "not-sat-yet"
    detail = "Exam has no attempts yet; change the question itself"


class CannotRegrade(Conflict):
    slug = "cannot-regrade"

    def __init__(self, status: str) -> None:
        super().__init__(f"Cannot regrade attempt with status: {status}")
