"""The public door by TLS, wherever a gateway runs: `--certificate` and `--private-key`."""

import socket
import ssl
import warnings

import httpx
import pytest
import trustme
from websockets.sync.client import connect

HOST = "exams.school.example"


@pytest.fixture
def ours(tmp_path):
    """Return what a client trusts, and the two files of a certificate that it believes."""
    authority = trustme.CA()
    made = authority.issue_cert(HOST, "127.0.0.1")
    files = tmp_path / "public.crt", tmp_path / "public.key"
    files[0].write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
    files[1].write_bytes(made.private_key_pem.bytes())
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context, [f"--certificate={files[0]}", f"--private-key={files[1]}"]


def test_the_door_speaks_tls_and_says_that_it_always_will(own_rig, ours):
    trusted, arguments = ours
    rig = own_rig(*arguments)
    url = f"https://127.0.0.1:{rig.envoy.port}"
    with httpx.Client(verify=trusted, base_url=url) as http:
        for path in ("/health", "/nothing", "/api/v1/attempts/1"):
            assert http.get(path).headers["strict-transport-security"] == "max-age=31536000"
        assert http.get("/api/v1/attempts/1").json()["headers"]["x-forwarded-proto"] == "https"
        allowed = http.get("/health", headers={"Origin": "https://localhost:0"}).headers
        assert allowed["access-control-allow-origin"] == "https://localhost:0"
    door = f"wss://127.0.0.1:{rig.envoy.port}/api/v1/ws/attempts/1"
    with connect(door, ssl=trusted) as line:
        assert line.recv()
    assert negotiated(rig, trusted, ["h2", "http/1.1"]) == ("TLSv1.3", "h2")
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        negotiated(rig, too_old(), [])
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{rig.envoy.port}/health")


def too_old():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # Python, too, finds it old
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def negotiated(rig, context, protocols):
    if protocols:
        context.set_alpn_protocols(protocols)
    raw = socket.create_connection(("127.0.0.1", rig.envoy.port), timeout=10)
    with raw, context.wrap_socket(raw, server_hostname=HOST) as line:
        return line.version(), line.selected_alpn_protocol()


def test_without_tls_nothing_is_promised(rig):
    assert "strict-transport-security" not in rig.http.get("/health").headers
