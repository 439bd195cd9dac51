"""Sign-in by a real OpenID provider, in a process of its own, with a real Postgres."""

import asyncio
import itertools
import json
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from auth import provider as provider_module
from auth.people import RoleName
from oep_local.ports import free_port
from oidc_provider import CLIENT, SECRET, LocalProvider, sign_in
from pydantic import SecretStr

CALLBACK = "http://auth/api/v1/auth/oidc/callback"
NAMES = (f"somebody{number}" for number in itertools.count())
MAP = {
    "exam office": {RoleName.HALL_IN_CHARGE},
    "chiefs": {RoleName.ADMIN},
    "invigilation": {RoleName.GRADER},
}
TO_TRY = Path(__file__).parents[3] / "web" / "provider" / "people.json"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    # Our own address is checked by us to be safe, and compared by the provider: any will do.
    back = CALLBACK.replace("http://auth", "https://auth.example")
    with LocalProvider(tmp_path_factory.mktemp("provider"), free_port(), back) as running:
        yield running


@pytest.fixture(scope="module")
def options(provider):
    return {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_redirect_uri": CALLBACK.replace("http://auth", "https://auth.example"),
        "oidc_role_map": MAP,
    }


@pytest.fixture(scope="module")
async def house(auth_database, settings_for, running_world, options):
    """auth that knows the provider, and links by address."""
    settings = settings_for(auth_database, **options, oidc_links_by_email=True)
    async with running_world(settings) as made:
        yield made


class Browser:
    """Somebody's browser: it keeps our cookie and goes where it is sent."""

    def __init__(self, house):
        self.house = house
        self.cookie = ""

    async def get(self, address):
        parts = urlsplit(address)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        return await self.house.client.get(f"{parts.path}?{parts.query}", headers=headers)

    async def start(self, return_to="/app/staff"):
        answer = await self.get(f"/api/v1/auth/oidc/start?return_to={return_to}")
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    async def come_back(self, name, return_to="/app/staff"):
        """Sign in at the provider; return where the page is and what stands behind its #."""
        address = (await self.start(return_to)).headers["location"]
        back = await asyncio.to_thread(sign_in, address, name)
        return await self.land(back)

    async def land(self, back):
        answer = await self.get(back)
        assert answer.status_code == 303, answer.text
        assert answer.headers["cache-control"] == "no-store"
        page, _, told = answer.headers["location"].partition("#")
        return page, {name: value for name, [value] in parse_qs(told).items()}

    async def exchange(self, code):
        headers = {"Cookie": self.cookie} if self.cookie else {}
        return await self.house.client.post(
            "/api/v1/auth/oidc/exchange", json={"code": code}, headers=headers
        )

    async def sign_in(self, name):
        _, told = await self.come_back(name)
        return await self.exchange(told["oidc"])


@pytest.fixture
def browser(house):
    return Browser(house)


@pytest.fixture
def know(provider):
    """Return a function that makes somebody known to the provider; his name there."""
    known = {}

    def make(person, **claims):
        name = next(NAMES)
        usual = {"email": person.email, "email_verified": True, "name": "A", "roles": []}
        known[name] = usual | claims
        provider.know(known)
        return name

    make.people = known
    return make


def slug(answer):
    return answer.json()["type"].rpartition(":")[2]


def roles_of(answer):
    return {role["name"] for role in answer.json()["user"]["roles"]}


async def events(house, person):
    found = house.sql(
        "SELECT event_type FROM audit_logs WHERE subject_id = :id ORDER BY id", id=person.id
    )
    return [row.event_type for row in found]


