"""What `make abuse` does to a whole platform, in short: bombs, sockets, slow ones (tests/abuse).

Only what is answered is judged here, never how long it took.
"""

from abuse import bombs, slowloris, sockets
from abuse.slowloris import Kind
from abuse.tally import Tally

LINES = 20
HELD = 20
SECONDS = 0.5


async def test_bombs_are_refused_and_what_was_taken_in_can_be_read(scene):
    """All but those of 10 MB and more, which `make abuse` sends."""
    tally = Tally("bombs")
    small = [bomb for bomb in bombs.cases() if not bomb.is_large]
    await bombs.try_all(scene, tally, small)
    assert tally.cases > len(small) > 50
    assert tally.violations == []


async def test_whatever_is_said_to_a_node_its_sockets_end_by_the_book_and_others_are_served(scene):
    tally = Tally("sockets")
    await sockets.try_all(scene, tally, LINES)
    assert tally.cases > LINES
    assert tally.violations == []


async def test_beside_slow_connections_others_are_served(scene):
    tally = Tally("slowloris")
    await slowloris.try_all(scene.platform.url, tally, HELD, seconds=SECONDS, is_judged=False)
    assert tally.cases == HELD * len(Kind)
    assert tally.violations == []
