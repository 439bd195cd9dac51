"""What a provider says is believed after every check of OpenID Connect Core 1.0, and only then.

The provider here is simulated, so that it can lie; `test_oidc.py` signs in by a real one.
"""

import asyncio
import base64
import hashlib
import json
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from auth import provider as module
from auth.errors import OidcAnswerInvalid, ProviderUnavailable
from auth.identity import Client
from auth.provider import Proof, Provider
from joserfc import jwk, jwt
from pydantic import SecretStr

ISSUER = "https://id.example.org"
CLIENT = Client(
    ISSUER, "oep", SecretStr("of the client"), "https://oep/callback", "openid email", 0.5
)
PROOF = Proof(nonce="the nonce", code_verifier="v" * 43)
KEY = jwk.ECKey.generate_key("P-256", {"kid": "one"})
NEXT = jwk.ECKey.generate_key("P-256", {"kid": "two"})


class Simulated:
    """A provider that answers as the specification says, but for what a test changes."""

    def __init__(self):
        self.metadata = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/me",
        }
        self.published = [KEY]
        self.signing = KEY
        self.claims = {}
        self.header = {}
        self.answers = {}
        self.userinfo = {"sub": "7f", "email": "a@b.org"}
        self.asked = []

    def id_token(self):
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "sub": "7f",
            "aud": "oep",
            "iat": now,
            "exp": now + 300,
            "nonce": PROOF.nonce,
        }
        claims = {name: v for name, v in (usual | self.claims).items() if v is not None}
        header = {"alg": "ES256", "kid": self.signing.kid} | self.header
        return jwt.encode(header, claims, self.signing)

    def __call__(self, request):
        path = request.url.path
        self.asked.append(path)
        if path in self.answers:
            found = self.answers[path]
            return found(request) if callable(found) else found
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.metadata)
        if path == "/keys":
            keys = [each.as_dict(private=False) for each in self.published]
            return httpx2.Response(200, json={"keys": keys})
        if path == "/me":
            assert request.headers["authorization"] == "Bearer an access token"
            return httpx2.Response(200, json=self.userinfo)
        assert path == "/token"
        self.exchanged = request
        tokens = {"access_token": "an access token", "token_type": "Bearer"}
        return httpx2.Response(200, json=tokens | {"id_token": self.id_token()})


@pytest.fixture
def simulated():
    return Simulated()


@pytest.fixture
def provider(simulated):
    return Provider(CLIENT, transport=httpx2.MockTransport(simulated))


async def claims(provider, named=None):
    return await provider.claims("the code", PROOF, named)