async def test_somebody_signs_in_by_the_provider_and_gets_our_tokens(house, browser, know):
    person = house.add("proctor")
    page, told = await browser.come_back(know(person))
    assert page == "/app/staff"
    answer = await browser.exchange(told["oidc"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["user"]["id"] == person.id
    assert (await house.me(answer.json()["access_token"])).is_success
    [login] = house.sql("SELECT method FROM logins WHERE user_id = :id", id=person.id)
    assert login.method == "oidc"
    assert await events(house, person) == ["identity_linked", "login_succeeded"]


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_says_nothing(browser):
    answer = await browser.start()
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/api/v1/auth/oidc", "Max-Age=600"):
        assert word in cookie
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    sent = browser.cookie.partition("=")[2]
    assert not any(sent in value for [value] in asked.values())
    rows = str(browser.house.sql("SELECT * FROM oidc_flows"))
    assert sent not in rows
    assert asked["state"][0] not in rows
    assert asked["code_challenge_method"] == ["S256"]


async def test_no_token_and_no_secret_of_ours_stands_in_an_address(browser, house, know):
    page, told = await browser.come_back(know(house.add("proctor")))
    assert set(told) == {"oidc"}
    assert "." not in told["oidc"]
    tokens = (await browser.exchange(told["oidc"])).json()
    assert tokens["access_token"] not in page + told["oidc"]


async def test_a_code_is_good_once_for_a_minute_and_in_its_browser(house, browser, know):
    name = know(house.add("proctor"))
    _, told = await browser.come_back(name)
    assert slug(await Browser(house).exchange(told["oidc"])) == "challenge-invalid"
    answers = await asyncio.gather(*(browser.exchange(told["oidc"]) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
    _, told = await browser.come_back(name)
    house.sql("UPDATE challenges SET expires_at = now() WHERE purpose = 'exchange'")
    assert slug(await browser.exchange(told["oidc"])) == "challenge-invalid"


async def test_rfc_6749_10_12_what_was_begun_in_another_browser_lets_nobody_in(
    house, browser, know
):
    address = (await browser.start()).headers["location"]
    back = await asyncio.to_thread(sign_in, address, know(house.add("proctor")))
    for stranger in (Browser(house), Browser(house)):
        assert await stranger.land(back) == ("/app/", {"oidc-problem": "oidc-flow-unknown"})
        await stranger.start()


async def test_a_state_is_good_once_and_for_ten_minutes(house, browser, know):
    name = know(house.add("proctor"))
    address = (await browser.start()).headers["location"]
    back = await asyncio.to_thread(sign_in, address, name)
    assert "oidc" in (await browser.land(back))[1]
    assert (await browser.land(back))[1] == {"oidc-problem": "oidc-flow-unknown"}
    back = await asyncio.to_thread(sign_in, (await browser.start()).headers["location"], name)
    house.sql("UPDATE oidc_flows SET expires_at = now()")
    assert (await browser.land(back))[1] == {"oidc-problem": "oidc-flow-unknown"}


async def test_rfc_7636_4_6_the_provider_takes_no_code_with_another_verifier(house, browser, know):
    name = know(house.add("proctor"))
    back = await asyncio.to_thread(sign_in, (await browser.start()).headers["location"], name)
    house.sql("UPDATE oidc_flows SET code_verifier = :other", other="x" * 64)
    assert (await browser.land(back))[1] == {"oidc-problem": "oidc-answer-invalid"}


async def test_core_3_1_2_1_the_nonce_ties_the_token_to_the_browser(house, browser, know):
    name = know(house.add("proctor"))
    back = await asyncio.to_thread(sign_in, (await browser.start()).headers["location"], name)
    house.sql("UPDATE oidc_flows SET nonce = 'another'")
    assert (await browser.land(back))[1] == {"oidc-problem": "oidc-answer-invalid"}


async def test_rfc_9207_an_answer_that_names_another_provider_is_refused(house, browser, know):
    name = know(house.add("proctor"))
    back = await asyncio.to_thread(sign_in, (await browser.start()).headers["location"], name)
    assert "&iss=" in back
    assert (await browser.land(back.partition("&iss=")[0]))[1] == {
        "oidc-problem": "oidc-answer-invalid"
    }


async def test_who_turns_round_at_the_provider_is_told_so_on_his_page(house, browser):
    state = parse_qs(urlsplit((await browser.start()).headers["location"]).query)["state"][0]
    page, told = await browser.land(f"{CALLBACK}?error=access_denied&state={state}")
    assert (page, told) == ("/app/staff", {"oidc-problem": "oidc-denied"})
    refused = house.sql("SELECT error_message FROM audit_logs ORDER BY id DESC LIMIT 1")
    assert refused[0].error_message == "oidc-denied"


@pytest.mark.parametrize("way", ["https://evil.example/", "//evil.example/app", "/api/v1/auth/me"])
async def test_no_other_site_is_a_way_back(browser, way):
    answer = await browser.start(way)
    assert (answer.status_code, slug(answer)) == (400, "return-path-foreign")


async def test_core_10_1_1_a_provider_goes_away_and_comes_back_with_another_key(
    house, browser, know, provider, monkeypatch
):
    name, asked = know(house.add("proctor")), house.app.state.federating._provider
    assert (await browser.sign_in(name)).is_success
    back = await asyncio.to_thread(sign_in, (await browser.start()).headers["location"], name)
    with provider.away():
        assert (await browser.land(back))[1] == {"oidc-problem": "oidc-provider-unavailable"}
        monkeypatch.setattr(asked, "_metadata", None)
        refused = await browser.start()
        assert (refused.status_code, slug(refused)) == (503, "oidc-provider-unavailable")
        assert int(refused.headers["retry-after"]) >= 1
    monkeypatch.setattr(provider_module, "KEYS_AGAIN_SECONDS", 0)
    assert (await browser.sign_in(name)).is_success


async def test_an_identity_is_its_subject_whatever_the_address_becomes(house, browser, know):
    person, other = house.add("proctor"), house.add("grader")
    name = know(person)
    await browser.sign_in(name)
    know.people[name]["email"] = other.email
    know(other)
    assert (await browser.sign_in(name)).json()["user"]["id"] == person.id


async def test_an_account_has_one_identity_and_the_address_finds_it_no_second(house, browser, know):
    person = house.add("proctor")
    assert (await browser.sign_in(know(person))).is_success
    _, told = await browser.come_back(know(person))
    assert told == {"oidc-problem": "oidc-identity-unknown"}


@pytest.mark.parametrize(
    ("roles", "claims"),
    [
        (["proctor"], {"email_verified": False}),
        (["proctor"], {"email": "nobody@example.org"}),
        (["admin"], {}),
    ],
)
async def test_nobody_is_let_in_by_an_address_that_does_not_count(
    house, browser, know, roles, claims
):
    person = house.add(*roles)
    _, told = await browser.come_back(know(person, **claims))
    assert told == {"oidc-problem": "oidc-identity-unknown"}
    assert house.sql("SELECT 1 FROM oidc_links WHERE user_id = :id", id=person.id) == []


async def test_who_is_inactive_stays_outside(house, browser, know):
    person = house.add("proctor")
    name = know(person)
    assert (await browser.sign_in(name)).is_success
    house.sql("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    assert (await browser.come_back(name))[1] == {"oidc-problem": "account-inactive"}


async def test_roles_come_and_go_by_the_map_and_those_by_hand_stay(house, browser, know):
    person = house.add("grader")
    name = know(person, roles=["exam office", "chiefs", "whatever"])
    assert roles_of(await browser.sign_in(name)) == {"grader", "hall_in_charge", "admin"}
    know.people[name]["roles"] = ["exam office", "admin"]
    know(person)
    before = (await browser.sign_in(name)).json()["access_token"]
    answer = await browser.sign_in(name)
    assert roles_of(answer) == {"grader", "hall_in_charge"}
    know.people[name]["roles"] = []
    know(person)
    assert roles_of(await browser.sign_in(name)) == {"grader"}
    assert (await house.me(before)).status_code == 401
    changes = [event for event in await events(house, person) if event == "roles_changed"]
    assert len(changes) == 3


@pytest.fixture
async def admin(house):
    return (await house.login(house.add("admin"))).json()["access_token"]


async def put(house, admin, person, subject):
    return await house.client.put(
        f"/api/v1/auth/users/{person.id}/identity",
        json={"subject": subject},
        headers={"Authorization": f"Bearer {admin}"},
    )


async def test_an_administrator_links_an_identity_and_takes_it_away_with_its_roles(
    house, browser, know, admin
):
    person = house.add("admin", "grader")
    name = know(person, email="elsewhere@example.org", roles=["exam office"])
    assert (await put(house, admin, person, name)).status_code == 204
    assert roles_of(await browser.sign_in(name)) == {"admin", "grader", "hall_in_charge"}
    other = house.add("proctor")
    assert slug(await put(house, admin, other, name)) == "identity-taken"
    gone = await house.client.delete(
        f"/api/v1/auth/users/{person.id}/identity", headers={"Authorization": f"Bearer {admin}"}
    )
    assert gone.status_code == 204
    assert (await browser.come_back(name))[1] == {"oidc-problem": "oidc-identity-unknown"}
    assert roles_of(await house.login(person)) == {"admin", "grader"}
    assert (await put(house, admin, other, name)).status_code == 204


@pytest.mark.parametrize("subject", ["", "x" * 256, "straße"])
async def test_a_subject_that_cannot_be_one_is_no_link(house, admin, subject):
    assert (await put(house, admin, house.add("proctor"), subject)).status_code == 422


async def test_the_people_to_try_it_with_are_who_the_how_to_says(house, browser, provider):
    provider.know(json.loads(TO_TRY.read_text()))
    amara = house.add("proctor", email="demo-proctor@demo.example")
    house.add("admin", email="demo-admin@demo.example")
    answer = await browser.sign_in("amara")
    assert answer.json()["user"]["id"] == amara.id
    assert roles_of(answer) == {"proctor", "grader"}
    for name in ("noor", "ingrid"):
        assert (await browser.come_back(name))[1] == {"oidc-problem": "oidc-identity-unknown"}


async def test_a_second_factor_is_asked_for_behind_the_provider_too(
    house, auth_database, settings_for, running_world, options, know
):
    person = house.add("proctor")
    demanding = frozenset({RoleName.PROCTOR})
    settings = settings_for(
        auth_database, **options, oidc_links_by_email=True, second_factor_roles=demanding
    )
    async with running_world(settings) as strict:
        answer = await Browser(strict).sign_in(know(person))
        assert (answer.status_code, slug(answer)) == (401, "second-factor-due")
        assert answer.json()["challenge"]


async def test_without_leave_an_address_links_nobody(
    house, auth_database, settings_for, running_world, options, know
):
    person = house.add("proctor")
    async with running_world(settings_for(auth_database, **options)) as closed:
        assert (await Browser(closed).come_back(know(person)))[1] == {
            "oidc-problem": "oidc-identity-unknown"
        }


async def test_the_provider_is_asked_on_no_thread_that_holds_a_session(
    house, browser, know, monkeypatch
):
    database, seen = house.app.state.parts.database, []
    fetch = provider_module._fetched

    async def watched(*args, **kwargs):
        seen.append((threading.current_thread().name, database.engine.pool.checkedout()))
        return await fetch(*args, **kwargs)

    monkeypatch.setattr(provider_module, "_fetched", watched)
    assert (await browser.sign_in(know(house.add("proctor")))).is_success
    assert seen
    assert all(not name.startswith("database") and held == 0 for name, held in seen)


async def test_where_no_provider_is_set_up_there_is_no_such_sign_in(world):
    assert (await world.client.get("/api/v1/auth/oidc")).json() == {"is_on": False, "name": ""}
    for path in ("/oidc/start", "/oidc/callback?state=x&code=y"):
        refused = await world.client.get(f"/api/v1/auth{path}")
        assert (refused.status_code, slug(refused)) == (404, "oidc-off")
    assert slug(await world.post("/oidc/exchange", {"code": "x"})) == "oidc-off"


async def test_pages_are_told_that_there_is_one_and_its_name(house):
    told = (await house.client.get("/api/v1/auth/oidc")).json()
    assert told == {"is_on": True, "name": "Single sign-on"}


async def test_an_export_names_the_identity_and_an_erasure_forgets_it(house, browser, know, admin):
    person = house.add("student")
    name = know(person)
    assert (await browser.sign_in(name)).is_success
    headers = {"Authorization": f"Bearer {admin}"}
    path = f"/api/v1/auth/users/{person.id}"
    [told] = (await house.client.get(f"{path}/export", headers=headers)).json()["identities"]
    assert told["subject"] == name
    body = {"reason": "he asked"}
    erased = await house.client.post(f"{path}/erasure", json=body, headers=headers)
    assert erased.status_code == 200
    assert (await browser.come_back(name))[1] == {"oidc-problem": "oidc-identity-unknown"}


async def test_browsers_that_never_came_back_are_forgotten(house, browser):
    await browser.start()
    house.sql("UPDATE oidc_flows SET expires_at = now()")
    await asyncio.to_thread(house.app.state.parts.clock._tidy)
    assert house.sql("SELECT 1 FROM oidc_flows") == []


GOOD = {
    "oidc_issuer": "https://id.example.org",
    "oidc_client_id": "oep",
    "oidc_redirect_uri": "https://oep.example.org/api/v1/auth/oidc/callback",
}


@pytest.mark.parametrize(
    "change",
    [
        {"oidc_client_id": ""},
        {"oidc_redirect_uri": ""},
        {"oidc_issuer": "http://id.example.org"},
        {"oidc_redirect_uri": "http://oep.example.org/api/v1/auth/oidc/callback"},
        {"oidc_redirect_uri": "https://oep.example.org/elsewhere"},
        {"oidc_scopes": "profile"},
        {"oidc_role_map": '{"x": ["chief"]}'},
        {"oidc_role_map": "[1]"},
        {"oidc_role_map": "{"},
        {"second_factor_roles": "admin, chief"},
    ],
)
def test_settings_that_cannot_be_right_are_refused_at_the_start(
    auth_database, settings_for, change
):
    assert settings_for(auth_database, **GOOD).oidc_client
    with pytest.raises(ValueError, match=r"."):
        settings_for(auth_database, **GOOD | change)


def test_the_map_and_the_roles_are_read_from_text(auth_database, settings_for):
    given = {"oidc_role_map": '{"x": ["admin", "proctor"]}', "second_factor_roles": "admin, grader"}
    made = settings_for(auth_database, **given)
    assert made.role_map == {"x": {"admin", "proctor"}}
    assert made.second_factor_roles == {RoleName.ADMIN, RoleName.GRADER}
    assert settings_for(auth_database, oidc_role_map="").role_map == {}
