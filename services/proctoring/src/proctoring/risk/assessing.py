"""Assesses attempts: loads what their rules see, scores it, keeps it, announces what changed.

Parts of a transaction. An attempt is assessed by the rules that its exam began with, however many
versions there have been since.
"""

from collections.abc import Mapping
from dataclasses import replace

from chassis import outbox
from sqlalchemy.orm import Session

from proctoring.risk import notices, scoring, store
from proctoring.risk.accommodation import switched_off
from proctoring.risk.rules import RULES, newest
from proctoring.risk.scoring import Risk
from proctoring.risk.store import Kept, Sight
from proctoring.tables import OUTBOX

TYPES = sorted({event_type for rule in RULES for event_type in rule.event_types})


def assess(
    session: Session,
    exam_ids: Mapping[int, int | None],
    *,
    passing_over: bool = False,
    is_forced: bool = False,
) -> int:
    """Assess attempts, given with their exams, as far as their events have come.

    Attempts that somebody else assesses at this moment are awaited or passed over. Without news
    that a rule is about nothing is scored anew, unless `is_forced`. Returns how many were assessed.
    """
    store.make(session, exam_ids, newest())
    held = store.hold(session, list(exam_ids), passing_over=passing_over)
    news = store.news(session, list(held), TYPES)
    kept = [
        replace(
            before,
            exam_id=n.exam_id or before.exam_id,
            as_of_sequence=max(before.as_of_sequence, n.last_sequence),
        )
        if (n := news.get(attempt_id))
        else before
        for attempt_id, before in held.items()
    ]
    stale = [
        k
        for k in kept
        if is_forced or k.unreadable or (k.attempt_id in news and news[k.attempt_id].is_assessable)
    ]
    scored = _scored(session, stale)
    after = [scored.get(k.attempt_id, k) for k in kept]
    store.save(session, after)
    _announce(session, held, after)
    return len(after)


def anew(session: Session, kept: Kept) -> tuple[Risk, bool]:
    """Return the risk by the events and rules of a stored one, and whether some of it is erased."""
    sight = store.sights(session, {kept.attempt_id: kept.as_of_sequence}, TYPES)[kept.attempt_id]
    decided = store.accommodations(session, [kept.attempt_id]).get(kept.attempt_id, ())
    risk = scoring.assess(sight.happenings, switched_off(decided), kept.risk.rules_version)
    return risk, sight.is_erased


def _scored(session: Session, kept: list[Kept]) -> dict[int, Kept]:
    """Return the assessments with their new risks, by attempt."""
    if not kept:
        return {}
    ids = [k.attempt_id for k in kept]
    sights = store.sights(session, {k.attempt_id: k.as_of_sequence for k in kept}, TYPES)
    decided = store.accommodations(session, ids)
    off = {i: switched_off(decided.get(i, ())) for i in ids}
    return {k.attempt_id: _rescored(k, sights[k.attempt_id], off[k.attempt_id]) for k in kept}


def _rescored(kept: Kept, sight: Sight, off: frozenset[str]) -> Kept:
    """Return the assessment with a risk made anew; one that cannot be, and not be read, stays."""
    if kept.unreadable is not None and not _may_be_made_anew(kept, sight):
        return kept
    return replace(kept, risk=_risk(kept, sight, off), unreadable=None)


def _may_be_made_anew(kept: Kept, sight: Sight) -> bool:
    """Say whether the events still hold all that rules need, and the rules are known here."""
    is_gone = sight.is_erased and kept.computed_at is not None
    return not is_gone and kept.risk.rules_version <= newest()


def _risk(kept: Kept, sight: Sight, off: frozenset[str]) -> Risk:
    """Score what is seen; where retention has been, the stored points stand as they are.

    Then rules can still be switched off, but not on again: what they had added is gone. So it is
    with rules that are newer than this program, while a new one takes its place.
    """
    version = kept.risk.rules_version
    if _may_be_made_anew(kept, sight):
        return scoring.assess(sight.happenings, off, version)
    stands = (scoring.silenced(c) if c.rule_id in off else c for c in kept.risk.contributions)
    return scoring.total(stands, version)


def _announce(session: Session, before: Mapping[int, Kept], after: list[Kept]) -> None:
    """Say which scores are other ones than before; a score of 0 is what everybody begins with."""
    notes = [
        notices.risk_changed(k, k.exam_id)
        for k in after
        if k.exam_id is not None and k.risk.score != before[k.attempt_id].risk.score
    ]
    outbox.add(session, OUTBOX, notes)
