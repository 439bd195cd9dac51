"""Statements on the images of questions: bytes once by SHA-256, and who shows which.

An image lives as long as a question shows it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from attempts.question import Image
from attempts.tables import ImageRow, QuestionImageRow


def add(session: Session, images: Sequence[Mapping[str, Any]]) -> None:
    """Store images (sha256, media_type, content); those that are there stay, and stay alive."""
    if not images:
        return
    statement = postgresql.insert(ImageRow)
    # Written, not passed over: the row is locked, so nobody forgets it before it is shown.
    again = {"media_type": statement.excluded.media_type}
    ordered = sorted(images, key=lambda image: str(image["sha256"]))
    session.execute(
        statement.on_conflict_do_update(index_elements=[ImageRow.sha256], set_=again), ordered
    )


def show(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let questions show images (question_id, number, sha256, alternative)."""
    if rows:
        session.execute(insert(QuestionImageRow), list(rows))


def of_questions(session: Session, question_ids: Iterable[int]) -> dict[int, tuple[Image, ...]]:
    """Return the images of the questions that have some, in the order of their numbers."""
    row = QuestionImageRow
    query = (
        select(row.question_id, row.number, row.sha256, ImageRow.media_type, row.alternative)
        .join(ImageRow, ImageRow.sha256 == row.sha256)
        .where(row.question_id.in_(set(question_ids)))
        .order_by(row.question_id, row.number)
    )
    found: dict[int, list[Image]] = defaultdict(list)
    for question_id, number, sha256, media_type, alternative in session.execute(query):
        found[question_id].append(Image(number, sha256, media_type, alternative))
    return {question_id: tuple(images) for question_id, images in found.items()}


def contents(session: Session, hashes: Collection[str]) -> dict[str, bytes]:
    """Return the bytes of images by their SHA-256."""
    query = select(ImageRow.sha256, ImageRow.content).where(ImageRow.sha256.in_(set(hashes)))
    return {row.sha256: row.content for row in session.execute(query)}


def forget_unseen(session: Session, hashes: Collection[str]) -> None:
    """Delete those of the images that no question shows any more."""
    named = ImageRow.sha256.in_(set(hashes))
    session.execute(
        select(ImageRow.sha256).where(named).order_by(ImageRow.sha256).with_for_update()
    )
    # A statement of its own: it sees what was shown while the rows were waited for.
    is_shown = exists().where(QuestionImageRow.sha256 == ImageRow.sha256)
    session.execute(delete(ImageRow).where(named, ~is_shown))
