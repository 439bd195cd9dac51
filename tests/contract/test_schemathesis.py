"""What our services say of themselves in OpenAPI is what they do, whatever they are sent.

The short form of `abuse.descriptions`: few examples of each operation, of a fixed seed.
`make abuse` sends more, also through the gateway.
"""

import pytest
import schemathesis
from abuse import descriptions
from abuse.descriptions import MODES, TURNS, Caller, Objects
from abuse.tally import Tally

EXAMPLES = {"auth": 3, "attempts": 1, "proctoring": 1}
"""By operation, kind of data, and kind of id."""


@pytest.fixture(scope="session")
async def objects(scene) -> Objects:
    return await descriptions.objects_of(scene)


@pytest.fixture(scope="session")
def schemas(scene) -> dict:
    return {
        service: schemathesis.openapi.from_url(
            f"{scene.platform.service_url(service)}/openapi.json"
        )
        for service in EXAMPLES
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("service", "name"), TURNS)
def test_a_service_keeps_to_its_description(scene, schemas, objects, service, name, mode):
    tally = Tally("descriptions")
    caller = Caller(scene, name, scene.platform.service_url(service), objects.ids["user_id"])
    descriptions.each_alone(caller, schemas[service], objects, mode, EXAMPLES[service], tally)
    assert tally.cases
    assert tally.violations == []


@pytest.mark.parametrize("service", EXAMPLES)
def test_a_service_keeps_to_its_description_in_a_story(scene, schemas, objects, service):
    """An administrator's: what one step answers is taken by a later one."""
    tally = Tally("stories")
    caller = Caller(scene, "admin", scene.platform.service_url(service), objects.ids["user_id"])
    descriptions.in_a_row(caller, schemas[service], 4, tally)
    assert tally.cases > 4
    assert tally.violations == []
