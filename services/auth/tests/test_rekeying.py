"""Signing keys are rotated and revoked: which may be, what is published, who hears of it."""

import argparse
import asyncio
import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from auth.commands import Keys
from auth.errors import KeyUnknown, NextKeyTooYoung
from auth.keyring import Keyring, KeysSealedOtherwise
from auth.keys import KeyState, Spread, StoredKey, ensure_settled, published_until
from auth.rekeying import Rekeying
from auth.tokens import Lifetimes
from chassis.database import Database
from chassis.settings import psycopg2_url
from chassis.waiting import eventually
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
SPREAD = Spread(cache_seconds=60, reload_seconds=15)
LIFETIMES = Lifetimes(8 * 3600, 1800, 7 * 86400)
SECRET = SecretStr("s" * 40)


# rules


@given(st.floats(min_value=0, max_value=1000))
@hypothesis_settings(deadline=None)
def test_a_key_may_sign_when_it_was_published_for_two_cache_times(age):
    """Design §10: publish a new key two cache times before signing with it."""
    key = StoredKey("k", KeyState.NEXT, b"", b"", NOW - timedelta(seconds=age))
    exact = (NOW - key.created_at).total_seconds()
    if exact >= 120:
        ensure_settled(key, NOW, SPREAD)
    else:
        with pytest.raises(NextKeyTooYoung) as refusal:
            ensure_settled(key, NOW, SPREAD)
        assert refusal.value.retry_after_seconds == pytest.approx(120 - exact)


def test_the_refusal_says_how_long_to_wait():
    key = StoredKey("k", KeyState.NEXT, b"", b"", NOW - timedelta(seconds=50))
    with pytest.raises(NextKeyTooYoung, match=r"is 50 s old.* rotate in 71 s"):
        ensure_settled(key, NOW, SPREAD)


def test_a_retired_key_is_published_until_the_last_refresh_token_has_expired():
    assert published_until(NOW, LIFETIMES, SPREAD) == NOW + timedelta(days=7, seconds=15 + 60)
    long_access = replace(LIFETIMES, refresh_seconds=60)
    assert published_until(NOW, long_access, SPREAD) == NOW + timedelta(hours=8, seconds=75)


# in the database


class Installation:
    """A database of its own, whose keys can be changed and aged."""

    def __init__(self, urls):
        self.urls = urls
        self.database = Database(urls.app_url, pool_size=4)
        self.engine = create_engine(psycopg2_url(urls.app_url), poolclass=NullPool)

    def rekeying(self, secret=SECRET):
        return Rekeying(self.database, Keyring(secret), LIFETIMES, SPREAD)

    def start(self):
        keyring = Keyring(SECRET)
        with self.database.transaction() as session:
            keyring.load(session)
        return keyring

    def sql(self, statement, **values):
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def age(self):
        self.sql("UPDATE signing_keys SET created_at = created_at - interval '1 hour'")

    def states(self):
        return dict(self.sql("SELECT kid, state FROM signing_keys"))

    def close(self):
        self.database.dispose()
        self.engine.dispose()


@pytest.fixture
def installation(empty_database):
    made = Installation(empty_database())
    made.start()
    yield made
    made.close()


def kids(keys):
    return [key.kid for key in keys]


@pytest.mark.contract("2.3/rotation-of-keys")
def test_a_rotation_lets_the_next_key_sign_and_keeps_the_one_before_it_published(installation):
    """Contract §2.3: planned rotation; two keys or more are published always."""
    installation.age()
    active, following = kids(installation.rekeying().published())
    found = installation.rekeying().rotate()
    assert [key.state for key in found] == ["active", "next", "retired"]
    assert (found[0].kid, found[2].kid) == (following, active)
    assert found[1].kid not in {active, following}
    assert installation.start().active.kid == following
    assert len(installation.start().jwks()["keys"]) == 3
    left = found[2].forget_at - datetime.now(UTC)
    assert timedelta(days=7) < left < timedelta(days=7, seconds=80)


def test_a_retired_key_is_forgotten_after_its_time_and_can_never_sign_again(installation):
    old = installation.start().active.kid
    installation.rekeying().rotate(is_forced=True)
    [(sealed,)] = installation.sql(
        "SELECT sealed_private_key FROM signing_keys WHERE kid = :kid", kid=old
    )
    assert bytes(sealed) == b""
    installation.sql("UPDATE signing_keys SET forget_at = now() WHERE kid = :kid", kid=old)
    assert old not in installation.start().public


def test_a_next_key_that_is_too_young_signs_only_when_forced(installation):
    before = installation.states()
    with pytest.raises(NextKeyTooYoung):
        installation.rekeying().rotate()
    assert installation.states() == before
    assert len(installation.rekeying().rotate(is_forced=True)) == 3


def test_of_two_rotations_that_meet_one_is_refused(installation):
    installation.age()
    outcomes = []
    barrier = threading.Barrier(2)

    def rotate():
        barrier.wait()
        try:
            outcomes.append(installation.rekeying().rotate())
        except NextKeyTooYoung as refusal:
            outcomes.append(refusal)

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(outcome) for outcome in outcomes} == {list, NextKeyTooYoung}
    assert sorted(installation.states().values()) == ["active", "next", "retired"]


def test_forced_rotations_and_revocations_that_meet_leave_one_active_and_one_next_key(installation):
    active = installation.start().active.kid
    deeds = [lambda: installation.rekeying().rotate(is_forced=True)] * 3
    deeds.append(lambda: installation.rekeying().revoke(active))
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [key.state for key in installation.rekeying().published()]
    assert (states.count("active"), states.count("next")) == (1, 1)
    assert active not in installation.start().public


