"""What a request passes through, in its order."""

from gateway_config.browsers import header_rules
from gateway_config.choices import Gateway
from gateway_config.compression import packers
from gateway_config.rates import account_rates, address_rates
from gateway_config.shapes import Json, type_of, typed
from gateway_config.tokens import JWT_FILTER, refuse_bad_tokens, token_check


def http_filters(gateway: Gateway) -> list[Json]:
    """Headers come first on the way in and so last on the way out: also on what others refuse."""
    return [
        typed("envoy.filters.http.header_mutation", header_rules(gateway)),
        address_rates(gateway),
        typed(JWT_FILTER, token_check(gateway)),
        typed("envoy.filters.http.rbac", refuse_bad_tokens()),
        account_rates(gateway),
        *packers(),
        typed("envoy.filters.http.buffer", _body_limit(gateway)),
        typed(
            "envoy.filters.http.router",
            {"@type": f"{type_of('filters.http.router')}.Router", "suppress_envoy_headers": True},
        ),
    ]


def _body_limit(gateway: Gateway) -> Json:
    return {
        "@type": f"{type_of('filters.http.buffer')}.Buffer",
        "max_request_bytes": gateway.limits.body_bytes,
    }
