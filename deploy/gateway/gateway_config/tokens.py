"""Whose token it is: judged by auth's public keys, roles are the services' business."""

from gateway_config.choices import Gateway
from gateway_config.paths import JWKS_PATH, SOCKETS
from gateway_config.shapes import Json, type_of

ISSUER = "oep"
# Where a stale token must not stand in the way of getting a new one, or where realtime has to
# accept before it refuses (contract §7.1).
NO_TOKEN_CHECK = (
    "/api/v1/auth/login",
    "/api/v1/auth/hall-ticket-login",
    "/api/v1/auth/refresh",
    SOCKETS,
)
CLAIMS = "claims"  # where the check leaves what a good token says
JWT_FILTER = "envoy.filters.http.jwt_authn"
# Not the token's fault: these are left to the services, which have words and keys of their own.
NOT_JUDGED = ("Jwt is missing", "Jwks remote fetch is failed")


def token_check(gateway: Gateway) -> Json:
    provider = {
        "issuer": ISSUER,
        "forward": True,
        "require_expiration": True,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": CLAIMS,
        "failed_status_in_metadata": "refused",
        "remote_jwks": {
            "http_uri": {"uri": f"http://auth{JWKS_PATH}", "cluster": "auth", "timeout": "2s"},
            "cache_duration": f"{gateway.keys_seconds}s",
            # Fetched in the background: keys stay while auth is away, start-up waits for one try.
            "async_fetch": {"failed_refetch_duration": "1s"},
        },
    }
    return {
        "@type": f"{type_of('filters.http.jwt_authn')}.JwtAuthentication",
        "providers": {"oep": provider},
        "rules": [
            *({"match": {"path_separated_prefix": path}} for path in NO_TOKEN_CHECK),
            {"match": {"path_separated_prefix": "/api/v1"}, "requires": _look_only()},
        ],
    }


def _look_only() -> Json:
    """Look at a token without deciding.

    An absent one is answered by the service in its own words, a bad one by the next filter.
    """
    either = [{"provider_name": "oep"}, {"allow_missing_or_failed": {}}]
    return {"requires_any": {"requirements": either}}


def refuse_bad_tokens() -> Json:
    """Refuse what the token check found bad, but not what it had no token or no keys for.

    While auth has never been reached there are no keys here; the services hold their own.
    """
    message = {"filter": JWT_FILTER, "path": [{"key": "refused"}, {"key": "message"}]}
    bad = [
        _metadata_is(message, {"present_match": True}),
        *(
            {"not_id": _metadata_is(message, {"string_match": {"exact": words}})}
            for words in NOT_JUDGED
        ),
    ]
    policy = {"permissions": [{"any": True}], "principals": [{"and_ids": {"ids": bad}}]}
    return {
        "@type": f"{type_of('filters.http.rbac')}.RBAC",
        "rules": {"action": "DENY", "policies": {"bad-token": policy}},
    }


def _metadata_is(where: Json, value: Json) -> Json:
    return {"sourced_metadata": {"metadata_matcher": {**where, "value": value}}}
