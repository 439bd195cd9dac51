"""Signatures and secrets, by the specification's vector and by its own library."""

import base64
import time
from datetime import UTC, datetime, timedelta

import pytest
from proctoring.outgoing import endpoint, signature
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "an installation's secret of 32 letters"


def test_the_published_vector_is_signed_as_it_was_published():
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    told = signature.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [key]
    )
    assert told == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_whsec_and_24_to_64_bytes_in_base64():
    shown = signature.shown(signature.key_of(SECRET, signature.new_salt()))
    assert shown.startswith("whsec_")
    assert 24 <= len(base64.b64decode(shown.removeprefix("whsec_"), validate=True)) <= 64


def test_each_endpoint_has_a_key_of_its_own_and_each_installation():
    one, other = signature.new_salt(), signature.new_salt()
    assert signature.key_of(SECRET, one) == signature.key_of(SECRET, one)
    assert signature.key_of(SECRET, one) != signature.key_of(SECRET, other)
    assert signature.key_of(SECRET, one) != signature.key_of(SECRET + "!", one)


def test_id_timestamp_and_body_are_all_signed():
    key = signature.key_of(SECRET, signature.new_salt())
    now, library = int(time.time()), Webhook(signature.shown(key))
    told = dict(signature.headers("attempts-1", now, b"{}", [key]))
    assert library.verify(b"{}", told) == {}
    changed = (
        (b"[]", told),
        (b"{}", told | {"webhook-id": "attempts-2"}),
        (b"{}", told | {"webhook-timestamp": str(now + 1)}),
    )
    for body, headers in changed:
        with pytest.raises(WebhookVerificationError):
            library.verify(body, headers)


def test_an_id_with_a_full_stop_is_refused():
    with pytest.raises(ValueError, match="full stop"):
        signature.headers("a.1", 1, b"", [b"k"])


def test_while_a_secret_is_changed_both_sign_and_a_receiver_may_know_either():
    now = datetime.now(UTC)
    old, new = signature.new_salt(), signature.new_salt()
    keys = endpoint.keys(SECRET, new, old, now + timedelta(hours=1), now)
    told = dict(signature.headers("attempts-1", int(now.timestamp()), b"{}", keys))
    assert len(told["webhook-signature"].split(" ")) == 2
    for salt in (old, new):
        known = signature.shown(signature.key_of(SECRET, salt))
        assert Webhook(known).verify(b"{}", told) == {}


def test_the_secret_before_signs_no_longer_than_it_was_said():
    now = datetime.now(UTC)
    old, new = signature.new_salt(), signature.new_salt()
    only_new = [signature.key_of(SECRET, new)]
    assert endpoint.keys(SECRET, new, old, now, now) == only_new
    assert endpoint.keys(SECRET, new, None, None, now) == only_new
