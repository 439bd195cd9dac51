"""The legal hold: of which attempts nothing may be erased yet, for whoever erases.

To be sure that no review opens between the question and the erasure, lock the attempts' tallies
first (`proctoring.store.lock_tallies`), as the opening of a review does.
"""

from collections.abc import Collection

from sqlalchemy.orm import Session

from proctoring.review import store


def held(session: Session, attempt_ids: Collection[int]) -> set[int]:
    """Return the attempts with a review or an appeal that is undecided or may still be appealed.

    Blocking, inside the caller's transaction; the database's clock decides.
    """
    return store.held(session, attempt_ids) if attempt_ids else set()
