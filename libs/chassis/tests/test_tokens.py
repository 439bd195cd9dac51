"""Which tokens count: forgeries, age, kind, revocation."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from chassis.errors import Unavailable
from chassis.tokens import (
    Ended,
    InvalidToken,
    KeySet,
    Revocations,
    Revoked,
    StartingUp,
    TokenVerifier,
    WrongTokenType,
)
from chassis.waiting import eventually
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()


def jwk(key: Ed25519PrivateKey, kid: str) -> dict:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}


def claims(**changed: object) -> dict:
    now = int(time.time())
    return {
        "sub": "7",
        "roles": ["student"],
        "jti": str(uuid.uuid4()),
        "typ": "access",
        "iat": now,
        "exp": now + 60,
        "iss": "oep",
        "login_id": "login-1",
    } | changed


def signed(key: Ed25519PrivateKey = KEY, *, headers: dict | None = None, **changed: object) -> str:
    body = {k: v for k, v in claims(**changed).items() if v is not None}
    return jwt.encode(body, key, algorithm="EdDSA", headers={"kid": "k1"} | (headers or {}))


@pytest.fixture
def revocations() -> Revocations:
    return Revocations()


@pytest.fixture
def verifier(revocations: Revocations) -> TokenVerifier:
    keys = KeySet("http://127.0.0.1:1/unused")
    keys.load({"keys": [jwk(KEY, "k1")]})
    return TokenVerifier(keys, revocations, "oep")


def test_a_good_token_tells_who_asks(verifier: TokenVerifier):
    caller = verifier.verify(signed(roles=["student", "proctor"]))
    assert caller.user_id == 7
    assert caller.has_any("proctor", "admin")
    assert not caller.has_any("admin")
    assert verifier.verify(signed()).login_id == "login-1"


def hs256_with_the_public_key() -> str:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, claims())
    ]
    body = b".".join(parts)
    mac = hmac.new(public, body, hashlib.sha256).digest()
    return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


FORGERIES = {
    "garbage": lambda: "not.a.token",
    "empty": lambda: "",
    "alg none": lambda: jwt.encode(claims(), None, algorithm="none", headers={"kid": "k1"}),
    "HS256 with the public key": hs256_with_the_public_key,
    "another key under a known kid": lambda: signed(OTHER_KEY),
    "unknown kid": lambda: signed(headers={"kid": "k9"}),
    "crit": lambda: signed(headers={"crit": ["b64"], "b64": True}),
    "jku": lambda: signed(headers={"jku": "http://127.0.0.1/keys"}),
    "expired": lambda: signed(exp=int(time.time()) - 1),
    "another issuer": lambda: signed(iss="elsewhere"),
    "no subject": lambda: signed(sub=None),
    "subject not numeric": lambda: signed(sub="seven"),
    "no expiry": lambda: signed(exp=None),
    "no login": lambda: signed(login_id=None),
    "tampered": lambda: signed()[:-4] + "AAAA",
}


@pytest.mark.contract("2.3/malformed", "2.3/bad-signature", "2.3/expired", "2.3/bad-subject")
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_or_broken_token_is_refused(verifier: TokenVerifier, forgery):
    with pytest.raises(InvalidToken, match="Could not validate credentials"):
        verifier.verify(forgery())


@pytest.mark.contract("2.3/other-type")
def test_a_refresh_token_is_not_an_access_token(verifier: TokenVerifier):
    with pytest.raises(WrongTokenType, match="Invalid token type"):
        verifier.verify(signed(typ="refresh"))


def test_a_remembered_token_still_expires(verifier: TokenVerifier, monkeypatch):
    token = signed(exp=int(time.time()) + 5)
    verifier.verify(token)
    later = time.time() + 6
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_a_remembered_token_is_refused_once_its_key_is_removed(verifier: TokenVerifier):
    token = signed()
    verifier.verify(token)
    verifier._keys.load({"keys": [jwk(OTHER_KEY, "k2")]})
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_an_empty_key_document_does_not_empty_the_set(verifier: TokenVerifier):
    verifier._keys.load({"keys": []})
    assert verifier.verify(signed()).user_id == 7


def notice(fact: str, **data: object) -> bytes:
    now = datetime.now(UTC)
    times = {
        "revoked_at": now.isoformat(),
        "forget_at": (now + timedelta(hours=8)).isoformat(),
    }
    return json.dumps({"id": "auth-1", "fact": fact, "at": "", "data": times | data}).encode()


@pytest.mark.contract("2.3/revoked")
def test_a_revoked_login_is_refused_although_its_token_is_remembered(verifier, revocations):
    token, other = signed(), signed(login_id="login-2")
    verifier.verify(token)
    told = []
    revocations.watchers.append(lambda login, user: told.append((login, user)))
    revocations.take(notice("login_revoked", login_id="login-1", user_id=7))
    revocations.take(notice("login_revoked", login_id="login-1", user_id=7))
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    assert verifier.verify(other).user_id == 7
    assert told == [("login-1", None)]


def test_a_deactivated_user_loses_earlier_tokens_only(verifier, revocations):
    before = signed(iat=int(time.time()) - 10)
    revocations.take(notice("user_deactivated", user_id=7))
    with pytest.raises(InvalidToken):
        verifier.verify(before)
    revocations._users[7] = (time.time() - 5, time.time() + 100)
    assert verifier.verify(signed(iat=int(time.time()))).user_id == 7


def test_a_login_has_ended_when_it_or_its_user_was_revoked_since(revocations):
    before = datetime.now(UTC) - timedelta(minutes=1)
    assert revocations.ended_of([7, 8]) == Ended()
    revocations.take(notice("login_revoked", login_id="login-1", user_id=7))
    assert revocations.ended_of([7]).has("login-1", 7, before)
    assert not revocations.ended_of([7]).has("login-2", 7, before)
    revocations.take(notice("user_deactivated", user_id=7))
    ended = revocations.ended_of([7, 8])
    assert ended.has("login-2", 7, before)
    assert not ended.has("login-2", 8, before)
    assert not ended.has("login-3", 7, datetime.now(UTC) + timedelta(minutes=1))


def test_ended_logins_are_told_of_those_asked_for_and_of_whom_nobody_knows(revocations):
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    revocations.revoke_login("of-7", now, later, 7)
    revocations.revoke_login("of-7-too", now, later, 7)
    revocations.revoke_login("of-8", now, now + timedelta(minutes=1), 8)
    revocations.add(Revoked("of-somebody", None, now, later))
    revocations.add(Revoked("of-9", None, now, later, login_user_id=9))
    assert revocations.ended_of([7]).login_ids == {"of-7", "of-7-too", "of-somebody"}
    assert revocations.ended_of([8, 9]).login_ids == {"of-8", "of-9", "of-somebody"}
    revocations.forget_old(time.time() + 600)
    assert revocations.ended_of([7, 8]).login_ids == {"of-7", "of-7-too", "of-somebody"}
    revocations.forget_old(time.time() + 6000)
    assert revocations.ended_of([7, 8, 9]) == Ended()


def test_a_revocation_is_forgotten_when_no_token_can_match_it(revocations):
    revocations.take(notice("login_revoked", login_id="login-1", user_id=7))
    revocations.forget_old(time.time() + 9 * 3600)
    assert revocations._logins == {}


def keys_notice(active: str, following: str, revoked: str | None = None) -> bytes:
    data = {"active_kid": active, "next_kid": following, "revoked_kid": revoked}
    return json.dumps({"id": "auth-2", "fact": "key_rotated", "at": "", "data": data}).encode()


def test_a_revoked_key_counts_no_more_although_its_token_is_remembered(verifier, revocations):
    """Contract §2.3: revocation; a revoked key's tokens are refused as soon as it is said."""
    token = signed()
    verifier.verify(token)
    closed = []
    verifier._keys.watchers.append(closed.append)
    for _ in range(2):
        revocations.take(keys_notice("k2", "k3", "k1"))
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    assert closed == ["k1"]


