# ruff: noqa: INP001  # a script that is run by its path
"""Generate the gateway's Envoy configuration: one source for the runner, compose and Kubernetes.

This file decides which path belongs to which service, what a browser page may call, what the
gateway says itself and where its limits are. It never knows what a request means: tokens are
checked for being ours, roles and ownership are the services' business.

    python deploy/gateway/generate.py > deploy/gateway/envoy.yaml        # the compose flavour
    python deploy/gateway/generate.py --kubernetes --origin https://exams.example.org
    python deploy/gateway/generate.py --upstream auth=127.0.0.1:8101 ... # any other
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import yaml

VERSION = "0.1.0"
SERVICES = ("auth", "attempts", "proctoring", "realtime")
PAGES = "web"  # hands out the pages below /app; an installation may do without
COMPOSE_UPSTREAMS = {name: [f"{name}:{8101 + n}"] for n, name in enumerate((*SERVICES, PAGES))}
# Our own pages, and those that somebody is working on (contract §2.1).
DEFAULT_ORIGINS = tuple(f"http://localhost:{port}" for port in (8000, 5173, 5174, 5175, 5176))
COMPOSE_FILES = "/etc/envoy"  # where the image has openapi.json and docs.html
KUBERNETES_TLS = "/etc/oep/tls/certificate.yaml"
KUBERNETES_STATS_PORT = 9902
ISSUER = "oep"
ORIGIN = r"https?://[A-Za-z0-9.\-\[\]:]+"

# contract §14: who owns which path; matched on whole path segments, `/api/v1/authx` is nobody's
OWNERS = (
    ("/api/v1/auth", "auth"),
    ("/api/v1/exams", "attempts"),
    ("/api/v1/attempts", "attempts"),
    ("/api/v1/transfers", "attempts"),
    ("/api/v1/proctoring", "proctoring"),
)
JWKS_PATH = "/.well-known/jwks.json"
SOCKETS = "/api/v1/ws"
# Where a stale token must not stand in the way of getting a new one, or where realtime has to
# accept before it refuses (contract §7.1).
NO_TOKEN_CHECK = (
    "/api/v1/auth/login",
    "/api/v1/auth/hall-ticket-login",
    "/api/v1/auth/refresh",
    SOCKETS,
)
CSV_IMPORT = r"/api/v1/exams/question-banks/[^/]+/import-csv/?"
PEOPLE_IMPORT = r"/api/v1/auth/users/import-csv/?"
DOWNLOADS = r"/api/v1/proctoring/(attempt/[^/]+/(evidence|report)|people/[^/]+/export)/?"

BODY_BYTES = 1 << 20
CSV_BODY_BYTES = 10 << 20
HEADERS_KIB = 32
RETRY_AFTER_SECONDS = 2
ROUTE_TIMEOUT = "15s"
CSV_TIMEOUT = "60s"
# A thousand students with two secrets each are hashed in about 50 s, longer while many log in.
PEOPLE_TIMEOUT = "180s"
# Megabytes that are written while they are read: a slow line takes its time, a silent one does not.
DOWNLOAD_TIMEOUT = "600s"
# Well below the services' keep-alive of 75 s: no request is to meet a closing connection.
UPSTREAM_IDLE = "30s"

# Nobody outside may tell a service who he is or where he comes from.
STRIPPED_PREFIXES = ("x-user-", "x-oep-", "x-envoy-", "x-forwarded-", "x-auth-", "x-client-")
STRIPPED_NAMES = ("forwarded", "x-real-ip", "true-client-ip", "x-original-url", "x-rewrite-url")

# A request that is refused while it is being read has no id yet and gets one for its refusal.
REQUEST_ID = '%COALESCE({"operators": [{"command": "REQ", "param": "X-REQUEST-ID"}, "UNIQUE_ID"]})%'

# What the gateway says itself: status → (title, detail). The details are the contract's words.
WORDS = {
    400: ("Bad Request", "Bad Request"),
    401: ("Unauthorized", "Could not validate credentials"),
    403: ("Forbidden", "Origin not allowed"),
    404: ("Not Found", "Not Found"),
    405: ("Method Not Allowed", "Method Not Allowed"),
    408: ("Request Timeout", "Request Timeout"),
    413: ("Content Too Large", "Content Too Large"),
    426: ("Upgrade Required", "Upgrade Required"),
    429: ("Too Many Requests", "Too many requests"),
    431: ("Request Header Fields Too Large", "Request Header Fields Too Large"),
    500: ("Internal Server Error", "Internal Server Error"),
    502: ("Bad Gateway", "Service temporarily unavailable"),
    503: ("Service Unavailable", "Service temporarily unavailable"),
    504: ("Gateway Timeout", "Service temporarily unavailable"),
}
COME_BACK = frozenset({429, 502, 503, 504})
# The names that the services give to the same failures; what HTTP itself names has none.
SLUGS = {401: "unauthenticated", 403: "forbidden", 413: "too-large", 429: "too-many"}
SLUGS |= dict.fromkeys((502, 503, 504), "unavailable")

HCM = "envoy.filters.network.http_connection_manager"
JWT_FILTER = "envoy.filters.http.jwt_authn"
# Not the token's fault: these are left to the services, which have words and keys of their own.
NOT_JUDGED = ("Jwt is missing", "Jwks remote fetch is failed")

Json = dict[str, Any]


@dataclass(frozen=True)
class Gateway:
    """What differs between a laptop, compose and a cluster."""

    upstreams: Mapping[str, Sequence[str]] = field(default_factory=lambda: COMPOSE_UPSTREAMS)
    host: str = "0.0.0.0"
    port: int = 8000
    admin_host: str = "127.0.0.1"
    admin_port: int = 9901
    origins: Sequence[str] = DEFAULT_ORIGINS
    keys_seconds: int = 30  # how old the public keys may be; a removed one is refused after that
    openapi: str = f"{COMPOSE_FILES}/openapi.json"
    docs: str = f"{COMPOSE_FILES}/docs.html"
    tls: str = ""
    """The file that names the public certificate for Envoy, which reads it anew when it changes."""
    stats_port: int = 0
    """Where Prometheus reads what Envoy counts; nothing else of the admin port is there."""


def render(gateway: Gateway) -> str:
    """Return the configuration as YAML, the same text for the same input."""
    missing = [name for name in SERVICES if not gateway.upstreams.get(name)]
    if missing:
        raise ValueError(f"no address for: {', '.join(missing)}")
    strange = [origin for origin in gateway.origins if not re.fullmatch(ORIGIN, origin)]
    if strange:
        raise ValueError(f"not an origin (scheme://host[:port]): {', '.join(strange)}")
    head = "# Generated by deploy/gateway/generate.py; change that and run it again.\n"
    return head + yaml.dump(bootstrap(gateway), sort_keys=False, width=100, Dumper=_Plain)


def bootstrap(gateway: Gateway) -> Json:
    """Return the whole configuration as one structure."""
    clusters = [_cluster(name, gateway.upstreams[name]) for name in (*SERVICES, *_pages(gateway))]
    listeners = [_listener(gateway)]
    if gateway.stats_port:
        listeners.append(_stats_listener(gateway))
        clusters.append(_admin_cluster(gateway))
    return {
        "node": {"id": "gateway", "cluster": "oep"},
        "admin": {"address": _address(gateway.admin_host, gateway.admin_port)},
        "static_resources": {"listeners": listeners, "clusters": clusters},
        "overload_manager": _connection_limit(200_000),
    }


# Listener: limits on what a stranger may send


def _listener(gateway: Gateway) -> Json:
    chain: Json = {"filters": [_typed(HCM, _connection_manager(gateway))]}
    if gateway.tls:
        chain["transport_socket"] = _public_certificate(gateway.tls)
    return {
        "name": "public",
        "address": _address(gateway.host, gateway.port),
        "per_connection_buffer_limit_bytes": BODY_BYTES,
        "filter_chains": [chain],
    }


def _public_certificate(file: str) -> Json:
    """Read the certificate by way of a file that Envoy watches: renewed without a restart."""
    folder = file.rpartition("/")[0]
    source = {"path": file, "watched_directory": {"path": folder}}
    secret = {
        "name": "public",
        "sds_config": {"path_config_source": source, "resource_api_version": "V3"},
    }
    context = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificate_sds_secret_configs": [secret],
    }
    kind = f"{_type('transport_sockets.tls')}.DownstreamTlsContext"
    return _typed("envoy.transport_sockets.tls", {"@type": kind, "common_tls_context": context})


def _stats_listener(gateway: Gateway) -> Json:
    path = "/stats/prometheus"
    routes = [
        {"match": {"path": path}, "route": {"cluster": "admin", "timeout": "10s"}},
        {"match": {"prefix": "/"}, "direct_response": {"status": 404}},
    ]
    manager = {
        "@type": f"{_type('filters.network.http_connection_manager')}.HttpConnectionManager",
        "stat_prefix": "stats",
        "route_config": {
            "name": "stats",
            "virtual_hosts": [{"name": "stats", "domains": ["*"], "routes": routes}],
        },
        "http_filters": [
            _typed("envoy.filters.http.router", {"@type": f"{_type('filters.http.router')}.Router"})
        ],
    }
    return {
        "name": "stats",
        "address": _address(gateway.host, gateway.stats_port),
        "ignore_global_conn_limit": True,
        "filter_chains": [{"filters": [_typed(HCM, manager)]}],
    }


def _admin_cluster(gateway: Gateway) -> Json:
    admin = _endpoint(gateway.admin_host, gateway.admin_port)
    return {
        "name": "admin",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "admin",
            "endpoints": [{"lb_endpoints": [admin]}],
        },
    }


def _connection_manager(gateway: Gateway) -> Json:
    return {
        "@type": f"{_type('filters.network.http_connection_manager')}.HttpConnectionManager",
        "stat_prefix": "public",
        "access_log": [_access_log()],
        **_identity_of_the_client(),
        **_limits(),
        **_path_rules(),
        "local_reply_config": {"mappers": [_from_bad_token(), *map(_problem, WORDS)]},
        "route_config": _routes(gateway),
        "http_filters": _http_filters(gateway),
    }


def _identity_of_the_client() -> Json:
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": 0,
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
    }


def _limits() -> Json:
    return {
        "max_request_headers_kb": HEADERS_KIB,
        "request_headers_timeout": "10s",
        "request_timeout": "120s",
        "stream_idle_timeout": "60s",
        # After a socket's close a browser waits for the end of TCP before it may come back, so
        # short; not zero, or a refusal is lost to those who are still sending.
        "delayed_close_timeout": "0.25s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": BODY_BYTES,
        },
    }


def _path_rules() -> Json:
    """Two services must never read one path in two ways; `//` stays, no route matches it."""
    return {
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }


def _connection_limit(connections: int) -> Json:
    name = "envoy.resource_monitors.global_downstream_max_connections"
    kind = "downstream_connections.v3.DownstreamConnectionsConfig"
    monitor = {
        "@type": f"type.googleapis.com/envoy.extensions.resource_monitors.{kind}",
        "max_active_downstream_connections": connections,
    }
    return {"resource_monitors": [_typed(name, monitor)]}


# Routes


def _routes(gateway: Gateway) -> Json:
    return {
        "name": "public",
        "max_direct_response_body_size_bytes": 8 << 20,
        "virtual_hosts": [
            {
                "name": "everything",
                "domains": ["*"],
                "routes": [
                    _preflight_route(gateway.origins),
                    *_socket_routes(gateway.origins),
                    _csv_route(CSV_IMPORT, "attempts", CSV_TIMEOUT),
                    _csv_route(PEOPLE_IMPORT, "auth", PEOPLE_TIMEOUT),
                    _route({"safe_regex": {"regex": DOWNLOADS}}, "proctoring", DOWNLOAD_TIMEOUT),
                    *(_route({"path_separated_prefix": p}, owner) for p, owner in OWNERS),
                    _route({"path": JWKS_PATH}, "auth"),
                    *(_route({"path_separated_prefix": "/app"}, name) for name in _pages(gateway)),
                    *_own_pages(gateway),
                    {"match": {"prefix": "/"}, "direct_response": {"status": 404}},
                ],
            }
        ],
    }


def _pages(gateway: Gateway) -> list[str]:
    return [PAGES] if gateway.upstreams.get(PAGES) else []


def _route(match: Json, cluster: str, timeout: str = ROUTE_TIMEOUT) -> Json:
    return {
        "match": match,
        "route": {"cluster": cluster, "timeout": timeout, "retry_policy": _retries()},
    }


def _retries() -> Json:
    """Retry only what no replica has seen, so that it is safe for every method."""
    return {
        "retry_on": "connect-failure,refused-stream",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            _typed(
                "envoy.retry_host_predicates.previous_hosts",
                {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host."
                    "previous_hosts.v3.PreviousHostsPredicate"
                },
            )
        ],
        "host_selection_retry_max_attempts": 3,
    }


def _csv_route(path: str, cluster: str, timeout: str) -> Json:
    route = _route({"safe_regex": {"regex": path}}, cluster, timeout)
    route["route"] |= {"idle_timeout": timeout}
    return {**route, "typed_per_filter_config": {"envoy.filters.http.buffer": _body_limit_override}}


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
            _header("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            # credentials forbid `*`, so a page gets back exactly what it asked for
            _header("access-control-allow-headers", f"%REQ({asked}headers)%"),
            _header("access-control-max-age", "600"),
        ],
    }


def _known(origins: Sequence[str]) -> Json:
    return {"name": "origin", "string_match": {"safe_regex": {"regex": _any_of(origins)}}}


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
                "@type": f"{_type('filters.http.buffer')}.BufferPerRoute",
                "disabled": True,
            }
        },
    }


_body_limit_override: Json = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
    "buffer": {"max_request_bytes": CSV_BODY_BYTES},
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
        ("/docs", {"filename": gateway.docs}, html_type),
        ("/redoc", {"filename": gateway.docs}, html_type),
    ]
    return [route for page in pages for route in _page(*page)]


def _page(path: str, body: Json, content_type: str) -> Iterable[Json]:
    reads = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
    yield {
        "match": {"path": path, "headers": [reads]},
        "direct_response": {"status": 200, "body": body},
        "response_headers_to_add": [_header("content-type", content_type)],
    }
    yield {"match": {"path": path}, "direct_response": {"status": 405}}


# Filters, in the order in which a request meets them


def _http_filters(gateway: Gateway) -> list[Json]:
    """Headers come first on the way in and so last on the way out: also on what others refuse."""
    return [
        _typed("envoy.filters.http.header_mutation", _headers(gateway.origins)),
        _typed(JWT_FILTER, _token_check(gateway)),
        _typed("envoy.filters.http.rbac", _refuse_bad_tokens()),
        _typed("envoy.filters.http.buffer", _body_limit()),
        _typed(
            "envoy.filters.http.router",
            {"@type": f"{_type('filters.http.router')}.Router", "suppress_envoy_headers": True},
        ),
    ]


def _headers(origins: Sequence[str]) -> Json:
    gone = [
        *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in STRIPPED_PREFIXES),
        *({"remove": name} for name in STRIPPED_NAMES),
    ]
    client = _header("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")
    scheme = _header("x-forwarded-proto", "%REQ(:SCHEME)%")
    return {
        "@type": f"{_type('filters.http.header_mutation')}.HeaderMutation",
        "mutations": {
            "request_mutations": [*gone, {"append": client}, {"append": scheme}],
            "response_mutations": [
                {"remove": "server"},
                *({"append": header} for header in _cors_headers(origins)),
            ],
        },
    }


def _cors_headers(origins: Sequence[str]) -> Iterable[Json]:
    """Headers for pages that may read our answers; an empty value is left out by Envoy.

    Envoy's own CORS filter is not used: it passes over what Envoy answers by itself.
    """
    yield _header("vary", "Origin") | {"append_action": "APPEND_IF_EXISTS_OR_ADD"}
    for name, value in (
        ("access-control-allow-origin", "request.headers['origin']"),
        ("access-control-allow-credentials", "'true'"),
        ("access-control-expose-headers", "'OEP-Load, Retry-After, X-Request-ID'"),
    ):
        yield _header(name, f"%CEL({_is_ours(origins)} ? {value} : '')%")


def _is_ours(origins: Sequence[str]) -> str:
    known = ", ".join(f"'{origin}'" for origin in origins)
    return f"('origin' in request.headers && request.headers['origin'] in [{known}])"


def _token_check(gateway: Gateway) -> Json:
    provider = {
        "issuer": ISSUER,
        "forward": True,
        "require_expiration": True,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "failed_status_in_metadata": "refused",
        "remote_jwks": {
            "http_uri": {"uri": f"http://auth{JWKS_PATH}", "cluster": "auth", "timeout": "2s"},
            "cache_duration": f"{gateway.keys_seconds}s",
            # Fetched in the background: keys stay while auth is away, start-up waits for one try.
            "async_fetch": {"failed_refetch_duration": "1s"},
        },
    }
    return {
        "@type": f"{_type('filters.http.jwt_authn')}.JwtAuthentication",
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


def _refuse_bad_tokens() -> Json:
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
        "@type": f"{_type('filters.http.rbac')}.RBAC",
        "rules": {"action": "DENY", "policies": {"bad-token": policy}},
    }


def _metadata_is(where: Json, value: Json) -> Json:
    return {"sourced_metadata": {"metadata_matcher": {**where, "value": value}}}


def _body_limit() -> Json:
    return {
        "@type": f"{_type('filters.http.buffer')}.Buffer",
        "max_request_bytes": BODY_BYTES,
    }


# What the gateway says itself


def _from_bad_token() -> Json:
    """Say 401 as the contract does, where the filter that refuses said 403."""
    metadata = {
        "matcher": {
            "filter": JWT_FILTER,
            "path": [{"key": "refused"}],
            "value": {"present_match": True},
        },
        "match_if_key_not_found": False,
    }
    both = {"filters": [_status_is(403), {"metadata_filter": metadata}]}
    return {**_problem(401), "filter": {"and_filter": both}, "status_code": 401}


def _problem(status: int) -> Json:
    title, detail = WORDS[status]
    body = {
        "type": f"urn:oep:problem:{SLUGS[status]}" if status in SLUGS else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "%PATH(NQ:PATH)%",
        "request_id": REQUEST_ID,
    }
    mapper: Json = {
        "filter": _status_is(status),
        "body_format_override": {"content_type": "application/problem+json", "json_format": body},
    }
    headers = _problem_headers(status)
    return {**mapper, "headers_to_add": headers} if headers else mapper


def _problem_headers(status: int) -> list[Json]:
    found = []
    if status == 401:
        found.append(_header("www-authenticate", "Bearer"))
    if status in COME_BACK:
        found.append(_header("retry-after", str(RETRY_AFTER_SECONDS)))
    return found


def _status_is(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"gateway.says.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _access_log() -> Json:
    """One JSON line a request. The query is left out whole: `?token=` is a key to an exam."""
    line = {
        "event": "gateway.request",
        "at": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "request_id": REQUEST_ID,
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:PATH)%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "why": "%RESPONSE_CODE_DETAILS%",
        "duration_ms": "%DURATION%",
        "bytes_in": "%BYTES_RECEIVED%",
        "bytes_out": "%BYTES_SENT%",
        "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "upstream": "%UPSTREAM_CLUSTER%",
        "replica": "%UPSTREAM_HOST%",
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    }
    log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        "log_format": {"json_format": line},
    }
    return _typed("envoy.access_loggers.stdout", log)


# Clusters


def _cluster(name: str, addresses: Sequence[str]) -> Json:
    pairs = [_host_port(address) for address in addresses]
    numeric = all(_is_ip(host) for host, _ in pairs)
    sockets = name == "realtime"
    return {
        "name": name,
        "type": "STATIC" if numeric else "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        # Ask even when nobody looks healthy: a single replica serves the moment it is back,
        # and a service that is not ready says itself why.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1}},
        "circuit_breakers": {"thresholds": [_thresholds(100_000 if sockets else 1_024)]},
        "outlier_detection": _outliers(),
        "health_checks": [_health_check()],
        "typed_extension_protocol_options": _upstream_protocol(),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(*pair) for pair in pairs]}],
        },
    }


def _thresholds(connections: int) -> Json:
    return {
        "max_connections": connections,
        "max_pending_requests": 4_096,
        "max_requests": max(connections, 4_096),
        "max_retries": 64,
    }


def _outliers() -> Json:
    """Eject who cannot be reached; never who answers 503, that is a service's own word."""
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 3,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": "2s",
        "max_ejection_time": "10s",
        "max_ejection_percent": 100,
    }


