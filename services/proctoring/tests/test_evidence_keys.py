"""The key that signs evidence, and the list of all that ever did."""

import pytest
from chassis import signing
from chassis.signing import SigningKey
from proctoring import keyring
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError


async def listed(rig) -> list[dict]:
    answer = await rig.client(None).get("/evidence-keys")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    return answer.json()["keys"]


async def test_the_keys_are_there_for_everybody_even_before_anything_was_signed(rig):
    assert signing.jwk(rig.app.state.signing_key.public) in await listed(rig)


async def test_the_key_of_an_old_secret_stays_published(rig):
    old = SigningKey.derived("the secret of last year's exams ....", keyring.PURPOSE)
    for _ in range(2):  # again changes nothing
        await rig.rows(keyring.publish, old)
    keys = await listed(rig)
    assert keys.count(signing.jwk(old.public)) == 1
    assert signing.jwk(rig.app.state.signing_key.public) in keys


def test_all_replicas_sign_with_one_key_and_another_secret_is_another(settings):
    other = settings.evidence_signing_secret.__class__("x" * 32)
    again = keyring.signing_key(settings.model_copy())
    assert again.kid == keyring.signing_key(settings).kid
    changed = settings.model_copy(update={"evidence_signing_secret": other})
    assert keyring.signing_key(changed).kid != again.kid


def test_a_short_secret_is_refused(settings):
    told = settings.model_dump() | {"evidence_signing_secret": "short"}
    with pytest.raises(ValidationError, match="evidence_signing_secret"):
        type(settings)(**told)


@pytest.mark.parametrize("table", ["evidence_keys", "sealed_heads"])
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET kid = kid", "TRUNCATE {}"])
async def test_the_service_itself_can_take_nothing_back(rig, table, deed):
    with pytest.raises(ProgrammingError, match="permission denied"):
        await rig.rows(lambda s: s.execute(text(deed.format(f"proctoring.{table}"))))