def test_an_old_document_does_not_bring_a_revoked_key_back(verifier, revocations):
    revocations.take(keys_notice("k2", "k3", "k1"))
    verifier._keys.load({"keys": [jwk(KEY, "k1"), jwk(OTHER_KEY, "k2")]})
    with pytest.raises(InvalidToken):
        verifier.verify(signed())
    assert verifier.verify(signed(OTHER_KEY, headers={"kid": "k2"})).key_id == "k2"


def test_a_planned_rotation_takes_no_key_away(verifier, revocations):
    token = signed()
    revocations.take(keys_notice("k2", "k3"))
    assert verifier.verify(token).key_id == "k1"


def test_keys_are_fetched_until_those_are_there_that_sign_now_and_next(verifier, revocations):
    keys = verifier._keys
    keys.load({"keys": [jwk(KEY, "k1"), jwk(OTHER_KEY, "k2")]})
    revocations.take(keys_notice("k1", "k2"))
    assert not keys._wanted.is_set()
    revocations.take(keys_notice("k2", "k3"))
    assert keys._wanted.is_set()


async def test_a_key_set_that_hears_of_new_keys_asks_until_they_are_there():
    old, new = [jwk(KEY, "k1")], [jwk(KEY, "k1"), jwk(OTHER_KEY, "k2")]
    documents = iter([old, old, new])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"keys": next(documents)}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        keys = KeySet(f"http://{host}:{port}/")
        running = asyncio.create_task(keys.run())
        await eventually(lambda: keys.is_loaded)
        keys.hear("k1", "k2", None)
        await eventually(lambda: keys.key("k1") and "k2" in keys._keys, 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert next(documents, None) is None


class Neighbour:
    """Lists revocations; can be away. Stands in for the bus, too: connected or not."""

    def __init__(self):
        self.listed = []
        self.is_away = False
        self.is_connected = True
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        if self.is_away:
            raise Unavailable
        return list(self.listed)


@pytest.fixture
async def neighbour():
    return Neighbour()


@contextlib.asynccontextmanager
async def keeping(revocations, neighbour):
    task = asyncio.create_task(revocations.keep(neighbour, neighbour))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def revoked(**subject: object) -> Revoked:
    now = datetime.now(UTC)
    return Revoked(**{"login_id": None, "user_id": None} | subject, revoked_at=now, forget_at=now)


def verifier_with(revocations: Revocations) -> TokenVerifier:
    keys = KeySet("http://127.0.0.1:1/unused")
    keys.load({"keys": [jwk(KEY, "k1")]})
    return TokenVerifier(keys, revocations, "oep")


async def test_nobody_comes_in_before_the_list_of_revocations_was_loaded(neighbour):
    revocations = Revocations(patience_seconds=60)
    verifier, token = verifier_with(revocations), signed()
    neighbour.is_away = True
    neighbour.listed = [revoked(login_id="login-9")]
    async with keeping(revocations, neighbour):
        await eventually(lambda: neighbour.asked)
        with pytest.raises(StartingUp):
            verifier.verify(token)
        neighbour.is_away = False
        await eventually(lambda: revocations.is_known)
    assert verifier.verify(token).login_id == "login-1"
    with pytest.raises(InvalidToken):
        verifier.verify(signed(login_id="login-9"))


async def test_the_wait_for_the_list_is_bounded(neighbour):
    revocations = Revocations(patience_seconds=0.2)
    neighbour.is_away = True
    async with keeping(revocations, neighbour):
        assert not revocations.is_known
        await eventually(lambda: revocations.is_known)
    assert verifier_with(revocations).verify(signed()).user_id == 7


def test_without_keys_a_good_token_is_not_called_bad():
    verifier = TokenVerifier(KeySet("http://127.0.0.1:1/unused"), Revocations(), "oep")
    with pytest.raises(StartingUp):
        verifier.verify(signed())


async def test_a_lost_stream_has_the_list_loaded_again(neighbour):
    revocations = Revocations()
    verifier = verifier_with(revocations)
    async with keeping(revocations, neighbour):
        await eventually(lambda: neighbour.asked == 1)
        neighbour.listed = [revoked(user_id=7)]
        assert verifier.verify(signed()).user_id == 7
        revocations._wanted.set()
        await eventually(lambda: neighbour.asked == 2)
        with pytest.raises(InvalidToken):
            verifier.verify(signed())


async def test_while_the_bus_is_away_revocations_are_listed_every_few_seconds(neighbour):
    neighbour.is_connected = False
    async with keeping(Revocations(), neighbour):
        await eventually(lambda: neighbour.asked >= 2, 6)


async def test_a_wiped_stream_is_noticed_and_the_list_is_wanted(bus, nats_server):
    revocations, neighbour = Revocations(), Neighbour()
    async with keeping(revocations, neighbour):
        following = asyncio.create_task(revocations.follow(bus))
        await bus.publish("oep.control.login_revoked", notice("login_revoked", login_id="l1"), None)
        await eventually(lambda: "l1" in revocations._logins)
        asked = neighbour.asked
        await asyncio.to_thread(nats_server.wipe)
        await eventually(lambda: neighbour.asked > asked, 15)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert "l1" in revocations._logins, "what was heard is not forgotten"
