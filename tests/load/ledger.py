"""What was acknowledged against what is stored: an answer is never lost and never doubled.

Each save of ours spends one second and says a text that no other save says. So the seconds stored
count the saves that took effect, and the text stored names the last one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from oep_local.access import Access

_SHOWN = 3

Key = tuple[int, int]
"""Attempt and question."""


@dataclass
class Ledger:
    """The saves that were answered 2xx."""

    saved_count: int = 0
    last_text: dict[Key, str] = field(default_factory=dict)

    def saved(self, attempt_id: int, question_id: int, text: str) -> None:
        self.saved_count += 1
        self.last_text[attempt_id, question_id] = text


@dataclass
class Events:
    """The ids of the events that were answered 201, by attempt, in the order of the answers."""

    by_attempt: dict[int, list[str]] = field(default_factory=dict)

    def stored(self, attempt_id: int, event_ids: Iterable[str]) -> None:
        self.by_attempt.setdefault(attempt_id, []).extend(event_ids)

    @property
    def count(self) -> int:
        return sum(map(len, self.by_attempt.values()))


@dataclass(frozen=True)
class Verdict:
    """How many were acknowledged and stored, and what of it does not agree, in words."""

    acknowledged: int
    stored: int
    flaws: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.flaws

    def __str__(self) -> str:
        told = "; ".join(self.flaws) or "0 lost, 0 doubled"
        return f"{self.acknowledged} acknowledged, {self.stored} stored: {told}"


def judge_saves(access: Access, ledger: Ledger) -> Verdict:
    """Compare the ledger with the table of answers. Blocking."""
    query = "SELECT attempt_id, question_id, time_spent_seconds, answer ->> 0 FROM attempts.answers"
    found = {(int(a), int(q)): (int(s), text) for a, q, s, text in _rows(access, query)}
    stored = sum(seconds for seconds, _ in found.values())
    flaws = [
        f"attempt {key[0]}, question {key[1]}: {text} acknowledged, {found.get(key)} stored"
        for key, text in ledger.last_text.items()
        if key not in found or found[key][1] != text
    ]
    if stored != ledger.saved_count:
        flaws.insert(0, f"{stored - ledger.saved_count:+} saves stored beyond the acknowledged")
    return Verdict(ledger.saved_count, stored, _shortened(flaws))


def judge_events(access: Access, told: Events) -> Verdict:
    """Compare the ids with the table of events, and look for holes and doubles. Blocking."""
    query = (
        "SELECT attempt_id, event_id, sequence FROM proctoring.proctoring_events"
        " ORDER BY attempt_id, sequence"
    )
    found: dict[int, list[str]] = {}
    flaws: list[str] = []
    for attempt, event_id, sequence in _rows(access, query):
        events = found.setdefault(int(attempt), [])
        events.append(event_id)
        if int(sequence) != len(events):
            flaws.append(f"attempt {attempt}: sequence {sequence} at place {len(events)}")
    for attempt_id in found.keys() | told.by_attempt.keys():
        here, there = found.get(attempt_id, []), told.by_attempt.get(attempt_id, [])
        lost, doubled = set(there) - set(here), len(here) - len(set(here))
        beyond = set(here) - set(there)
        if lost or doubled or beyond:
            counts = f"{len(lost)} lost, {doubled} doubled, {len(beyond)} beyond the acknowledged"
            flaws.append(f"attempt {attempt_id}: {counts}")
    return Verdict(told.count, sum(map(len, found.values())), _shortened(flaws))


def judge_begins(access: Access, begun: Iterable[int], waiting: Iterable[int]) -> Verdict:
    """Compare the attempts that were told to have begun with those that run. Blocking.

    `waiting` are the attempts that had not begun before.
    """
    told, before = set(begun), set(waiting)
    query = "SELECT id FROM attempts.attempts WHERE status = 'in_progress'"
    running = {int(row[0]) for row in _rows(access, query)} & before
    flaws = [f"attempt {one} was begun and does not run" for one in sorted(told - running)]
    flaws += [f"attempt {one} runs and nobody was told" for one in sorted(running - told)]
    return Verdict(len(told), len(running), _shortened(flaws))


def judge_submits(access: Access, told: Mapping[int, bytes], among: Iterable[int]) -> Verdict:
    """Compare the signatures that students have got with the receipts that are kept. Blocking.

    `told` has them by attempt; of the attempts `among` which it is, no other may have ended.
    """
    query = (
        "SELECT id, encode(signature, 'hex') FROM attempts.attempts"
        " LEFT JOIN attempts.receipts ON attempt_id = id WHERE status IN ('submitted', 'graded')"
    )
    mine = set(among)
    kept = {int(a): signature for a, signature in _rows(access, query) if int(a) in mine}
    flaws = [
        f"attempt {one} was handed in, and its receipt is not kept"
        for one, signature in told.items()
        if kept.get(one) != signature.hex()
    ]
    flaws += [f"attempt {one} has ended, and nobody was told" for one in kept.keys() - told.keys()]
    return Verdict(len(told), len(kept), _shortened(flaws))


def logins(access: Access) -> Counter[int]:
    """Return how many logins each person has had. Blocking."""
    query = "SELECT user_id, count(*) FROM auth.logins GROUP BY user_id"
    return Counter({int(user): int(count) for user, count in _rows(access, query)})


def judge_logins(
    access: Access, let_in: Mapping[int, int], before: Counter[int] | None = None
) -> Verdict:
    """Compare how often each student was let in with his logins: once is right. Blocking.

    `before` are the logins that there were already.
    """
    stored = logins(access)
    stored.subtract(before or {})
    flaws = [
        f"student {user}: let in {times} times, {stored[user]} logins"
        for user, times in let_in.items()
        if not times == stored[user] == 1
    ]
    mine = sum(stored[user] for user in let_in)
    return Verdict(sum(let_in.values()), mine, _shortened(flaws))


def _shortened(flaws: Sequence[str]) -> tuple[str, ...]:
    """Keep the first few: where a thousand are wrong, three tell why."""
    more = len(flaws) - _SHOWN
    return (*flaws[:_SHOWN], *([f"and {more} more"] if more > 0 else []))


def _rows(access: Access, query: str) -> list[list[str]]:
    text = access.psql(["-At", "-F", "\t", "-c", query])
    return [line.split("\t") for line in text.splitlines()]
