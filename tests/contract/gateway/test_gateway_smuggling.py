"""No request passes inside another one: every case of `abuse.smuggling`, as a pair, at real stubs.

The short form: it does not wait for late answers, which change nothing in what is judged.
"""

from abuse import smuggling
from abuse.smuggling import CASES
from abuse.tally import Tally

QUIET_SECONDS = 0.05


async def test_no_second_request_passes_unseen_and_nobody_gets_anothers_answer(rig):
    tally = Tally("smuggling")
    await smuggling.try_all(rig.envoy.port, rig, tally, quiet_seconds=QUIET_SECONDS)
    assert tally.cases == len(CASES) > 100
    assert tally.violations == []
    assert len(rig.came_through()) > len(CASES), "the honest halves were answered"


async def test_what_the_gateway_has_not_seen_is_found(rig):
    """The judge itself: something reaches a service on a way round the gateway."""
    tally = Tally("smuggling")
    stub = rig.stubs["attempts"][0]
    raw = b"GET /round HTTP/1.1\r\nHost: x\r\nX-Request-ID: round-1\r\nConnection: close\r\n\r\n"
    await smuggling.spoken(stub.port, raw)
    await smuggling.try_all(rig.envoy.port, rig, tally, [])
    stub.seen.remove(("/round", "round-1"))
    assert tally.violations == ["/round (round-1) came through unseen by the gateway"]


async def test_a_request_that_is_taken_for_two_is_found(rig):
    two = next(case for case in CASES if case.name == "no length: two requests")
    tally = Tally("smuggling")
    told = smuggling.Case(two.name, two.raw, is_two=False)
    await smuggling.try_all(rig.envoy.port, rig, tally, [told], quiet_seconds=QUIET_SECONDS)
    assert tally.violations == [f"{two.name}: the second request was taken for one"]
