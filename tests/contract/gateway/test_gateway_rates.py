"""How often an account and an address may ask, and what the gateway says when it is too often."""

import httpx

TOO_MANY = "Too many requests"
SLOWLY = [f"--limit={name}-per-minute=1" for name in ("account", "address", "login")]


def statuses(answers):
    return [each.status_code for each in answers]


def test_an_account_and_the_logins_of_an_address_are_counted_apart(own_rig, is_problem):
    rig = own_rig("--limit=account-burst=6", "--limit=login-burst=4", *SLOWLY)
    rig.knows_keys()

    def bearer(sub, login):
        return rig.bearer(rig.signer.token(sub=sub, jti=login))

    path = "/api/v1/attempts/1"
    mine = [rig.http.get(path, headers=bearer("7", str(login))) for login in range(8)]
    assert statuses(mine) == [200] * 6 + [429] * 2, "one account, whatever its token"
    is_too_many(mine[-1], is_problem)
    assert rig.http.get(path, headers=bearer("8", "a")).status_code == 200
    assert set(statuses(rig.http.get(path) for _ in range(8))) == {200}, "no token, no account"

    ways = ["/api/v1/auth/login", "/api/v1/auth/hall-ticket-login"] * 3
    logins = [rig.http.post(way) for way in ways]
    assert statuses(logins) == [200] * 4 + [429] * 2, "both ways in are counted together"
    is_too_many(logins[-1], is_problem)
    assert set(statuses(rig.http.get("/api/v1/auth/me") for _ in range(8))) == {200}


def test_an_address_has_its_share_and_the_next_one_another(own_rig, is_problem):
    rig = own_rig("--limit=address-burst=5", *SLOWLY)
    ours = {"Origin": "http://localhost:5173"}
    bad = rig.bearer("nonsense")
    asked = [rig.http.get("/api/v1/attempts/1", headers=bad | ours) for _ in range(3)]
    asked += [rig.http.get(path, headers=ours) for path in ("/health", "/nothing", "/health")]
    assert statuses(asked) == [401, 401, 401, 200, 404, 429]
    is_too_many(asked[-1], is_problem)
    assert asked[-1].headers["access-control-allow-origin"] == ours["Origin"]
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(transport=elsewhere, base_url=rig.http.base_url) as neighbour:
        assert neighbour.get("/health").status_code == 200


def is_too_many(answer, is_problem):
    is_problem(answer, 429, TOO_MANY)
    assert answer.headers["retry-after"] == "2"
    assert not {name for name in answer.headers if name.startswith("x-envoy")}
