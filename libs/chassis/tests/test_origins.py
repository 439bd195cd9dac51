"""Whose word counts for the client's address."""

import ipaddress

import pytest
from chassis.origins import Origin, origin
from chassis.settings import DatabaseSettings
from pydantic import SecretStr

TRUSTED = (ipaddress.ip_network("10.1.0.0/16"),)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "nonsense", "10.1.2.3"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (None, "203.0.113.9", None),
    ],
)
def test_only_a_trusted_peer_says_whose_address_it_is(peer, forwarded, address):
    assert origin(peer, forwarded, "Fire\0fox", TRUSTED) == Origin(address, "Firefox")


def test_proxies_are_addresses_or_networks():
    settings = DatabaseSettings(
        rest_port=1,
        grpc_port=2,
        nats_url="n",
        jwks_url="j",
        database_url=SecretStr("postgresql://u:p@h/d"),
        trusted_proxies="10.1.0.0/16, ::1",
    )
    assert [str(net) for net in settings.trusted_proxies] == ["10.1.0.0/16", "::1/128"]
