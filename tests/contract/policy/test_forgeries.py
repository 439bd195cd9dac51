"""Tokens that nobody issued are refused by all four services, behind the gateway and before it.

Fault 26; the table is that of `abuse.forgeries`.
"""

import asyncio

import pytest
from abuse import forgeries
from abuse.forgeries import FORGERIES, Forger
from abuse.tally import Tally


@pytest.fixture(scope="session")
def forger(scene) -> Forger:
    return forgeries.forger_of(scene.platform, scene.actors["student owner"].token)


@pytest.fixture(scope="session")
def attempt_id(scene) -> int:
    return scene.attempt()


async def test_the_forger_can_make_a_good_token(scene, forger, attempt_id):
    for service in forgeries.READS:
        for base in forgeries.doors(scene.platform, service).values():
            asked = forgeries.read(scene, base, service, attempt_id, forger.good())
            assert (await asked)[0] == 200
    shaken = (
        forgeries.handshake(base, attempt_id, forger.good())
        for base in forgeries.doors(scene.platform, "realtime").values()
    )
    assert await asyncio.gather(*shaken) == [101, 101]


@pytest.mark.contract("2.3/bad-signature", "2.3/bad-subject")
@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_refused_everywhere(scene, forger, attempt_id, name):
    tally = Tally("forgeries")
    await forgeries.try_everywhere(scene, attempt_id, name, FORGERIES[name](forger), tally)
    assert tally.cases == 8
    assert tally.violations == []
