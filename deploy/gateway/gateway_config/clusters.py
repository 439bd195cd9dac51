"""How the services are reached, and what happens when one is not."""

from gateway_config.choices import Gateway, Limits
from gateway_config.shapes import Json, endpoint, host_port, is_ip

# Well below the services' keep-alive of 75 s: no request is to meet a closing connection.
UPSTREAM_IDLE = "30s"


def admin_cluster(gateway: Gateway) -> Json:
    admin = endpoint(gateway.admin_host, gateway.admin_port)
    return {
        "name": "admin",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "admin",
            "endpoints": [{"lb_endpoints": [admin]}],
        },
    }


def cluster(gateway: Gateway, name: str) -> Json:
    pairs = [host_port(address) for address in gateway.upstreams[name]]
    numeric = all(is_ip(host) for host, _ in pairs)
    return {
        "name": name,
        "type": "STATIC" if numeric else "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        # Ask even when nobody looks healthy: a single replica serves the moment it is back,
        # and a service that is not ready says itself why.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1}},
        "circuit_breakers": {"thresholds": [_thresholds(gateway.limits, name)]},
        "outlier_detection": _outliers(),
        "health_checks": [_health_check()],
        "typed_extension_protocol_options": _upstream_protocol(),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint(*pair) for pair in pairs]}],
        },
    }


def _thresholds(limits: Limits, name: str) -> Json:
    """Refuse at once what a service could only let wait; a socket is a request that stays.

    A socket too many finds a connection and is then refused as a request: without one it would wait
    for a place until somebody leaves.
    """
    is_for_sockets = name == "realtime"
    connections, requests = limits.upstream_connections, limits.upstream_requests
    if is_for_sockets:
        requests = limits.upstream_sockets
        connections = requests + limits.upstream_waiting
    return {
        "max_connections": connections,
        "max_pending_requests": limits.upstream_waiting,
        "max_requests": requests,
        "max_retries": limits.upstream_retries,
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
