"""Where Envoy listens, and what a stranger may send."""

from gateway_config.choices import ROUTES_FILE, Gateway, Limits
from gateway_config.filters import http_filters
from gateway_config.routes import TABLE, route_table
from gateway_config.shapes import Json, address, type_of, typed, watched
from gateway_config.words import WORDS, access_log, from_bad_token, problem

HCM = "envoy.filters.network.http_connection_manager"


def listener(gateway: Gateway) -> Json:
    chain: Json = {"filters": [typed(HCM, _connection_manager(gateway))]}
    if gateway.speaks_tls:
        chain["transport_socket"] = _tls(_certificate(gateway))
    return {
        "name": "public",
        "address": address(gateway.host, gateway.port),
        "per_connection_buffer_limit_bytes": gateway.limits.body_bytes,
        "filter_chains": [chain],
    }


def _tls(certificate: Json) -> Json:
    context = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        **certificate,
    }
    kind = f"{type_of('transport_sockets.tls')}.DownstreamTlsContext"
    return typed("envoy.transport_sockets.tls", {"@type": kind, "common_tls_context": context})


def _certificate(gateway: Gateway) -> Json:
    """Name the pair, or a file that names it: Envoy watches that, so renewing needs no restart."""
    if gateway.certificate:
        pair = {
            "certificate_chain": {"filename": gateway.certificate},
            "private_key": {"filename": gateway.private_key},
        }
        return {"tls_certificates": [pair]}
    secret = {"name": "public", "sds_config": watched(gateway.tls)}
    return {"tls_certificate_sds_secret_configs": [secret]}


def stats_listener(gateway: Gateway) -> Json:
    path = "/stats/prometheus"
    routes = [
        {"match": {"path": path}, "route": {"cluster": "admin", "timeout": "10s"}},
        {"match": {"prefix": "/"}, "direct_response": {"status": 404}},
    ]
    manager = {
        "@type": f"{type_of('filters.network.http_connection_manager')}.HttpConnectionManager",
        "stat_prefix": "stats",
        "route_config": {
            "name": "stats",
            "virtual_hosts": [{"name": "stats", "domains": ["*"], "routes": routes}],
        },
        "http_filters": [
            typed(
                "envoy.filters.http.router", {"@type": f"{type_of('filters.http.router')}.Router"}
            )
        ],
    }
    return {
        "name": "stats",
        "address": address(gateway.host, gateway.stats_port),
        "ignore_global_conn_limit": True,
        "filter_chains": [{"filters": [typed(HCM, manager)]}],
    }


def _connection_manager(gateway: Gateway) -> Json:
    return {
        "@type": f"{type_of('filters.network.http_connection_manager')}.HttpConnectionManager",
        "stat_prefix": "public",
        "access_log": [access_log()],
        **_identity_of_the_client(),
        **_limits(gateway.limits),
        **_path_rules(),
        "local_reply_config": {"mappers": [from_bad_token(), *map(problem, WORDS)]},
        **_routes(gateway),
        "http_filters": http_filters(gateway),
    }


def _routes(gateway: Gateway) -> Json:
    if not gateway.live:
        return {"route_config": route_table(gateway)}
    source = watched(f"{gateway.live}/{ROUTES_FILE}")
    return {"rds": {"route_config_name": TABLE, "config_source": source}}


def _identity_of_the_client() -> Json:
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": 0,
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
    }


def _limits(limits: Limits) -> Json:
    return {
        "max_request_headers_kb": limits.headers_kib,
        "request_headers_timeout": f"{limits.head_seconds}s",
        "request_timeout": f"{limits.request_seconds}s",
        "stream_idle_timeout": f"{limits.silence_seconds}s",
        # After a socket's close a browser waits for the end of TCP before it may come back, so
        # short; not zero, or a refusal is lost to those who are still sending.
        "delayed_close_timeout": "0.25s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": limits.streams,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": limits.body_bytes,
        },
    }


def _path_rules() -> Json:
    """Two services must never read one path in two ways; `//` stays, no route matches it."""
    return {
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }
