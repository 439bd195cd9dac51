"""Which path belongs to which service, and what the gateway answers alone."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from gateway_config.choices import PAGES, VERSION, Gateway
from gateway_config.compression import packed
from gateway_config.paths import (
    DOWNLOADS,
    JWKS_PATH,
    LOGINS,
    OWNERS,
    PACKED,
    PEOPLE_IMPORT,
    QUESTIONS_IMPORT,
    SOCKETS,
    SUBMITS,
)
from gateway_config.rates import login_rates
from gateway_config.shapes import Json, any_of, header, type_of, typed

TABLE = "public"
DOCS = Path(__file__).parents[1] / "docs.html"
ROUTE_TIMEOUT = "15s"
# A hall that hands in at one stroke is longer at it than other answers may take, and whoever has
# handed in shall have his receipt, not be told that nothing is known.
SUBMIT_TIMEOUT = "30s"
CSV_TIMEOUT = "60s"
# A thousand students with two secrets each are hashed in about 50 s, longer while many log in.
PEOPLE_TIMEOUT = "180s"
# Megabytes that are written while they are read: a slow line takes its time, a silent one does not.
DOWNLOAD_TIMEOUT = "600s"


def route_table(gateway: Gateway) -> Json:
    return {
        "name": TABLE,
        "max_direct_response_body_size_bytes": 8 << 20,
        "virtual_hosts": [
            {
                "name": "everything",
                "domains": ["*"],
                "routes": [
                    _preflight_route(gateway.origins),
                    *_socket_routes(gateway.origins),
                    _login_route(gateway),
                    _csv_route(gateway, QUESTIONS_IMPORT, "attempts", CSV_TIMEOUT),
                    _csv_route(gateway, PEOPLE_IMPORT, "auth", PEOPLE_TIMEOUT),
                    _route({"safe_regex": {"regex": DOWNLOADS}}, "proctoring", DOWNLOAD_TIMEOUT),
                    _route({"safe_regex": {"regex": SUBMITS}}, "attempts", SUBMIT_TIMEOUT),
                    *(_of_owner(prefix, owner) for prefix, owner in OWNERS),
                    _route({"path": JWKS_PATH}, "auth"),
                    *(_of_owner("/app", name) for name in pages(gateway)),
                    *_own_pages(gateway),
                    {"match": {"prefix": "/"}, "direct_response": {"status": 404}},
                ],
            }
        ],
    }


def pages(gateway: Gateway) -> list[str]:
    return [PAGES] if gateway.upstreams.get(PAGES) else []


def _route(match: Json, cluster: str, timeout: str = ROUTE_TIMEOUT) -> Json:
    return {
        "match": match,
        "route": {"cluster": cluster, "timeout": timeout, "retry_policy": _retries()},
    }


def _of_owner(prefix: str, owner: str) -> Json:
    route = _route({"path_separated_prefix": prefix}, owner)
    return route | ({"typed_per_filter_config": packed()} if prefix in PACKED else {})


def _retries() -> Json:
    """Retry only what no replica has seen, so that it is safe for every method."""
    return {
        "retry_on": "connect-failure,refused-stream",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            typed(
                "envoy.retry_host_predicates.previous_hosts",
                {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host."
                    "previous_hosts.v3.PreviousHostsPredicate"
                },
            )
        ],
        "host_selection_retry_max_attempts": 3,
    }


def _login_route(gateway: Gateway) -> Json:
    route = _route({"safe_regex": {"regex": LOGINS}}, "auth")
    return {**route, "typed_per_filter_config": login_rates(gateway)}


def _csv_route(gateway: Gateway, path: str, cluster: str, timeout: str) -> Json:
    route = _route({"safe_regex": {"regex": path}}, cluster, timeout)
    route["route"] |= {"idle_timeout": timeout}
    limit = {
        "@type": f"{type_of('filters.http.buffer')}.BufferPerRoute",
        "buffer": {"max_request_bytes": gateway.limits.import_bytes},
    }
    return {**route, "typed_per_filter_config": {"envoy.filters.http.buffer": limit}}


def _preflight_route(origins: Sequence[str]) -> Json:
    asked = "access-control-request-"
    headers = [
        {"name": ":method", "string_match": {"exact": "OPTIONS"}},
        {"name": f"{asked}method", "present_match": True},
        _known(origins),
    ]
    return {
        "match": {"prefix": "/", "headers": headers},
        "direct_response": {"status": 204},
        "response_headers_to_add": [
            header("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            # credentials forbid `*`, so a page gets back exactly what it asked for
            header("access-control-allow-headers", f"%REQ({asked}headers)%"),
            header("access-control-max-age", "600"),
        ],
    }


def _known(origins: Sequence[str]) -> Json:
    return {"name": "origin", "string_match": {"safe_regex": {"regex": any_of(origins)}}}


def _socket_routes(origins: Sequence[str]) -> list[Json]:
    """Pages of other sites may not open sockets with a user's browser; programs send no Origin."""
    absent = {"name": "origin", "present_match": True, "invert_match": True}
    match = {"path_separated_prefix": SOCKETS}
    refusal = {"match": match, "direct_response": {"status": 403}}
    return [*(_socket_route({**match, "headers": [h]}) for h in (_known(origins), absent)), refusal]


def _socket_route(match: Json) -> Json:
    route = _route(match, "realtime", timeout="0s")
    route["route"] |= {"idle_timeout": "0s", "upgrade_configs": [{"upgrade_type": "websocket"}]}
    return {
        **route,
        "typed_per_filter_config": {
            "envoy.filters.http.buffer": {
                "@type": f"{type_of('filters.http.buffer')}.BufferPerRoute",
                "disabled": True,
            }
        },
    }


def _own_pages(gateway: Gateway) -> list[Json]:
    """Answer alone what belongs to no service, reads only; another method there is a 405."""
    welcome = {"message": "Online Exam Platform", "docs": "/docs", "health": "/health"}
    health = {"status": "healthy", "service": "gateway", "version": VERSION}
    json_type, html_type = "application/json", "text/html; charset=utf-8"
    pages = [
        ("/", {"inline_string": json.dumps(welcome)}, json_type),
        ("/health", {"inline_string": json.dumps(health)}, json_type),
        ("/openapi.json", {"filename": gateway.openapi}, json_type),
    ]
    policy = header("content-security-policy", _docs_policy())
    return [
        *(route for page in pages for route in _page(*page)),
        *_page("/docs", {"filename": gateway.docs}, html_type, policy),
        *_page("/redoc", {"filename": gateway.docs}, html_type, policy),
    ]


def _docs_policy() -> str:
    """Allow the one script and style sheet that are in the page, by what they say."""
    text = DOCS.read_text()
    allowed = "; ".join(f"{kind}-src {_hash_of(text, kind)}" for kind in ("script", "style"))
    document = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; {allowed}; connect-src 'self'; {document}"


def _hash_of(page: str, tag: str) -> str:
    [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
    return f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'"


def _page(path: str, body: Json, content_type: str, *more: Json) -> Iterable[Json]:
    reads = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
    yield {
        "match": {"path": path, "headers": [reads]},
        "direct_response": {"status": 200, "body": body},
        "response_headers_to_add": [header("content-type", content_type), *more],
        "typed_per_filter_config": packed(),
    }
    yield {"match": {"path": path}, "direct_response": {"status": 405}}
