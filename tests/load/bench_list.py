"""The list of an exam's attempts, asked by one member of staff, page after page.

The exam lies among others of the same database: as many attempts again as `others` says, and events
that the list must not read.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode

from rich.console import Console

from load import client
from load.client import Answer, Run
from load.figures import Report, Score, score_table
from load.meters import Neighbours
from load.rig import Rig, running
from load.rounds import Say, Subject, in_turn
from load.world import FIRST_EXAM, FIRST_STUDENT, World

SERVICE = "proctoring"
PARTS = (SERVICE, "attempts", "postgres")
GOAL_MS = 200
Query = dict[str, str | int]

_SORTS = ("attempt_id", "risk", "violations", "warnings", "events", "last_event", "submitted")
_FILTERS: dict[str, Query] = {
    "status": {"status": "in_progress"},
    "min_risk": {"min_risk": 20},
    "rule": {"rule": "copy-paste"},
    "min_warnings": {"min_warnings": 3},
    "min_violations": {"min_violations": 2},
    "severity": {"severity": "violation"},
    "event_type": {"event_type": "tab_switch"},
    "last_event_type": {"last_event_type": "tab_switch"},
    "review_state": {"review_state": "open"},
    "has_review": {"has_review": "true"},
    "has_events": {"has_events": "true"},
}
PAGES: dict[str, Query] = {
    "by risk, first 100": {"sort": "risk"},
    "by risk, last 100": {"sort": "risk", "skip": -100},
    "by last event, first 1,000": {"sort": "last_event", "limit": 1000},
    "by id, page after page": {"limit": 0},
    "filtered by score, rule and review": {
        "sort": "violations", "min_risk": 20, "rule": "copy-paste", "has_review": "false",
    },
    "missing events": {"has_missing_events": "true"},
    "no missing events, by risk": {"has_missing_events": "false", "sort": "risk"},
    "search, few": {"search": "dent 7004"},
    "search, many": {"search": "STUDENT"},
    **{f"sort={key}": {"sort": key, "skip": 2_000} for key in _SORTS},
    **{f"filter {name}": {"sort": "risk", **query} for name, query in _FILTERS.items()},
}  # fmt: skip
_SORTED, _FILTERED = "sort=", "filter "
"""What is asked; a negative skip counts from the end, a limit of 0 asks for page after page."""

_ADMIN = f"""
INSERT INTO auth.user_roles (user_id, role_id)
SELECT {FIRST_STUDENT}, id FROM auth.roles WHERE name = 'admin'
ON CONFLICT DO NOTHING
"""  # noqa: S608  # a constant
_TALLIES = """
INSERT INTO proctoring.tallies (attempt_id, exam_id, info_count, warning_count, violation_count,
    last_event_type, last_severity, last_received_at, last_late, last_sequence, head_hash)
SELECT id, exam_id, id % 13, id % 7, id % 4, 'tab_switch', 'warning',
       now() - make_interval(secs => id % 3600), false, {events}, sha256('')
FROM attempts.attempts
UNION ALL
SELECT 10000000 + n, 10000000 + n / 1000, 1, 1, 1, 'tab_switch', 'warning', now(), false, 1,
       sha256('') FROM generate_series(1, {others}) n
ON CONFLICT DO NOTHING
"""
_RISKS = """
INSERT INTO proctoring.risks (attempt_id, exam_id, score, as_of_sequence, event_types,
                              types_as_of, came, came_as_of, rules_version, contributions,
                              computed_at)
SELECT attempt_id, exam_id, attempt_id % 60, last_sequence, '{{tab_switch}}', last_sequence,
       int8multirange(int8range(1, last_sequence + 1)), last_sequence, 1,
       json_build_array(json_build_object(
           'rule_id', 'copy-paste', 'version', 1, 'description', 'Copying was tried.',
           'weight', 4, 'cap', 20, 'points', attempt_id % 3, 'event_count', 3,
           'event_ids', json_build_array(1, 2, 3), 'switched_off', null)), now()
FROM proctoring.tallies
ON CONFLICT DO NOTHING
"""
_SUBMISSIONS = """
INSERT INTO proctoring.submissions (attempt_id, exam_id, submitted_at, last_event_sequence)
SELECT id, exam_id, now(), {events} + (id % 6) / 4 FROM attempts.attempts WHERE id % 2 = 0
ON CONFLICT DO NOTHING
"""
_REVIEWS = """
INSERT INTO proctoring.reviews (attempt_id, exam_id, student_id, state, version, opened_by_id,
                                opened_at, ground_ids, decision_due_at)
SELECT id, exam_id, student_id, 'open', 1, 1, now(), '{{}}', now() FROM attempts.attempts
WHERE id % 10 = 0
"""
_EVENTS = """
INSERT INTO proctoring.proctoring_events (attempt_id, event_type, event_timestamp, severity,
    sequence, client_sequence, network_hash, hash, exam_day)