async def test_rfc_7636_4_2_a_browser_is_sent_with_the_verifiers_hash_and_never_with_it(provider):
    address = urlsplit(await provider.address("the state", PROOF))
    asked = {name: value for name, [value] in parse_qs(address.query).items()}
    digest = hashlib.sha256(PROOF.code_verifier.encode()).digest()
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ISSUER}/authorize"
    assert asked == {
        "response_type": "code",
        "client_id": "oep",
        "redirect_uri": "https://oep/callback",
        "scope": "openid email",
        "state": "the state",
        "nonce": PROOF.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


async def test_rfc_6749_4_1_3_the_code_is_exchanged_with_the_verifier_and_the_same_address(
    provider, simulated
):
    found = await claims(provider)
    assert (found["sub"], found["email"]) == ("7f", "a@b.org")
    sent = {name: v for name, [v] in parse_qs(simulated.exchanged.content.decode()).items()}
    assert sent["grant_type"] == "authorization_code"
    assert (sent["code"], sent["code_verifier"]) == ("the code", PROOF.code_verifier)
    assert sent["redirect_uri"] == "https://oep/callback"
    assert "client_secret" not in sent
    basic = base64.b64encode(b"oep:of+the+client").decode()  # RFC 6749 §2.3.1
    assert simulated.exchanged.headers["authorization"] == f"Basic {basic}"


@pytest.mark.parametrize(
    ("methods", "secret", "is_posted"),
    [(["client_secret_post"], "s", True), (["none"], None, False)],
)
async def test_core_9_the_client_proves_itself_as_the_provider_understands(
    simulated, methods, secret, is_posted
):
    simulated.metadata["token_endpoint_auth_methods_supported"] = methods
    given = SecretStr(secret) if secret else None
    client = Client(ISSUER, "oep", given, "https://oep/callback", "openid", 0.5)
    await claims(Provider(client, transport=httpx2.MockTransport(simulated)))
    sent = parse_qs(simulated.exchanged.content.decode())
    assert sent["client_id"] == ["oep"]
    assert ("client_secret" in sent) is is_posted
    assert "authorization" not in simulated.exchanged.headers


LIES = {
    "3.1.3.7 (2) another issuer": {"iss": "https://other.example"},
    "3.1.3.7 (2) no issuer": {"iss": None},
    "2 no subject": {"sub": None},
    "3.1.3.7 (3) another audience": {"aud": "somebody else"},
    "3.1.3.7 (3) no audience": {"aud": None},
    "3.1.3.7 (4) several audiences and nobody authorised": {"aud": ["oep", "other"]},
    "3.1.3.7 (5) another authorised party": {"aud": ["oep", "other"], "azp": "other"},
    "3.1.3.7 (5) another authorised party of one audience": {"azp": "other"},
    "3.1.3.7 (9) expired": {"exp": int(time.time()) - 3600},
    "3.1.3.7 (9) never expires": {"exp": None},
    "3.1.3.7 (10) not issued at any time": {"iat": None},
    "3.1.3.7 (10) issued in the future": {"iat": int(time.time()) + 3600},
    "3.1.3.7 (11) another nonce": {"nonce": "another nonce"},
    "3.1.3.7 (11) no nonce": {"nonce": None},
    "3.1.3.8 another access token's hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_core_an_id_token_is_refused(provider, simulated, lie):
    simulated.claims = LIES[lie]
    with pytest.raises(OidcAnswerInvalid):
        await claims(provider)


@pytest.mark.parametrize(
    "truth", [{"aud": ["oep"]}, {"aud": ["oep", "other"], "azp": "oep"}, {"azp": "oep"}]
)
async def test_core_3_1_3_7_who_is_authorised_may_be_said(provider, simulated, truth):
    simulated.claims = truth
    assert (await claims(provider))["sub"] == "7f"


def unsigned(text):
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{text.split('.')[1]}."


def by_the_clients_secret(text):
    payload = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    shared = jwk.OctKey.import_key("of the client, and long enough for a hash of 256")
    return jwt.encode({"alg": "HS256", "kid": "one"}, payload, shared)


def by_somebody_else(text):
    payload = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    stranger = jwk.ECKey.generate_key("P-256", {"kid": "one"})
    return jwt.encode({"alg": "ES256", "kid": "one"}, payload, stranger)


def by_a_key_it_brings(text):
    payload = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    stranger = jwk.ECKey.generate_key("P-256", {"kid": "of its own"})
    header = {"alg": "ES256", "kid": "of its own", "jwk": stranger.as_dict(private=False)}
    return jwt.encode(header, payload, stranger)


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        by_the_clients_secret,
        by_somebody_else,
        by_a_key_it_brings,
        lambda text: text[:-4] + "AAAA",
        lambda _: "no token",
        lambda _: 7,
    ],
)
async def test_core_3_1_3_7_6_to_8_only_a_published_key_signs(provider, simulated, forge):
    tokens = {"access_token": "an access token", "token_type": "Bearer"}
    forged = tokens | {"id_token": forge(simulated.id_token())}
    simulated.answers["/token"] = httpx2.Response(200, json=forged)
    with pytest.raises(OidcAnswerInvalid):
        await claims(provider)


