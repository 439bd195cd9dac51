"""A student's page that saves an answer now and then, so that sockets have something to hear."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from load import client
from load.bench_save import save_body

from chaos.watch import ask

_COME_AGAIN = frozenset({0, 429, 503})
_PAUSE_SECONDS = 0.5


@dataclass
class Saves:
    """What became of all saves of a run."""

    accepted: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    """Answers that were no 2xx, by status; 0 counts saves without an answer."""


async def save(
    port: int, token: str, attempt_id: int, questions: Sequence[int], period: float, saves: Saves
) -> None:
    """Save an answer a period until cancelled, each until it is accepted or refused for good."""
    head = client.request_head("POST", f"/api/v1/attempts/{attempt_id}/answers", token)
    await asyncio.sleep(random.uniform(0, period))  # noqa: S311  # spread, no secret
    for number, question_id in enumerate(itertools.cycle(questions)):
        request = client.with_body(head, save_body(question_id, f"copper {number}"))
        while not (answer := await ask(port, request)).is_good:
            saves.refusals[answer.status] += 1
            if answer.status not in _COME_AGAIN:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        saves.accepted += answer.is_good
        await asyncio.sleep(period * random.uniform(0.8, 1.2))  # noqa: S311