SELECT t.attempt_id, 'tab_switch', now(), 'warning', n, n, sha256(''), sha256(''), t.exam_day
FROM proctoring.tallies t, generate_series(1, {events}) n WHERE t.attempt_id < 10000000
ON CONFLICT DO NOTHING
"""
_SETTLE = "ANALYZE"


@dataclass(frozen=True)
class Size:
    """How much is measured: `asked` pages a round and kind."""

    world: World = field(default_factory=lambda: World(5_000, running_exams=1, questions=10))
    events: int = 100
    others: int = 100_000
    """Attempts of other exams."""
    asked: int = 10
    rounds: int = 4


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(size.world, say=say) as rig:
        say("tallies, scores, reviews and events are written")
        fill(rig, size)
        neighbours = Neighbours()
        scores, flaws = asyncio.run(measure(rig, size, say))
        others = neighbours.share()
    console.print(score_table("GET /proctoring/exams/{id}/attempts", scores))
    facts = {score.name: score.facts() for score in scores}
    row = [f"{size.world.sitters:,} of {size.others:,}"]
    single = [s for s in scores if not s.name.startswith((_SORTED, _FILTERED))]
    row.append(" / ".join(f"{sum(s.cost_ms(p) for p in PARTS):.0f}" for s in single))
    row += [f"{score.ms(50):.0f} / {score.ms(95):.0f} ms" for score in single]
    for kind in (_SORTED, _FILTERED):
        slowest = max((s for s in scores if s.name.startswith(kind)), key=lambda s: s.ms(95))
        row.append(f"{slowest.name}: {slowest.ms(50):.0f} / {slowest.ms(95):.0f} ms")
    for score in scores:
        if score.ms(95) >= GOAL_MS:
            say(f"above the goal of {GOAL_MS} ms: {score.name}, {score.ms(95):.0f} ms at 95 %")
    return Report("list", others, facts, row, flaws)


def fill(rig: Rig, size: Size) -> None:
    """Write what is listed, past the service: as if it had been recorded and assessed."""
    for statement in (_ADMIN, _TALLIES, _RISKS, _SUBMISSIONS, _REVIEWS, _EVENTS, _SETTLE):
        told = statement.format(events=size.events, others=size.others)
        rig.platform.psql(told, role="postgres")


class Looker:
    """Asks for the same pages again and again and counts what is on them."""

    def __init__(self, token: str, pages: Sequence[Query], times: int) -> None:
        self._token = token
        self._pages = [page for _ in range(times) for page in pages]
        self.totals: set[int] = set()

    def next(self) -> bytes | None:
        if not self._pages:
            return None
        path = f"/api/v1/proctoring/exams/{FIRST_EXAM}/attempts?{urlencode(self._pages.pop())}"
        return client.with_body(client.request_head("GET", path, self._token), b"")

    def took(self, answer: Answer) -> None:
        if answer.is_good:
            self.totals.add(json.loads(answer.body)["total"])


async def measure(rig: Rig, size: Size, say: Say) -> tuple[list[Score], list[str]]:
    """Return how long each kind of page took, and what was wrong with them."""
    token = (await rig.sign_in([FIRST_STUDENT]))[FIRST_STUDENT]
    lookers: dict[str, list[Looker]] = {name: [] for name in PAGES}

    async def play(name: str) -> Run:
        pages = asked(PAGES[name], size.world.sitters)
        looker = Looker(token, pages, size.asked)
        lookers[name].append(looker)
        return await client.closed_loop(rig.port(SERVICE), [looker])

    subjects = [Subject(Score(name, SERVICE), partial(play, name)) for name in PAGES]
    for subject in subjects:
        await subject.play()  # not counted: connections open, the token is seen for the first time
    await in_turn(subjects, rig.meters(*PARTS), size.rounds, say)
    flaws = [f"{s.score.name}: {s.score.run.failures}" for s in subjects if s.score.run.failures]
    for name in ("by risk, first 100", "by id, page after page"):
        totals = set().union(*(looker.totals for looker in lookers[name]))
        if totals != {size.world.sitters}:
            flaws.append(f"{name}: {totals} attempts instead of {size.world.sitters}")
    return [subject.score for subject in subjects], flaws


def asked(query: Query, count: int) -> list[Query]:
    """Return the queries that a kind of page stands for, of an exam with `count` attempts."""
    if query.get("limit") == 0:
        return [{**query, "limit": 1000, "skip": skip} for skip in range(0, count, 1000)]
    skip = int(query.get("skip", 0))
    return [{**query, "skip": max(0, count + skip)}] if skip < 0 else [query]
