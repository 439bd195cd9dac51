"""How often one account and one address may ask (ADR 48).

Buckets are Envoy's own, in its memory: each replica of the gateway counts for itself, and what only
the body of a request tells (the user name of a login) is counted by auth.
"""

from gateway_config.choices import Gateway, Limits
from gateway_config.shapes import Json, type_of, typed
from gateway_config.tokens import CLAIMS, JWT_FILTER

ADDRESS_FILTER = "oep.rates.address"
ACCOUNT_FILTER = "oep.rates.account"
ENDLESS = 1_000_000_000


def address_rates(gateway: Gateway) -> Json:
    """Count by address, before anything costs more: a token's signature, a body."""
    limits = gateway.limits
    general = _rate(limits.address_burst, limits.address_per_minute)
    return typed(ADDRESS_FILTER, _filter("address", general, _by_address(), limits))


def account_rates(gateway: Gateway) -> Json:
    """Count by the account that a good token names; without one there is nothing to count."""
    limits = gateway.limits
    general = _rate(limits.account_burst, limits.account_per_minute)
    return typed(ACCOUNT_FILTER, _filter("account", general, _by_account(), limits))


def login_rates(gateway: Gateway) -> Json:
    """Count logins of one address apart, for the routes where somebody signs in."""
    limits = gateway.limits
    logins = _rate(limits.login_burst, limits.login_per_minute)
    return {ADDRESS_FILTER: _filter("login", logins, _by_address(), limits)}


def _filter(name: str, rate: Json, counted: Json, limits: Limits) -> Json:
    return {
        "@type": f"{type_of('filters.http.local_ratelimit')}.LocalRateLimit",
        "stat_prefix": f"rates_{name}",
        "filter_enabled": _always(),
        "filter_enforced": _always(),
        "descriptors": [{"entries": [{"key": _name_of(counted)}], "token_bucket": rate}],
        "max_dynamic_descriptors": limits.counted_at_once,
        "rate_limits": [{"actions": [counted]}],
        # Envoy wants one bucket for all who are counted by nothing; ours never runs out.
        "token_bucket": _rate(ENDLESS, ENDLESS),
        "always_consume_default_token_bucket": False,
    }


def _name_of(counted: Json) -> str:
    """Return the key under which Envoy files what an action found."""
    [(kind, action)] = counted.items()
    return str(action.get("descriptor_key", kind))


def _by_address() -> Json:
    """Count an address of version 6 by its network: one household has 2⁶⁴ of them."""
    return {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}


def _by_account() -> Json:
    return {
        "metadata": {
            "descriptor_key": "account",
            "metadata_key": {"key": JWT_FILTER, "path": [{"key": CLAIMS}, {"key": "sub"}]},
            "source": "DYNAMIC",
            "skip_if_absent": True,
        }
    }


def _rate(burst: int, per_minute: int) -> Json:
    return {"max_tokens": burst, "tokens_per_fill": per_minute, "fill_interval": "60s"}


def _always() -> Json:
    return {"default_value": {"numerator": 100}}
