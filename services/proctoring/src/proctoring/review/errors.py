"""What can go wrong with a review; the words say what to do."""

from datetime import datetime

from chassis.errors import Conflict, Forbidden, Invalid, NotFound


class ReviewNotFound(NotFound):
    """There is none, or none that this caller may know of."""

    slug = "review-not-found"
    detail = "Review not found"


class OwnAttempt(Forbidden):
    slug = "own-attempt"
    detail = "Nobody reviews an attempt of his own; ask a colleague"


class ForeignGrounds(Invalid):
    slug = "foreign-grounds"

    def __init__(self, event_ids: list[int]) -> None:
        named = ", ".join(str(each) for each in event_ids[:20])
        super().__init__(f"These are no events of the attempt: {named}")


class SamePerson(Conflict):
    """The heart of an appeal: it is decided by somebody who has not judged the matter yet."""

    slug = "same-person"
    detail = (
        "You have opened or decided this review; another person must decide on the appeal against"
        " it"
    )


class NotAppealed(Conflict):
    slug = "not-appealed"
    detail = "No appeal waits for a decision here"


class NothingToAppeal(Conflict):
    slug = "nothing-to-appeal"
    detail = "The decision is in your favour; there is nothing to appeal against"


class AlreadyAppealed(Conflict):
    slug = "already-appealed"
    detail = "You have appealed already; a decision can be appealed against once"


class AppealTooLate(Conflict):
    slug = "appeal-too-late"

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"The time for an appeal ended on {until:%Y-%m-%d at %H:%M} UTC; please turn to the"
            " institution that holds the exam",
            members={"appeal_until": _z(until)},
        )


class Overtaken(Conflict):
    """The review changed between reading and writing, and nobody can be named for it."""

    slug = "overtaken"
    detail = "The review was changed by others at the same moment. Please look at it and try again."
    retry_after_seconds = 1


class Outpaced(Conflict):
    """A colleague was faster; whoever comes second is told who and when."""

    words: str
    done: str

    def __init__(self, review_id: int, by_id: int, at: datetime, name: str = "") -> None:
        self.review_id, self.by_id, self.at = review_id, by_id, at
        super().__init__(
            f"{self.words} already, by {name or f'user {by_id}'}",
            members={
                "review_id": review_id,
                f"{self.done}_by_id": by_id,
                f"{self.done}_at": _z(at),
            },
        )

    def named(self, name: str) -> "Outpaced":
        """Return the same, said with the colleague's name."""
        return type(self)(self.review_id, self.by_id, self.at, name)


class ReviewUnfinished(Outpaced):
    slug = "review-unfinished"
    words = "A review of this attempt is open"
    done = "opened"


class AlreadyDecided(Outpaced):
    slug = "already-decided"
    words = "The review is decided"
    done = "decided"


class AppealAlreadyDecided(Outpaced):
    slug = "appeal-already-decided"
    words = "The appeal is decided"
    done = "decided"


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
