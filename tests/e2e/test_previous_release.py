"""A release of yesterday between the others of today: what an upgrade of one service looks like.

`make compatibility` does this with each service; here it is the one that most neighbours ask.
"""

import asyncio

import pytest
from oep_release import matrix
from oep_release.building import build
from oep_release.history import Repository

pytestmark = pytest.mark.skipif(
    Repository().is_cut, reason="no history: git fetch --unshallow --tags"
)


@pytest.mark.usefixtures("first_student")
async def test_the_previous_attempts_serves_an_exam_among_todays_neighbours(platform):
    repository = Repository()
    previous = repository.previous("attempts")
    made = await asyncio.to_thread(build, repository, previous)
    found = await asyncio.to_thread(matrix.tried, platform, previous, made)
    assert found.is_clean, found.transcript
    assert found.counts == "33 / 33 / 0 / 0"
