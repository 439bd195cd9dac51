"""Any order of deeds leads where a small model says (contract §9.1)."""

import contextlib

import pytest
from attempts.allowance import Grant
from attempts.allowing import Allowing
from attempts.answer import Save
from attempts.authorising import Authorising
from attempts.order import Order
from attempts.progress import Saved
from attempts.steering import Steering
from chassis.errors import Failure
from chassis.origins import NOWHERE
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

STEPS = ["begin", "save", "submit", "expire", "collect", "pass_deadline", "pass_grace"]
STEERED = ["cancel", "pause", "unpause", "extend", "authorise"]
STEPS += STEERED
ORDER = {"by_id": 9, "reason": "fire alarm", "origin": NOWHERE}
MORE = Grant(60, None, "fire alarm", 9)
FINISHED = {"submitted", "graded"}
ORDERS = st.builds(
    lambda before, after: [*before, "begin", *after],
    st.lists(st.sampled_from([*STEPS, "authorise", "begin"]), max_size=3),
    st.lists(st.sampled_from(STEPS), min_size=4, max_size=10),
)
"""Most of what may happen to an attempt happens after its begin."""


class Model:
    """What is known about one attempt without looking into the database."""

    def __init__(self, *, is_written: bool, has_lobby: bool = False) -> None:
        self.status, self.moves, self.age = "not_started", 0, "young"
        self.is_answered, self.is_written = False, is_written
        self.version, self.is_paused = 1, False
        self.has_lobby, self.is_authorised = has_lobby, False

    def _move(self, status: str) -> None:
        self._unpause()
        self.status, self.moves, self.version = status, self.moves + 1, self.version + 1

    def _unpause(self) -> None:
        self.version, self.is_paused = self.version + self.is_paused, False

    def _steer(self, name: str) -> bool:
        is_young = self.status == "in_progress" and self.age == "young"
        match name:
            case "cancel" if self.status not in {"graded", "cancelled"}:
                self._move("cancelled")
            case "pause" if is_young and not self.is_paused:
                self.is_paused, self.version = True, self.version + 1
            case "unpause" if self.is_paused:
                self._unpause()
            case "authorise" if self.is_new and not self.is_authorised:
                self.is_authorised, self.version = True, self.version + 1
            case "extend" if is_young or self.status == "not_started":
                self.version += 1
            case _:
                return False
        return True

    def _finish(self) -> None:
        self._move("submitted" if self.is_written and self.is_answered else "graded")

    def step(self, name: str) -> bool:
        """Take a step; say whether it is granted."""
        return self._steer(name) if name in STEERED else self._go(name)

    def _go(self, name: str) -> bool:
        running = self.status == "in_progress"
        match name:
            case "begin":
                if self.is_new and (self.is_authorised or not self.has_lobby):
                    self._move("in_progress")
                return self.status == "in_progress"
            case "save" if running and self.age == "young" and not self.is_paused:
                self.is_answered = True
            case "save":
                return False
            case "submit" if self.status in {"in_progress", "expired"}:
                self._finish()
            case "submit":
                return self.status in FINISHED
            case "expire" if running and self.age != "young":
                self._move("expired")
            case "collect" if self.status == "expired" and self.age == "old":
                self._finish()
            case "pass_deadline" | "pass_grace" if not (self.is_new or self.is_paused):
                self._grow_older(name)
        return True

    @property
    def is_new(self) -> bool:
        return self.status == "not_started"

    def _grow_older(self, name: str) -> None:
        if name == "pass_grace":
            self.age = "old"
        elif self.age == "young":
            self.age = "late"


def act(world, attempt_id: int, question_id: int, name: str) -> bool:
    """Do the same for real; say whether it was granted."""
    deeds = {
        "begin": lambda: world.lifecycle.begin(attempt_id, world.student),
        "submit": lambda: world.lifecycle.submit(attempt_id, world.student, None),
        "expire": world.lifecycle.expire_due,
        "collect": world.lifecycle.collect_overdue,
        "cancel": lambda: Steering(world.db, list).cancel(Order(attempt_id, **ORDER)),
        "pause": lambda: Steering(world.db, list).pause(Order(attempt_id, **ORDER), None),
        "unpause": lambda: Steering(world.db, list).unpause(Order(attempt_id, **ORDER)),
        "authorise": lambda: Authorising(world.db, list).authorise(Order(attempt_id, **ORDER)),
        "extend": lambda: Allowing(world.db, list).extend(attempt_id, MORE, NOWHERE),
        "pass_deadline": lambda: age(world, attempt_id, 1),
        "pass_grace": lambda: age(world, attempt_id, 301),
    }
    if name == "save":
        wish = Save(attempt_id, world.student, question_id, "ohm")
        return isinstance(world.saving.save_all([wish])[0], Saved)
    with contextlib.suppress(Failure):
        deeds[name]()
        return True
    return False


def age(world, attempt_id: int, seconds: int) -> None:
    world.run(
        "UPDATE attempts.attempts SET deadline_at = least(deadline_at,"
        " now() - make_interval(secs => :seconds)) WHERE id = :id"
        " AND start_time IS NOT NULL AND paused_at IS NULL",
        id=attempt_id,
        seconds=seconds,
    )


@pytest.fixture
def every_exam(world):
    """Return a function that changes a column of all exams; it is as before afterwards."""

    def change(*, requires_authorisation: bool) -> None:
        world.run(
            "UPDATE attempts.exams SET requires_authorisation = :on", on=requires_authorisation
        )

    yield change
    change(requires_authorisation=False)


@pytest.mark.contract("9.1/move/no-other", "9.1/table/save", "9.1/table/submit")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    steps=["begin", "pass_deadline", "expire", "collect", "submit"],
    is_written=False,
    has_lobby=False,
)
@example(
    steps=["begin", "save", "pass_grace", "expire", "collect", "submit"],
    is_written=True,
    has_lobby=False,
)
@example(
    steps=["begin", "pass_deadline", "save", "submit", "expire"], is_written=False, has_lobby=False
)
@example(
    steps=["begin", "pause", "save", "pass_grace", "unpause", "save"],
    is_written=True,
    has_lobby=False,
)
@example(steps=["begin", "pause", "submit", "cancel"], is_written=True, has_lobby=False)
@example(
    steps=["extend", "begin", "pause", "extend", "cancel", "submit"],
    is_written=False,
    has_lobby=False,
)
@example(
    steps=["begin", "authorise", "authorise", "begin", "authorise", "submit"],
    is_written=False,
    has_lobby=True,
)
@example(steps=["cancel", "authorise", "begin"], is_written=True, has_lobby=True)
@given(steps=ORDERS, is_written=st.booleans(), has_lobby=st.sampled_from([False, False, True]))
def test_any_order_of_deeds_leads_where_the_model_says(
    world, every_exam, steps, is_written, has_lobby
):
    every_exam(requires_authorisation=has_lobby)
    world.sweep()
    exam = world.written if is_written else world.objective
    question_id = world.short if is_written else world.truth
    attempt_id = world.attempt("not_started", exam=exam)
    before, model = (
        len(world.notes("status_changed")),
        Model(is_written=is_written, has_lobby=has_lobby),
    )
    for name in steps:
        assert act(world, attempt_id, question_id, name) is model.step(name), name
        row = world.row(attempt_id)
        assert (row["status"], row["version"]) == (model.status, model.version), name
    said = world.notes("status_changed")[before:]
    assert len(said) == model.moves, "every move is announced, once"
    ways = [(note["data"]["previous_status"], note["data"]["status"]) for note in said]
    assert [way[0] for way in ways[1:]] == [way[1] for way in ways[:-1]]
