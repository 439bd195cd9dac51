"""Takes over the rows of the legacy portal or of the demo: once or again, in one transaction.

What an import has done is in its report. Attempts that have begun here are never touched again,
and neither are their answers.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chassis.importing import ImportRefused, Progress, Report, Rows
from sqlalchemy.orm import Session

from attempts import legacy
from attempts.legacy import Columns, UnusableRow, Window
from attempts.store import audit
from attempts.store import importing as store

_OTHERWISE = {"audit_logs", "question_rubrics"}
"""Taken, though no table of ours holds their rows as they come."""


def load(
    session: Session,
    rows: Rows,
    report: Report,
    progress: Progress,
    *,
    keep_windows: bool,
    now: datetime,
) -> None:
    """Write `rows`; raise `ImportRefused` when one of them cannot be taken."""
    taking = _Import(session, rows, report, progress, now, keep_windows=keep_windows)
    try:
        taking.run()
    except UnusableRow as error:
        raise ImportRefused(str(error)) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ImportRefused(f"A row lacks a column or one is of a strange kind: {error}") from error


class _Import:
    """One import on its way through the tables."""

    def __init__(
        self,
        session: Session,
        rows: Rows,
        report: Report,
        progress: Progress,
        now: datetime,
        *,
        keep_windows: bool,
    ) -> None:
        self._session = session
        self._rows = rows
        self._report = report
        self._progress = progress
        self._now = now
        self._keep_windows = keep_windows
        self._changes: Counter[str] = Counter()
        self._total = sum(len(found) for found in rows.values())
        self._done = 0

    def run(self) -> None:
        """Take the tables in the order of their dependencies."""
        now = self._now
        self._take("trades", lambda row: legacy.trade(row, now))
        self._take("question_banks", lambda row: legacy.question_bank(row, now))
        self._take("questions", lambda row: legacy.question(row, now, self._changes))
        self._write("exams", self._exams())
        self._write("exam_questions", self._links())
        self._attempts()
        self._transfers()
        self._rubrics()
        self._audit()
        store.set_sequences(self._session)
        for table in sorted(self._rows.keys() - store.TABLES.keys() - _OTHERWISE):
            self._leave(f"{table}: not kept by this service", len(self._rows[table]))
        self._report.changed += [f"{what} ({n})" for what, n in sorted(self._changes.items())]

    def _take(self, table: str, convert: Callable[[Mapping[str, Any]], Columns]) -> None:
        self._write(table, [convert(row) for row in self._rows.get(table, ())])

    def _write(self, table: str, rows: list[Columns]) -> None:
        if table in self._rows:
            self._report.imported[table] = len(rows)
        store.upsert(self._session, table, rows, self._advance)

    def _exams(self) -> list[Columns]:
        codes = store.trade_codes(self._session)
        stored = store.exam_windows(self._session)
        exams = [
            legacy.exam(row, self._now, codes.get(row["trade_id"], "EXAM"), self._changes)
            for row in self._rows.get("exams", ())
        ]
        if not self._keep_windows:
            for exam in exams:
                self._move_window(exam, stored.get(exam["id"]))
        return exams

    def _move_window(
        self, exam: Columns, stored: tuple[datetime | None, datetime | None] | None
    ) -> None:
        window = Window(exam["start_time"], exam["end_time"])
        before = Window(*stored) if stored else None
        moved = legacy.moved_window(window, before, self._now)
        if moved is not None:
            exam["start_time"], exam["end_time"] = moved.start, moved.end
            when = "an earlier" if moved == before else "this"
            self._changes[f"exams: a window that had ended begins at {when} import"] += 1

    def _links(self) -> list[Columns]:
        links = [legacy.link(row, self._now) for row in self._rows.get("exam_questions", ())]
        return self._known(
            "exam_questions", links, {"exam_id": "exams", "question_id": "questions"}
        )

    def _attempts(self) -> None:
        """Take attempts with their answers; whatever has begun here stays as it is."""
        begun = store.begun_attempt_ids(self._session)
        durations = store.exam_durations(self._session)
        answers = self._answers(begun)
        by_attempt: dict[int, list[Columns]] = defaultdict(list)
        for answer in answers:
            by_attempt[answer["attempt_id"]].append(answer)
        found = self._rows.get("student_attempts", [])
        salts = store.salts(self._session)
        fresh = [_with_salt(row, salts) for row in found if row["id"] not in begun]
        self._leave("student_attempts: begun here already, kept", len(found) - len(fresh))
        fresh = self._known("student_attempts", fresh, {"exam_id": "exams"})
        attempts = [
            legacy.attempt(
                row, self._now, by_attempt[row["id"]], durations[row["exam_id"]], self._changes
            )
            for row in fresh
        ]
        legacy.one_running_each(attempts, self._changes)
        self._write("student_attempts", attempts)
        store.recompute_total_marks(self._session, [attempt["id"] for attempt in attempts])
        known = {"attempt_id": "student_attempts", "question_id": "questions"}
        self._write("student_answers", self._known("student_answers", answers, known))
        store.keep_first_grades(self._session, [attempt["id"] for attempt in attempts])

    def _transfers(self) -> None:
        """Take transfers as history; one whose id is held here already stays as it is."""
        found = [legacy.transfer(row) for row in self._rows.get("transfers", ())]
        held = store.ids(self._session, "transfers")
        fresh = [row for row in found if row["id"] not in held]
        self._leave("transfers: here already, kept", len(found) - len(fresh))
        fresh = self._known("transfers", fresh, {"attempt_id": "student_attempts"})
        legacy.one_open_each(fresh, store.attempts_in_transfer(self._session), self._changes)
        self._write("transfers", fresh)

    def _rubrics(self) -> None:
        """Take rubrics with criteria and levels; what is held here under the same id stays."""
        rows, changes = self._rows, self._changes
        self._write("rubrics", self._new("rubrics", lambda row: legacy.rubric(row, self._now)))
        levels = self._new("rubric_levels", lambda row: legacy.level(row, changes))
        by_criterion: dict[int, list[Columns]] = defaultdict(list)
        for level in levels:
            by_criterion[level["criterion_id"]].append(level)
        made = self._new(
            "rubric_criteria", lambda row: legacy.criterion(row, by_criterion[row["id"]], changes)
        )
        criteria = [criterion for criterion in made if criterion is not None]
        self._leave("rubric_criteria: worth nothing", len(made) - len(criteria))
        criteria = self._known("rubric_criteria", criteria, {"rubric_id": "rubrics"})
        self._write("rubric_criteria", criteria)
        known = {"criterion_id": "rubric_criteria"}
        self._write("rubric_levels", self._known("rubric_levels", levels, known))
        found = self._known(
            "question_rubrics", rows.get("question_rubrics", []), {"rubric_id": "rubrics"}
        )
        pairs = [(row["question_id"], row["rubric_id"]) for row in found]
        count = store.attach_rubrics(self._session, pairs)
        if "question_rubrics" in rows:
            self._report.imported["question_rubrics"] = count

    def _audit(self) -> None:
        """Take the portal's audit as history: a chain of its own, each entry once."""
        found = self._rows.get("audit_logs", [])
        held = audit.imported_ids(self._session) if found else set()
        fresh = [legacy.logged(row) for row in found if row["id"] not in held]
        self._leave("audit_logs: here already, kept", len(found) - len(fresh))
        audit.append(self._session, fresh)
        self._advance(len(fresh))
        if found:
            self._report.imported["audit_logs"] = len(fresh)

    def _new(self, table: str, convert: Callable[[Mapping[str, Any]], Any]) -> list[Any]:
        """Return the rows of a table whose ids are not held here yet."""
        found = self._rows.get(table, [])
        held = store.ids(self._session, table) if found else set()
        fresh = [convert(row) for row in found if row["id"] not in held]
        self._leave(f"{table}: here already, kept", len(found) - len(fresh))
        return fresh

    def _answers(self, begun: set[int]) -> list[Columns]:
        found = self._rows.get("student_answers", [])
        fresh = [legacy.answer(row, self._now) for row in found if row["attempt_id"] not in begun]
        self._leave("student_answers: of attempts begun here already", len(found) - len(fresh))
        kept = legacy.newest_of_each(fresh, self._changes)
        self._renumber(kept)
        return kept

    def _renumber(self, answers: list[Columns]) -> None:
        """Give a new id to answers whose own is held by another answer here."""
        owners = store.answer_owners(self._session, [answer["id"] for answer in answers])
        taken = [
            answer
            for answer in answers
            if owners.get(answer["id"], (answer["attempt_id"], answer["question_id"]))
            != (answer["attempt_id"], answer["question_id"])
        ]
        if taken:
            fresh = store.next_answer_ids(self._session, len(taken))
            for answer, new_id in zip(taken, fresh, strict=True):
                answer["id"] = new_id
            self._changes["student_answers: given a new id"] += len(taken)

    def _known(self, table: str, rows: list[Any], references: Mapping[str, str]) -> list[Any]:
        """Leave out rows that refer to something unknown."""
        for column, target in references.items():
            known = store.ids(self._session, target)
            kept = [row for row in rows if row[column] in known]
            self._leave(f"{table}: {column} is unknown", len(rows) - len(kept))
            rows = kept
        return rows

    def _leave(self, what: str, count: int) -> None:
        if count:
            self._done += count
            self._report.left.append(f"{what} ({count})")

    def _advance(self, count: int) -> None:
        self._done += count
        self._progress(min(self._done, self._total), self._total)


def _with_salt(row: dict[str, Any], salts: Mapping[int, str]) -> dict[str, Any]:
    """Keep the salt that the attempt has here already."""
    stored = salts.get(row["id"])
    return row if stored is None else row | {"encryption_salt": stored}
