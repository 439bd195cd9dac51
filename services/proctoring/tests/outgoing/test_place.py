"""Where webhooks may go: nowhere that only the platform can reach."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.outgoing.place import NotAllowed, place, reachable

PUBLIC = "93.184.216.34"


def test_a_public_host_by_https_is_fine():
    found = place("https://lms.example.org:8443/hooks?exam=1", ())
    assert (found.host, found.port, found.is_trusted) == ("lms.example.org", 8443, False)
    assert reachable(found, [PUBLIC, "2606:2800:220:1::1"]) == PUBLIC


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example.org/",
        "ftp://lms.example.org/",
        "https:///hook",
        "https://",
        "lms.example.org/hook",
        "https://user:password@lms.example.org/",
        "https://user@lms.example.org/",
        "https://lms.example.org/#part",
        "https://lms.example.org:99999/",
        "https://[::1/",
        "https://lms.example.org/a b",
        "https://lms.example.org/\n",
        "https://lms.example.\u00f6rg/",
        "https://lms.example.org/" + "a" * 2_000,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://[::ffff:10.1.2.3]/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_anything_else_is_refused_when_it_is_written_down(url):
    with pytest.raises(NotAllowed):
        place(url, ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_a_name_that_stands_for_a_private_address_is_refused_at_every_try(address):
    found = place("https://lms.example.org/", ())
    with pytest.raises(NotAllowed):
        reachable(found, [address])
    with pytest.raises(NotAllowed):
        reachable(found, [PUBLIC, address])


@given(address=st.ip_addresses())
def test_what_is_let_through_is_public_whichever_it_is(address):
    try:
        reachable(place("https://lms.example.org/", ()), [str(address)])
    except NotAllowed:
        return
    inner = getattr(address, "ipv4_mapped", None) or address
    kinds = ("is_private", "is_loopback", "is_link_local", "is_multicast")
    assert not [kind for kind in kinds if getattr(inner, kind)]


def test_a_name_without_an_address_is_nowhere():
    with pytest.raises(NotAllowed):
        reachable(place("https://lms.example.org/", ()), [])


def test_hosts_of_the_installation_need_neither_tls_nor_a_public_address():
    found = place("http://lms:9000/hook", {"lms"})
    assert (found.port, found.is_trusted) == (9000, True)
    assert reachable(found, ["10.0.0.7"]) == "10.0.0.7"
    assert place("http://127.0.0.1/", {"127.0.0.1"}).port == 80
    with pytest.raises(NotAllowed):
        place("http://lms.example.org/", {"lms"})


def test_loopback_is_no_exception_unless_the_installation_says_so():
    assert ipaddress.ip_address("127.0.0.1").is_loopback
    with pytest.raises(NotAllowed):
        reachable(place("https://localhost/", ()), ["127.0.0.1"])
