"""The certificate of `oep up --tls`, and one that the user names."""

import os
import ssl
import stat
import time
from pathlib import Path

import pytest
import trustme
from oep_local import tls
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.ports import plan as port_plan
from oep_local.state import State

DAY_SECONDS = 86_400


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "state").open()


def handshake(server, client, name):
    """Have two contexts greet each other without a line; raises when the client disbelieves."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asked, answering, asked, answering):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return asked.version()


def shown_by(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.private_key)
    return context


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_our_own_certificate_is_believed_by_our_programs_for_this_machine(state, name):
    shown = shown_by(tls.own(state))
    assert handshake(shown, tls.trust(state), name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(shown, tls.trust(state), "exams.example.org")


def test_it_is_believed_by_nobody_else(state):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(shown_by(tls.own(state)), ssl.create_default_context(), "localhost")


def test_it_stays_for_two_months_and_its_key_is_its_owners(state):
    pair = tls.own(state)
    assert tls.is_own(pair, state)
    assert stat.S_IMODE(Path(pair.private_key).stat().st_mode) == 0o600
    before = tls.authority(state).read_bytes()
    assert tls.own(state) == pair
    assert tls.authority(state).read_bytes() == before
    old = time.time() - 61 * DAY_SECONDS
    os.utime(pair.certificate, (old, old))
    tls.own(state)
    assert tls.authority(state).read_bytes() != before


def test_a_pair_that_is_none_is_named(tmp_path):
    ours, other = (trustme.CA().issue_cert("localhost") for _ in range(2))
    certificate, key = tmp_path / "public.crt", tmp_path / "public.key"
    certificate.write_bytes(ours.cert_chain_pems[0].bytes())
    key.write_bytes(ours.private_key_pem.bytes())
    assert tls.Pair(str(certificate), str(key)).checked().private_key == str(key)
    key.write_bytes(other.private_key_pem.bytes())
    with pytest.raises(RunnerError, match="no certificate and its key"):
        tls.Pair(str(certificate), str(key)).checked()
    with pytest.raises(RunnerError, match="no certificate and its key"):
        tls.Pair(str(certificate), str(tmp_path / "nothing")).checked()


def test_a_layout_with_tls_says_so_wherever_an_address_is_told(state):
    pair = tls.own(state)
    secure = Layout(state, port_plan(environment={}), {}, pair)
    assert secure.url == "https://localhost:8000"
    assert secure.environment("realtime")["ALLOWED_ORIGINS"].startswith("https://localhost:8000,")
    secure.write_gateway_config()
    assert pair.private_key in state.gateway.read_text()
    assert {each.name for each in state.gateway_live.iterdir()} == {"clusters.yaml", "routes.yaml"}
    state.write_run(secure.about())
    assert Layout.read(state).tls == pair
