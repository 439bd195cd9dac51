"""How much of everything a day has. Pure."""

from dataclasses import dataclass

from load.world import FIRST_EXAM, World

_RUNNING = 3
BATCH = 100
"""Events that one request carries in the batched storm."""


@dataclass(frozen=True)
class Size:
    """The long form; rates are per second and for all students together."""

    students: int = 5_000
    questions: int = 40
    morning_seconds: float = 90.0
    """In which all come to the door."""
    event_rates: tuple[int, ...] = (500, 1_000, 1_500, 2_000)
    batched_rate: int = 15_000
    step_seconds: float = 10.0
    """For each rate of the storm."""
    hour_seconds: float = 600.0
    saves_each: int = 40
    """In the hour, of each student; as many as he has questions."""
    events_each: int = 30
    latecomers: int = 100
    whole_boards: int = 2
    windows: int = 8
    review_every_seconds: float = 2.0
    bell_seconds: float = 5.0
    answers_seconds: float = 8.0
    """For which answers are saved before the bell rings."""
    wave_seconds: float = 1.0
    """In which all sockets come back."""
    twin_seconds: float = 15.0
    """For which a twin gets what ours got, at the same rate."""
    decides_by_time: bool = True
    """Whether a missed bar of time is a failure."""

    @property
    def world(self) -> World:
        return World(
            sitters=self.students,
            running_exams=_RUNNING,
            waiting_exams=1,
            questions=self.questions,
            newcomers=self.latecomers,
            has_admin=True,
        )

    @property
    def morning_exam(self) -> int:
        """The exam that begins in the morning."""
        return FIRST_EXAM + _RUNNING

    @property
    def twin_students(self) -> int:
        """How many of the students a twin of the bell gets: a fifth, in a fifth of the time."""
        return max(1, self.students // 5)


IN_HOUR, IN_WAVE, AT_BELL = 0, 1, 2
"""The places of the running exams: of storm and hour, of the wave, of the bell."""
EXAM = FIRST_EXAM + IN_HOUR
"""Which the boards look at."""

SHORT = Size(
    students=20,
    questions=5,
    morning_seconds=1.0,
    event_rates=(40, 80),
    batched_rate=1_000,
    step_seconds=0.5,
    hour_seconds=3.0,
    saves_each=4,
    events_each=3,
    latecomers=3,
    whole_boards=1,
    windows=1,
    review_every_seconds=0.5,
    bell_seconds=0.5,
    answers_seconds=0.3,
    wave_seconds=0.2,
    twin_seconds=0.5,
    decides_by_time=False,
)
"""Some seconds in all; what is acknowledged decides, never a time."""


def of_students(count: int) -> Size:
    """Return the long form for fewer or more students, all rates in proportion."""
    whole = Size()
    share = count / whole.students
    return Size(
        students=count,
        event_rates=tuple(max(1, round(rate * share)) for rate in whole.event_rates),
        batched_rate=max(BATCH, round(whole.batched_rate * share)),
        latecomers=max(1, round(whole.latecomers * share)),
    )
