"""What pages may read and do, and which headers go in and out."""

from collections.abc import Iterable, Sequence

from gateway_config.choices import Gateway
from gateway_config.shapes import Json, header, type_of

# Nobody outside may tell a service who he is or where he comes from.
STRIPPED_PREFIXES = ("x-user-", "x-oep-", "x-envoy-", "x-forwarded-", "x-auth-", "x-client-")
STRIPPED_NAMES = ("forwarded", "x-real-ip", "true-client-ip", "x-original-url", "x-rewrite-url")
# What a browser may do with an answer: nothing but read it. What a service or the pages' server
# says itself stands; theirs allow the exam room its camera and screen (web/server).
ANSWERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), display-capture=(), microphone=(), geolocation=()",
}
ANSWERS_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Below /app the pages' server decides alone: a policy on a worker's file would bind the worker.
HAS_NO_POLICY = (
    "!(request.url_path == '/app' || request.url_path.startsWith('/app/'))"
    " && !('content-security-policy' in response.headers)"
)
A_YEAR = 365 * 24 * 3600


def header_rules(gateway: Gateway) -> Json:
    gone = [
        *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in STRIPPED_PREFIXES),
        *({"remove": name} for name in STRIPPED_NAMES),
    ]
    client = header("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")
    scheme = header("x-forwarded-proto", "%REQ(:SCHEME)%")
    return {
        "@type": f"{type_of('filters.http.header_mutation')}.HeaderMutation",
        "mutations": {
            "request_mutations": [*gone, {"append": client}, {"append": scheme}],
            "response_mutations": [
                {"remove": "server"},
                {"remove": "x-envoy-ratelimited"},
                *({"append": header} for header in _cors_headers(gateway.origins)),
                *({"append": header} for header in _security_headers(gateway)),
            ],
        },
    }


def _security_headers(gateway: Gateway) -> Iterable[Json]:
    for name, value in ANSWERS.items():
        yield header(name, value) | {"append_action": "ADD_IF_ABSENT"}
    policy = f'%CEL({HAS_NO_POLICY} ? "{ANSWERS_POLICY}" : "")%'
    yield header("content-security-policy", policy) | {"append_action": "ADD_IF_ABSENT"}
    if gateway.speaks_tls:
        yield header("strict-transport-security", f"max-age={A_YEAR}")


def _cors_headers(origins: Sequence[str]) -> Iterable[Json]:
    """Headers for pages that may read our answers; an empty value is left out by Envoy.

    Envoy's own CORS filter is not used: it passes over what Envoy answers by itself.
    """
    yield header("vary", "Origin") | {"append_action": "APPEND_IF_EXISTS_OR_ADD"}
    for name, value in (
        ("access-control-allow-origin", "request.headers['origin']"),
        ("access-control-allow-credentials", "'true'"),
        ("access-control-expose-headers", "'OEP-Load, Retry-After, X-Request-ID'"),
    ):
        yield header(name, f"%CEL({_is_ours(origins)} ? {value} : '')%")


def _is_ours(origins: Sequence[str]) -> str:
    known = ", ".join(f"'{origin}'" for origin in origins)
    return f"('origin' in request.headers && request.headers['origin'] in [{known}])"
