"""What the demo's student does: which answers, which keys, how long on a question. Pure.

Events have the fields that the existing exam page sends, plus the id and the sequence that make a
repeated sending harmless.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from oep_local import seed_rows

# three visits of one question: the page counts the seconds of the showing, from 0 each time
VISITS: tuple[tuple[int, ...], ...] = ((4, 9), (3, 6), (2, 5))
VISITS_SECONDS = sum(max(visit) for visit in VISITS)
_SCREEN = {"screen_width": 1920, "screen_height": 1080}


@dataclass(frozen=True)
class Credentials:
    """What a student types on the login page."""

    hall_ticket_number: str
    date_of_birth: str
    security_answer: str


def demo_students() -> list[Credentials]:
    return [
        Credentials(
            seed_rows.hall_ticket(number),
            student["date_of_birth"].strftime("%d/%m/%Y"),
            student["security_answer"],
        )
        for number, student in enumerate(seed_rows.people()["students"], start=1)
    ]


def legacy_student(hall_ticket: str, date_of_birth: str | None, answer: str | None) -> Credentials:
    """Fill in what the known legacy portal gave its demo students; ValueError for other tickets."""
    number = hall_ticket.removeprefix("AP2025")
    if date_of_birth is None or answer is None:
        if not (hall_ticket.startswith("AP2025") and number.isdigit()):
            raise ValueError(f"{hall_ticket} needs --date-of-birth DD/MM/YYYY and --answer TEXT")
        i = int(number)
        born = date(2000 + i % 5, i % 12 + 1, i % 28 + 1)
        date_of_birth = date_of_birth or born.strftime("%d/%m/%Y")
        answer = answer or "kumar"
    return Credentials(hall_ticket, date_of_birth, answer)


def choose_answer(question: dict[str, Any]) -> Any:
    """Choose as the page sends it: option texts, a boolean or a text; None leaves it out."""
    number = question["id"] - seed_rows.BASE_ID
    demo = seed_rows.exam()["questions"]
    if 1 <= number <= len(demo):
        return _as_sent(question, demo[number - 1]["demo_answer"])
    defaults = {"mcq_single": ["B"], "mcq_multiple": ["A", "B"], "true_false": True}
    return _as_sent(question, defaults.get(question["question_type"], "As we learned it."))


def _as_sent(question: dict[str, Any], wish: Any) -> Any:
    if not isinstance(wish, list):
        return wish
    options: dict[str, str] = question["options"]
    texts = [options[key] for key in wish if key in options]
    return texts[0] if question["question_type"] == "mcq_single" and texts else texts


class EventMaker:
    """Makes the events of one sitting, numbered as a client numbers them."""

    def __init__(self, attempt_id: int) -> None:
        self.attempt_id = attempt_id
        self._sequence = count()

    def make(
        self, event_type: str, severity: str, question_id: int | None = None, **data: Any
    ) -> dict[str, Any]:
        """Return one event as it is posted; its id stays the same however often it is sent."""
        return {
            "attempt_id": self.attempt_id,
            "event_type": event_type,
            "severity": severity,
            "event_timestamp": now_text(),
            "question_id": question_id,
            "event_data": data,
            "event_id": str(uuid.uuid4()),
            "client_sequence": next(self._sequence),
        }

    def forbidden_keys(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what a curious student tries: F12, copy, paste, Esc and back to full screen."""
        make = self.make
        yield "F12", make("developer_tools_attempt", "violation", key="F12", combo="F12")
        yield "Ctrl+C", make("copy_paste_attempt", "violation", key="c", combo="Ctrl+C")
        yield "Ctrl+V", make("copy_paste_attempt", "violation", key="v", combo="Ctrl+V")
        left = make("fullscreen_exit", "violation", exit_count=1, timestamp=now_text(), **_SCREEN)
        yield "Esc", left
        yield "full screen again", make("fullscreen_enter", "info", **_SCREEN)

    def leave_and_return(self, question_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what one Alt+Tab leaves: the key, the hidden page, and the way back."""
        make = self.make
        yield "Alt+Tab", make("keyboard_blocked", "warning", key="Tab", combo="Alt+Tab")
        yield "blur", make("window_blur", "warning", question_id, timestamp=now_text())
        hidden = {"action": "hidden", "timestamp": now_text()}
        yield "page hidden", make("tab_switch", "warning", question_id, **hidden)
        back: dict[str, Any] = {"action": "visible", "duration_seconds": 1.5, "switch_count": 1}
        back["timestamp"] = now_text()
        yield "page visible", make("tab_switch", "warning", question_id, **back)
        yield "focus", make("window_focus", "info", question_id, timestamp=now_text())

    def held_key(self) -> list[dict[str, Any]]:
        """Return the burst of one held key: eight events at the same moment."""
        return [
            self.make("keyboard_blocked", "warning", key="F5", combo="F5") for _repeat in range(8)
        ]

    def answer_change(self, question_id: int, answer: str) -> dict[str, Any]:
        return self.make(
            "answer_change",
            "info",
            question_id,
            previous_answer=answer,
            new_answer=answer,
            change_count=1,
            time_spent_seconds=12,
            is_first_answer=True,
        )


def now_text() -> str:
    """Return the time as a browser writes it: milliseconds and Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