def _health_check() -> Json:
    return {
        "timeout": "1s",
        "interval": "2s",
        "no_traffic_interval": "2s",
        "unhealthy_interval": "1s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/health/ready", "host": "gateway"},
    }


def _upstream_protocol() -> Json:
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        kind: {
            "@type": f"type.googleapis.com/{kind}",
            "common_http_protocol_options": {"idle_timeout": UPSTREAM_IDLE},
            "explicit_http_config": {"http_protocol_options": {}},
        }
    }


def _endpoint(host: str, port: int) -> Json:
    return {"endpoint": {"address": _address(host, port)}}


# Small things


def _typed(name: str, config: Json) -> Json:
    return {"name": name, "typed_config": config}


def _type(package: str) -> str:
    return f"type.googleapis.com/envoy.extensions.{package}.v3"


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _header(key: str, value: str) -> Json:
    return {
        "header": {"key": key, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _any_of(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in words)


def _host_port(address: str) -> tuple[str, int]:
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ValueError(f"not a host:port: {address!r}")
    return host.strip("[]"), int(port)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Plain(yaml.SafeDumper):
    """Writes shared parts out in full: the result is read by people."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True


# Command line


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the configuration that the arguments ask for."""
    gateway = _parse(arguments)
    sys.stdout.write(render(gateway))


def _parse(arguments: Sequence[str] | None) -> Gateway:
    plain = Gateway()
    parser = argparse.ArgumentParser(description="Generate the gateway's Envoy configuration.")
    parser.add_argument("--upstream", action="append", default=[], metavar="NAME=HOST:PORT[,…]")
    parser.add_argument("--origin", action="append", default=[], metavar="URL")
    parser.add_argument("--host", default=plain.host)
    parser.add_argument("--port", type=int, default=plain.port)
    parser.add_argument("--admin-host", default=plain.admin_host)
    parser.add_argument("--admin-port", type=int, default=plain.admin_port)
    parser.add_argument("--keys-seconds", type=int, default=plain.keys_seconds)
    parser.add_argument("--openapi", default=plain.openapi, metavar="FILE")
    parser.add_argument("--docs", default=plain.docs, metavar="FILE")
    parser.add_argument("--tls", default=plain.tls, metavar="FILE")
    parser.add_argument("--stats-port", type=int, default=plain.stats_port)
    parser.add_argument(
        "--kubernetes", action="store_true", help="as in deploy/kubernetes: TLS, a port for stats"
    )
    parser.set_defaults(**_kubernetes(arguments))
    given = parser.parse_args(arguments)
    return Gateway(
        upstreams={**COMPOSE_UPSTREAMS, **dict(map(_upstream, given.upstream))},
        host=given.host,
        port=given.port,
        admin_host=given.admin_host,
        admin_port=given.admin_port,
        origins=given.origin or DEFAULT_ORIGINS,
        keys_seconds=given.keys_seconds,
        openapi=given.openapi,
        docs=given.docs,
        tls=given.tls,
        stats_port=given.stats_port,
    )


def _kubernetes(arguments: Sequence[str] | None) -> Json:
    """Return what is another default in a cluster, where services are found by the same names."""
    asked = "--kubernetes" in (sys.argv[1:] if arguments is None else arguments)
    return {"tls": KUBERNETES_TLS, "stats_port": KUBERNETES_STATS_PORT} if asked else {}


def _upstream(text: str) -> tuple[str, list[str]]:
    name, _, addresses = text.partition("=")
    if name not in (*SERVICES, PAGES):
        raise SystemExit(f"--upstream {text}: the services are {', '.join(SERVICES)} and {PAGES}")
    return name, [address for address in addresses.split(",") if address]


if __name__ == "__main__":
    main()