async def test_core_10_1_1_a_new_key_is_fetched_when_a_token_names_it(
    provider, simulated, monkeypatch
):
    monkeypatch.setattr(module, "KEYS_AGAIN_SECONDS", 0)
    await claims(provider)
    await claims(provider)
    assert simulated.asked.count("/keys") == 1
    simulated.published, simulated.signing = [NEXT], NEXT
    assert (await claims(provider))["sub"] == "7f"
    assert simulated.asked.count("/keys") == 2


async def test_names_of_keys_that_nobody_knows_do_not_make_us_ask_again_and_again(
    provider, simulated
):
    await claims(provider)
    simulated.signing = NEXT
    for _ in range(3):
        with pytest.raises(OidcAnswerInvalid):
            await claims(provider)
    assert simulated.asked.count("/keys") == 1


async def test_a_key_that_is_not_published_any_more_counts_no_longer(
    provider, simulated, monkeypatch
):
    await claims(provider)
    simulated.published = [NEXT]
    assert (await claims(provider))["sub"] == "7f"
    monkeypatch.setattr(module, "KEYS_SECONDS", 0)
    with pytest.raises(OidcAnswerInvalid):
        await claims(provider)


async def test_core_5_3_2_userinfo_about_somebody_else_is_refused(provider, simulated):
    simulated.userinfo = {"sub": "another", "email": "a@b.org"}
    with pytest.raises(OidcAnswerInvalid):
        await claims(provider)


async def test_what_is_signed_goes_before_what_userinfo_says(provider, simulated):
    simulated.claims = {"email": "signed@b.org"}
    assert (await claims(provider))["email"] == "signed@b.org"


async def test_a_provider_without_userinfo_is_believed_by_its_token(provider, simulated):
    del simulated.metadata["userinfo_endpoint"]
    simulated.claims = {"email": "signed@b.org"}
    assert (await claims(provider))["email"] == "signed@b.org"


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": "file:///etc/keys"},
        {"authorization_endpoint": None},
    ],
)
async def test_discovery_4_3_metadata_of_another_issuer_or_unsafe_ones_are_refused(
    provider, simulated, change
):
    simulated.metadata |= change
    with pytest.raises(OidcAnswerInvalid):
        await provider.address("the state", PROOF)


@pytest.mark.parametrize(
    ("names_itself", "named", "is_good"),
    [
        (True, ISSUER, True),
        (True, None, False),
        (True, "https://other.example", False),
        (False, None, True),
        (False, "https://other.example", False),
    ],
)
async def test_rfc_9207_2_4_an_answer_of_another_provider_is_refused(
    provider, simulated, names_itself, named, is_good
):
    simulated.metadata["authorization_response_iss_parameter_supported"] = names_itself
    if is_good:
        assert (await claims(provider, named))["sub"] == "7f"
    else:
        with pytest.raises(OidcAnswerInvalid):
            await claims(provider, named)
        assert "/token" not in simulated.asked


def refused(_):
    return httpx2.Response(400, json={"error": "invalid_grant"})


def unreachable(_):
    raise httpx2.ConnectError("nobody there")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/me"])
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refused, OidcAnswerInvalid),
        (httpx2.Response(200, text="<html>"), OidcAnswerInvalid),
        (httpx2.Response(200, json=["a list"]), OidcAnswerInvalid),
        (httpx2.Response(302, headers={"Location": "https://other.example"}), OidcAnswerInvalid),
        (httpx2.Response(503, text="later"), ProviderUnavailable),
        (unreachable, ProviderUnavailable),
    ],
)
async def test_each_call_that_fails_is_named(provider, simulated, path, answer, failure):
    simulated.answers[path] = answer
    with pytest.raises(failure):
        await claims(provider)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/me"])
async def test_a_provider_that_is_silent_is_waited_for_until_the_deadline_and_no_longer(
    simulated, path
):
    async def silent(request):
        if request.url.path == path:
            await asyncio.sleep(60)
        return simulated(request)

    client = Client(ISSUER, "oep", None, "https://oep/callback", "openid", 0.05)
    slow = Provider(client, transport=httpx2.MockTransport(silent))
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await claims(slow)
    assert time.monotonic() - began < 5
