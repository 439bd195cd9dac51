"""Exams as students read them: printed once for each edition, laid out for each attempt (ADR 58).

When an exam begins, a hall asks for the same questions at the same moment. They are read and made
JSON once; who comes afterwards costs one statement, which says whether he may see the exam, and
whether it is still the same. No answer key is in what is kept.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chassis.database import Database
from pydantic import TypeAdapter

from attempts.errors import ExamNotFound
from attempts.exam import ExamPaper, Sight
from attempts.question import Question, without_key
from attempts.reading import Reading
from attempts.schemas.exams import ExamBody, QuestionBody
from attempts.shuffling import options_shown, order_shown
from attempts.store import showing

LIFE_SECONDS = 60.0
"""After which an exam is printed anew: what somebody wrote past this service is seen then."""
MOST_BYTES = 32 * 2**20
_OPTIONS = b'"options":null'
_TEXTS = TypeAdapter(dict[str, str])


@dataclass(frozen=True)
class _Piece:
    """One question in JSON, without its key; open where options that move would stand."""

    question: Question
    before: bytes
    after: bytes = b""

    @property
    def size(self) -> int:
        return len(self.before) + len(self.after)

    def laid_out(self, attempt_id: int) -> bytes:
        if not self.after:
            return self.before
        options = _TEXTS.dump_json(dict(options_shown(self.question, attempt_id)))
        return b"".join((self.before, b'"options":', options, self.after))


@dataclass(frozen=True)
class Printed:
    """An exam's page: as it stands, and in pieces for attempts that see it in another order."""

    head: bytes
    pieces: tuple[_Piece, ...]
    plain: bytes
    """The exam as whoever has no attempt sees it."""
    moves_questions: bool
    moves_options: bool

    @property
    def size(self) -> int:
        return len(self.plain) + sum(piece.size for piece in self.pieces)

    def laid_out(self, attempt_id: int | None) -> bytes:
        """Return the JSON of `ExamWithQuestionsBody` as this attempt shows it."""
        if attempt_id is None or not (self.moves_questions or self.moves_options):
            return self.plain
        pieces = self.pieces
        if self.moves_questions:
            pieces = order_shown(pieces, attempt_id, _id)
        return _page(self.head, [piece.laid_out(attempt_id) for piece in pieces])


def printed(paper: ExamPaper) -> Printed:
    """Print a paper as it stands in the exam, without any key."""
    exam = paper.exam
    head = ExamBody.of(exam).model_dump_json().encode()
    whole = [_whole(question) for question in paper.questions]
    pieces = [_Piece(without_key(q), text) for q, text in zip(paper.questions, whole, strict=True)]
    if exam.shuffle_options:
        pieces = [_open(q, piece) for q, piece in zip(paper.questions, pieces, strict=True)]
    return Printed(
        head, tuple(pieces), _page(head, whole), exam.shuffle_questions, exam.shuffle_options
    )


class Papers:
    """Prints exams, and keeps what was printed while it is the exam's current edition."""

    def __init__(
        self,
        database: Database,
        reading: Reading,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """At most `most_bytes` are kept; who was not asked for longest goes."""
        self._database = database
        self._reading = reading
        self._clock = clock
        self._most = most_bytes
        self._kept: OrderedDict[tuple[int, str], tuple[float, Printed]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def shown(self, exam_id: int, sight: Sight) -> bytes:
        """Return the JSON of an exam to somebody who sees no keys. Blocking.

        Raises `ExamNotFound`, also when he may not see it.
        """
        with self._database.single() as connection:
            look = showing.look(connection, exam_id, sight)
        if look is None:
            raise ExamNotFound
        key = exam_id, look.edition
        found = self._found(key)
        if found is None:
            # Read behind the look: never older than the edition that it is kept for.
            found = printed(self._reading.paper(exam_id))
            self._keep(key, found)
        return found.laid_out(look.layout_id)

    def _found(self, key: tuple[int, str]) -> Printed | None:
        with self._lock:
            printed_at, found = self._kept.get(key, (0.0, None))
            if found is None:
                return None
            if self._clock() - printed_at >= LIFE_SECONDS:
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return found

    def _keep(self, key: tuple[int, str], found: Printed) -> None:
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = self._clock(), found
            self._size += found.size
            while self._size > self._most:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[int, str]) -> None:
        _, gone = self._kept.pop(key)
        self._size -= gone.size


def _id(piece: _Piece) -> int:
    return piece.question.id


def _whole(question: Question) -> bytes:
    return QuestionBody.in_exam(question).model_dump_json().encode()


def _open(question: Question, piece: _Piece) -> _Piece:
    """Open a question where its options stand; one whose options stay is whole."""
    if not options_shown(question, 0):
        return piece
    body = QuestionBody.in_exam(question).model_copy(update={"options": None})
    before, _, after = body.model_dump_json().encode().partition(_OPTIONS)
    return _Piece(piece.question, before, after)


def _page(head: bytes, questions: Iterable[bytes]) -> bytes:
    return b"".join((head[:-1], b',"questions":[', b",".join(questions), b"]}"))
