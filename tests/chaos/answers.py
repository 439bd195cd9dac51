"""A student's page that saves answers, and what it was promised of them.

One save is under way at a time. One whose answer was lost may still arrive, even behind a newer one
(a page finds that out by comparing, `@oep/client`); nothing else may replace what was promised.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from load import client
from load.bench_save import save_body
from load.client import LOST
from load.ledger import Key

from chaos.ledger import Answered
from chaos.watch import ask

_COME_AGAIN = frozenset({LOST, 429, 502, 503, 504})
_PAUSE_SECONDS = 0.5


@dataclass
class Saves:
    """What became of all saves of a run."""

    accepted: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    """Answers that were no 2xx, by status; 0 counts saves without an answer."""
    answered: list[Answered] = field(default_factory=list)
    promised: dict[Key, str] = field(default_factory=dict)
    """The last text of each answer that was acknowledged."""
    _under_way: dict[Key, str] = field(default_factory=dict)
    _lost: dict[Key, set[str]] = field(default_factory=dict)
    """Texts of which nobody said what became of them: they may still arrive."""

    def leaves(self, key: Key, text: str) -> None:
        self._under_way[key] = text

    def took(self, key: Key, text: str, status: int) -> None:
        """Note the answer to a save."""
        del self._under_way[key]
        if status == LOST or status >= 500:  # nobody knows
            self._lost.setdefault(key, set()).add(text)
        if 200 <= status < 300:  # 2xx
            self.accepted += 1
            self.promised[key] = text

    def flaws(self, stored: Mapping[Key, str], others: Collection[str] = ()) -> list[str]:
        """Return in words what was promised and is not there; `others` are texts of the hall's."""
        return [
            f"attempt {key[0]}, question {key[1]}: {text!r} promised, {stored.get(key)!r} stored"
            for key, text in self.promised.items()
            if stored.get(key) not in {text, *others, *self._may_arrive(key)}
        ]

    def late(self, stored: Mapping[Key, str]) -> int:
        """Return how many promised answers were replaced by one that was taken for lost."""
        return sum(
            stored.get(key) != text and stored.get(key) in self._may_arrive(key)
            for key, text in self.promised.items()
        )

    def _may_arrive(self, key: Key) -> set[str]:
        under_way = {self._under_way[key]} if key in self._under_way else set()
        return self._lost.get(key, set()) | under_way


async def save(
    port: int, token: str, attempt_id: int, questions: Sequence[int], period: float, saves: Saves
) -> None:
    """Save an answer a period until cancelled, each until it is accepted or refused for good."""
    head = client.request_head("POST", f"/api/v1/attempts/{attempt_id}/answers", token)
    await asyncio.sleep(random.uniform(0, period))  # noqa: S311  # spread, no secret
    for number, question_id in enumerate(itertools.cycle(questions)):
        key, text = (attempt_id, question_id), f"copper {number}"
        request = client.with_body(head, save_body(question_id, text))
        while not 200 <= (status := await _sent(port, request, key, text, saves)) < 300:  # 2xx
            saves.refusals[status] += 1
            if status not in _COME_AGAIN:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        await asyncio.sleep(period * random.uniform(0.8, 1.2))  # noqa: S311


async def _sent(port: int, request: bytes, key: Key, text: str, saves: Saves) -> int:
    saves.leaves(key, text)
    began = time.time()
    answer = await ask(port, request)
    saves.answered.append((began, answer.seconds, answer.status))
    saves.took(key, text, answer.status)
    return answer.status
