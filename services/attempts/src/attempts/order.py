"""What a member of the staff wants done to an attempt, and why. Pure."""

from dataclasses import dataclass

from chassis.origins import Origin


@dataclass(frozen=True)
class Order:
    """One attempt, one member of the staff, one reason; the audit keeps all of it."""

    attempt_id: int
    by_id: int
    reason: str
    origin: Origin
    reason_code: str | None = None
    action_id: str | None = None
    """The caller's key: what was done under it is not done again."""

    @property
    def mark(self) -> dict[str, str]:
        """Return what the audit needs to know this order again."""
        return {} if self.action_id is None else {"action_id": self.action_id}
