"""The proctor's board in the demo: folds snapshot and deltas into the state of one attempt.

It believes only its socket; whether it saw the truth is compared at the end of the demo.
"""

from typing import Any

from oep_local.demo_sockets import Frame, LivingSocket


class BoardSocket(LivingSocket):
    """Watches one exam and keeps the state of one of its attempts."""

    def __init__(self, *arguments: Any, attempt_id: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._attempt_id = attempt_id
        self.row: dict[str, Any] = {}
        self.delta_count = 0

    async def hear(self, frame: Frame) -> None:
        if frame["type"] == "snapshot":
            self._take_snapshot(frame)
        elif frame["type"] == "delta" and frame["attempt_id"] == self._attempt_id:
            self.delta_count += 1
            self._take_delta(frame["kind"], frame["data"])

    def has(self, status: set[str], counts: dict[str, int]) -> bool:
        """Whether the board shows one of `status` and exactly these counts."""
        return self.row.get("status") in status and self.row.get("counts") == counts

    def _take_snapshot(self, frame: Frame) -> None:
        rows = [row for row in frame["attempts"] if row["attempt_id"] == self._attempt_id]
        self.row = dict(rows[0]) if rows else {}
        text = f"snapshot of {len(frame['attempts'])} attempts; ours: {self._described()}"
        self._transcript.say(self._who, text)

    def _take_delta(self, kind: str, data: dict[str, Any]) -> None:
        self.row |= {name: value for name, value in data.items() if name in _SHOWN}
        if kind == "event":
            event = data.get("event") or data["last_event"]
            text = f"event {event['event_type']} ({event['severity']}); {_counts(self.row)}"
        elif kind == "timing":
            text = f"question {data['question_id']}: {data['total_time_seconds']} s in all"
        else:
            text = f"{kind}: {self._described()}"
        self._transcript.say(self._who, text)

    def _described(self) -> str:
        row = self.row
        online = "online" if row.get("is_online") else "offline"
        answered = f"{row.get('questions_answered')}/{row.get('total_questions')} answered"
        return f"{row.get('status')}, {online}, {answered}, {_counts(row)}"


_SHOWN = frozenset(
    {
        "status",
        "start_time",
        "deadline_at",
        "questions_answered",
        "total_questions",
        "is_online",
        "socket_count",
        "counts",
        "last_event",
    }
)


def _counts(row: dict[str, Any]) -> str:
    counts = row.get("counts") or {}
    return ", ".join(f"{counts.get(name, 0)} {name}" for name in ("info", "warning", "violation"))
