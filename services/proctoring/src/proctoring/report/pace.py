"""The time that a question took beside what it took the class.

Pure. The class is everybody who was shown the question at this exam, the student included. Of fewer
than `FEWEST_STUDENTS` nothing is said: a median of three is no measure, and it tells on the others.
What is far from the class is marked by Tukey's fences, 1.5 quartile ranges beyond the quartiles;
that flags a time for somebody to look at and means nothing by itself.
"""

from dataclasses import dataclass
from enum import Enum

FEWEST_STUDENTS = 5
FENCE = 1.5


class Pace(Enum):
    """Where a time stands; the words are sent."""

    FASTER = "faster"
    USUAL = "usual"
    SLOWER = "slower"


@dataclass(frozen=True, slots=True)
class ClassPace:
    """How long a question took the students of an exam, in seconds."""

    student_count: int
    lower_quartile: float
    median: float
    upper_quartile: float

    @property
    def fences(self) -> tuple[float, float]:
        """The seconds below and above which a time is far from the class."""
        reach = FENCE * (self.upper_quartile - self.lower_quartile)
        return self.lower_quartile - reach, self.upper_quartile + reach

    def judge(self, seconds: float) -> Pace:
        low, high = self.fences
        if seconds < low:
            return Pace.FASTER
        return Pace.SLOWER if seconds > high else Pace.USUAL

    def ratio(self, seconds: float) -> float | None:
        """Return `seconds` as a multiple of the median, None when that is 0."""
        return seconds / self.median if self.median else None


def class_pace(student_count: int, quartiles: list[float] | None) -> ClassPace | None:
    """Return the class's pace, None when too few students say something about it."""
    if quartiles is None or student_count < FEWEST_STUDENTS:
        return None
    return ClassPace(student_count, *quartiles)