@pytest.mark.contract("2.3/removal-of-keys")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_revoked_key_is_published_no_more_and_two_others_are(installation, place):
    """Contract §2.3: emergency removal of the active, the next, a retired key."""
    before = kids(installation.rekeying().rotate(is_forced=True))
    after = installation.rekeying().revoke(before[place])
    assert before[place] not in kids(after)
    assert [key.state for key in after[:2]] == ["active", "next"]
    assert after[0].kid == (before[1] if place == 0 else before[0])
    keyring = installation.start()
    assert before[place] not in keyring.public
    assert keyring.active.kid == after[0].kid


def test_a_key_that_is_not_published_cannot_be_revoked(installation):
    with pytest.raises(KeyUnknown):
        installation.rekeying().revoke("nothing")


def test_with_another_secret_nothing_is_changed(installation):
    installation.age()
    before = installation.states()
    wrong = installation.rekeying(SecretStr("o" * 40))
    with pytest.raises(KeysSealedOtherwise):
        wrong.rotate(is_forced=True)
    with pytest.raises(KeysSealedOtherwise):
        wrong.revoke(next(iter(before)))
    assert installation.states() == before


def test_a_change_is_announced_and_audited_in_its_own_transaction(installation):
    """Contract §9.5: key rotation and revocation."""
    old = installation.start().active.kid
    rotated = installation.rekeying().rotate(is_forced=True)
    revoked = installation.rekeying().revoke(old)
    notices = [row[0] for row in installation.sql("SELECT payload FROM outbox ORDER BY id")]
    assert [notice["fact"] for notice in notices] == ["key_rotated"] * 2
    assert notices[0]["data"] == {
        "active_kid": rotated[0].kid,
        "next_kid": rotated[1].kid,
        "revoked_kid": None,
    }
    assert notices[1]["data"]["revoked_kid"] == old
    logged = installation.sql("SELECT event_type, details, success FROM audit_logs ORDER BY id")
    assert [row[0] for row in logged] == ["keys_rotated", "key_revoked"]
    assert logged[0][1]["retired_kid"] == logged[1][1]["revoked_kid"] == old
    assert revoked[0].kid == logged[1][1]["active_kid"]


# by command


def run(settings, *words):
    parser = argparse.ArgumentParser()
    Keys().add_options(parser)
    return Keys().run(settings, parser.parse_args(words))


def test_the_command_lists_rotates_and_revokes(installation, settings_for, capsys):
    settings = settings_for(installation.urls)
    assert run(settings, "list") == 0
    listed = json.loads(capsys.readouterr().out)["keys"]
    assert [key["state"] for key in listed] == ["active", "next"]
    assert run(settings, "rotate") == 1
    assert "rotate in" in capsys.readouterr().err
    assert run(settings, "rotate", "--force") == 0
    rotated = json.loads(capsys.readouterr().out)["keys"]
    assert rotated[0]["kid"] == listed[1]["kid"]
    assert run(settings, "revoke", rotated[0]["kid"]) == 0
    revoked = json.loads(capsys.readouterr().out)["keys"]
    assert revoked[0]["kid"] == rotated[1]["kid"]
    assert run(settings, "revoke", rotated[0]["kid"]) == 1
    assert "No such key" in capsys.readouterr().err


# seen by who logs in


@pytest.fixture
async def rekeyed(installation, settings_for, running_world):
    """Two replicas of auth on one database; keys are changed behind their backs."""
    # The bus knows notices of other installations by the same ids.
    installation.sql(f"SELECT setval('auth.outbox_id_seq', {uuid.uuid4().int % 10**9 + 1})")
    settings = settings_for(installation.urls, keys_reload_seconds=3600)
    other = settings_for(installation.urls, keys_reload_seconds=3600)
    async with running_world(settings) as one, running_world(other) as two:
        for world in (one, two):
            world.engine = installation.engine
        yield one, two


async def published(world):
    return [key["kid"] for key in (await world.client.get("/.well-known/jwks.json")).json()["keys"]]


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


async def test_every_replica_signs_with_the_new_key_soon_and_takes_tokens_of_the_old_one(
    rekeyed, installation
):
    one, two = rekeyed
    person = one.add("student")
    before = (await one.login(person)).json()
    after = installation.rekeying()
    found = await asyncio.to_thread(after.rotate, is_forced=True)

    async def both_published():
        return [await published(world) for world in rekeyed] == [kids(found)] * 2

    await eventually(both_published, 10)
    for world in rekeyed:
        assert (await world.me(before["access_token"])).status_code == 200
        assert kid_of((await world.login(person)).json()["access_token"]) == found[0].kid
    renewed = await two.post("/refresh", {"refresh_token": before["refresh_token"]})
    assert kid_of(renewed.json()["access_token"]) == found[0].kid


async def test_what_a_revoked_key_has_signed_is_refused_soon_and_new_logins_work(
    rekeyed, installation
):
    one, two = rekeyed
    person = one.add("student")
    before = (await one.login(person)).json()
    revoked = kid_of(before["access_token"])
    await asyncio.to_thread(installation.rekeying().revoke, revoked)
    for world in rekeyed:

        async def refused(world=world):
            return (await world.me(before["access_token"])).status_code == 401

        await eventually(refused, 10)
        assert revoked not in await published(world)
        answer = await world.post("/refresh", {"refresh_token": before["refresh_token"]})
        assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid refresh token")
        now = (await world.login(person)).json()["access_token"]
        assert (await world.me(now)).status_code == 200
    assert len(await published(two)) == 2
