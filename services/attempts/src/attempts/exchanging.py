"""Deeds that take questions in from files of other systems, and give an exam out as a package.

Blocking: for worker threads. What a file means is decided in `exchange`; here it becomes rows, all
or none of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chassis.database import Database
from chassis.errors import FieldError
from sqlalchemy.orm import Session

from attempts import auditing
from attempts.drafting import NOBODY, Author
from attempts.errors import ExamNotFound, ImageNotFound, InvalidPackage, QuestionBankNotFound
from attempts.exam import Sight
from attempts.exchange import gift, package, writing
from attempts.exchange.dialect import QtiVersion
from attempts.exchange.findings import MOST_FLAWS, Finding
from attempts.exchange.item import Draft
from attempts.exchange.package import Flawed, Taken
from attempts.question import Image
from attempts.store import content, exams, images


class Exchanging:
    """Takes in and gives out."""

    def __init__(self, database: Database) -> None:
        """Share the service's database."""
        self._database = database

    def import_package(self, bank_id: int, file: bytes, author: Author = NOBODY) -> Taken:
        """Store the questions and images of a QTI package, all or none of them."""
        return self._import(package.read, "qti", bank_id, file, author)

    def import_gift(self, bank_id: int, file: bytes, author: Author = NOBODY) -> Taken:
        """Store the questions of a GIFT file, all or none of them."""
        return self._import(gift.read, "gift", bank_id, file, author)

    def export(self, exam_id: int, version: QtiVersion) -> bytes:
        """Return an exam as a QTI package, keys included."""
        with self._database.transaction() as session:
            exam = exams.exam(session, exam_id)
            if exam is None:
                raise ExamNotFound
            paper = exams.paper(session, exam)
            shown = {image.sha256 for question in paper.questions for image in question.images}
            contents = images.contents(session, shown)
        return writing.write(paper, contents, version)

    def image(self, question_id: int, sha256: str, seen_by: Sight | None) -> tuple[Image, bytes]:
        """Return an image of a question to whoever may see the question, None sees all."""
        with self._database.transaction() as session:
            question = exams.question(session, question_id, seen_by=seen_by, is_in_exam=True)
            for image in question.images if question is not None else ():
                if image.sha256 == sha256:
                    return image, images.contents(session, [sha256])[sha256]
        raise ImageNotFound

    def _import(
        self,
        read: Callable[[bytes], Taken],
        kind: str,
        bank_id: int,
        file: bytes,
        author: Author,
    ) -> Taken:
        try:
            taken = read(file)
        except Flawed as error:
            raise InvalidPackage(_told(error.flaws)) from error
        with self._database.transaction() as session:
            if not content.lock_question_bank(session, bank_id):
                raise QuestionBankNotFound
            _store(session, bank_id, taken.drafts)
            entry = author.entry(
                "questions_imported",
                "Questions imported",
                question_bank_id=bank_id,
                imported=len(taken.drafts),
                format=kind,
            )
            auditing.add(session, entry)
        return taken


def _store(session: Session, bank_id: int, drafts: Sequence[Draft]) -> None:
    rows = [{**draft.fields, "question_bank_id": bank_id} for draft in drafts]
    ids = content.add_questions(session, rows)
    pictures = {shown.picture.sha256: shown.picture for draft in drafts for shown in draft.shown}
    images.add(session, [vars(picture) for picture in pictures.values()])
    images.show(session, [row for pair in zip(ids, drafts, strict=True) for row in _shown(*pair)])


def _shown(question_id: int, draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "question_id": question_id,
            "number": number,
            "sha256": shown.picture.sha256,
            "alternative": shown.alternative,
        }
        for number, shown in enumerate(draft.shown, start=1)
    ]


def _told(flaws: Sequence[Finding]) -> list[FieldError]:
    told = [FieldError("/file", str(flaw)) for flaw in flaws[:MOST_FLAWS]]
    is_all = len(flaws) < MOST_FLAWS
    return told if is_all else [*told, FieldError("/file", "nothing behind these was looked at")]
