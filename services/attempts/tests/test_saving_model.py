"""Any groups of saves, on a real database, do what the model says that they do one by one."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from attempts.answer import Answer, Save
from attempts.attempt import Status
from attempts.progress import Met, Refused, Saved, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@dataclass(frozen=True)
class Told:
    """What a client learns of a save that stands, but for the times."""

    questions_answered: int
    revision: int
    sha256: str


@dataclass
class Model:
    """Attempts with their answers; all are within their time."""

    students: dict[int, int]
    statuses: dict[int, Status]
    members: set[int]
    answers: dict[tuple[int, int], Answer] = field(default_factory=dict)
    told: dict[tuple[int, str], Told] = field(default_factory=dict)
    notices: list[tuple[Any, ...]] = field(default_factory=list)

    def take(self, save: Save) -> Told | Refused:
        """Apply one save, or say why not."""
        is_own = self.students.get(save.attempt_id) == save.student_id
        message = (save.attempt_id, save.message_id or "")
        if is_own and message in self.told:
            return self.told[message]
        status = self.statuses.get(save.attempt_id)
        is_member = save.question_id in self.members
        if not is_own or status is not Status.IN_PROGRESS or not is_member:
            return refusal(Met(is_own, status, False, False, is_member))
        return self._apply(save)

    def flags(self, attempt_id: int) -> list[int]:
        return sorted(a.question_id for a in self._of(attempt_id) if a.is_flagged)

    def _of(self, attempt_id: int) -> list[Answer]:
        return [a for (attempt, _), a in self.answers.items() if attempt == attempt_id]

    def _apply(self, save: Save) -> Told:
        key = (save.attempt_id, save.question_id)
        old = self.answers.get(key)
        self.answers[key] = new = after(old, save)
        count = sum(answer.is_answered for answer in self._of(save.attempt_id))
        if new != old or save.is_flag_only:
            kind = "flag" if save.is_flag_only else "answer"
            self.notices.append((*key, kind, count, self.flags(save.attempt_id)))
        told = Told(count, new.revision, new.sha256)
        if save.message_id is not None:
            self.told[save.attempt_id, save.message_id] = told
        return told


def after(stored: Answer | None, save: Save) -> Answer:
    """Return the answer after `save`: null keeps the value, time adds up."""
    old = stored or Answer(save.attempt_id, save.question_id)
    new = replace(
        old,
        value=old.value if save.value is None else save.value,
        is_flagged=save.is_flagged,
        time_spent_seconds=old.time_spent_seconds + save.time_spent_seconds,
        sequence=old.sequence if save.is_flag_only else save.sequence,
    )
    if stored is None or _words(new) != _words(stored):
        return replace(new, revision=old.revision + 1)
    return new if save.time_spent_seconds else stored


def _words(answer: Answer) -> tuple[str, bool]:
    return json.dumps(answer.value), answer.is_flagged  # in Python, 1 == True


MINE, CLOSED, UNKNOWN = 0, 1, 2
VALUES = [None, None, "", [], "a", ["b", "c"], False, 0, 1, True, 1.0, {"b": 1, "a": "{}"}, "{x} ä"]
SAVES = st.builds(
    Save,
    attempt_id=st.sampled_from([MINE, MINE, MINE, MINE, CLOSED, UNKNOWN]),
    student_id=st.sampled_from([101, 101, 101, 101, 102]),
    question_id=st.sampled_from([11, 12, 13, 15]),
    value=st.sampled_from(VALUES),
    is_flagged=st.booleans(),
    time_spent_seconds=st.sampled_from([0, 0, 1, 7]),
    sequence=st.integers(0, 9),
    message_id=st.sampled_from([None, None, None, "m1", "m2"]),
)
FLAGS = st.builds(
    Save,
    attempt_id=st.just(MINE),
    student_id=st.just(101),
    question_id=st.sampled_from([11, 12]),
    is_flagged=st.booleans(),
    is_flag_only=st.just(True),
)
GROUPS = st.lists(st.lists(SAVES | FLAGS, max_size=6), min_size=1, max_size=5)


@pytest.mark.contract("9.1/save/replaces", "9.1/save/null", "9.1/save/lower-sequence")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GROUPS)
def test_groups_of_saves_do_what_the_model_does_save_by_save(world, groups):
    world.sweep()
    ids = [world.attempt(), world.attempt("graded"), 2**40]
    model = Model(
        dict.fromkeys(ids[:2], world.student),
        {ids[MINE]: Status.IN_PROGRESS, ids[CLOSED]: Status.GRADED},
        {world.choice, world.several, world.truth},
    )
    for group in groups:
        saves = [replace(save, attempt_id=ids[save.attempt_id]) for save in group]
        outcomes = world.saving.save_all(saves)
        assert [told(outcome) for outcome in outcomes] == [model.take(save) for save in saves]
    assert stored(world) == {key: words(answer) for key, answer in model.answers.items()}
    row = world.row(ids[MINE])
    assert row["questions_flagged"] == model.flags(ids[MINE])
    assert row["questions_answered"] == sum(a.is_answered for a in model.answers.values())
    assert announced(world) == model.notices


def told(outcome: Any) -> Any:
    if not isinstance(outcome, Saved):
        return outcome
    receipt = outcome.receipt
    return Told(receipt.questions_answered, receipt.revision, receipt.sha256)


def stored(world) -> dict[tuple[int, int], Any]:
    rows = world.run(
        "SELECT attempt_id, question_id, answer, is_flagged, time_spent_seconds,"
        " answer_sequence, revision FROM attempts.answers"
    )
    return {
        (r["attempt_id"], r["question_id"]): (
            json.dumps(r["answer"]),
            r["is_flagged"],
            r["time_spent_seconds"],
            r["answer_sequence"],
            r["revision"],
        )
        for r in rows
    }


def words(answer: Answer) -> tuple[str, bool, int, int, int]:
    return (
        json.dumps(answer.value),
        answer.is_flagged,
        answer.time_spent_seconds,
        answer.sequence,
        answer.revision,
    )


def announced(world) -> list[tuple[Any, ...]]:
    parts = ("question_id", "kind", "questions_answered", "questions_flagged")
    notes = world.notes("answer_saved")
    return [(note["attempt_id"], *(note["data"][part] for part in parts)) for note in notes]
