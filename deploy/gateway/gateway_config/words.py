"""What the gateway says itself, and what it writes down."""

from gateway_config.shapes import Json, header, typed
from gateway_config.tokens import JWT_FILTER

RETRY_AFTER_SECONDS = 2
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


def from_bad_token() -> Json:
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
    return {**problem(401), "filter": {"and_filter": both}, "status_code": 401}


def problem(status: int) -> Json:
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
        found.append(header("www-authenticate", "Bearer"))
    if status in COME_BACK:
        found.append(header("retry-after", str(RETRY_AFTER_SECONDS)))
    return found


def _status_is(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"gateway.says.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def access_log() -> Json:
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
    return typed("envoy.access_loggers.stdout", log)
