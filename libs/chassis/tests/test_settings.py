"""Settings: the driver is named, secrets are not shown, what must differ has no default."""

import re

import pytest
from chassis.settings import DatabaseSettings, ServiceSettings, psycopg2_url
from pydantic import SecretStr, ValidationError

URL = "postgresql://auth_app:pa%2Fss@127.0.0.1:55432/exam_db"


def settings() -> DatabaseSettings:
    return DatabaseSettings(
        rest_port=1,
        grpc_port=2,
        nats_url="nats://127.0.0.1:1",
        jwks_url="http://127.0.0.1:1/keys",
        database_url=SecretStr(URL),
    )


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_the_driver_is_named(scheme: str):
    assert psycopg2_url(f"{scheme}://u:p@h/d") == "postgresql+psycopg2://u:p@h/d"


@pytest.mark.parametrize("bad", ["mysql://u@h/d", "exam_db", ""])
def test_another_address_is_refused_with_its_form(bad: str):
    with pytest.raises(ValueError, match="postgresql://user"):
        psycopg2_url(bad)


def test_secrets_are_masked():
    shown = settings().masked()
    assert "pa%2Fss" not in shown
    assert "auth_app:***@127.0.0.1:55432/exam_db" in shown


def test_each_of_several_addresses_is_masked():
    cluster = "nats://oep:one@nats-0:4222,nats://oep:two@nats-1:4222"
    shown = settings().model_copy(update={"nats_url": cluster}).masked()
    assert "nats://oep:***@nats-0:4222,nats://oep:***@nats-1:4222" in shown
    assert "two" not in shown


def test_what_is_no_address_is_hidden_whole():
    told = {
        "nats_url": "nats://oep:one,two@nats-0:4222",
        "database_url": SecretStr("postgresql://a:three@one:5432,two:5432/exam_db"),
    }
    shown = settings().model_copy(update=told).masked()
    assert not re.search("one|two|three", shown)


def test_origins_are_read_as_a_list():
    read = settings().model_copy(update={})
    assert "http://localhost:5173" in read.allowed_origins
    parsed = ServiceSettings(
        rest_port=1, nats_url="n", jwks_url="j", allowed_origins="http://a, http://b"
    )
    assert parsed.allowed_origins == ("http://a", "http://b")


def test_what_must_differ_has_no_default(monkeypatch):
    for name in ("REST_PORT", "NATS_URL", "JWKS_URL", "DATABASE_URL", "GRPC_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValidationError) as caught:
        DatabaseSettings.from_environment()
    missing = {error["loc"][0] for error in caught.value.errors()}
    assert missing == {"rest_port", "grpc_port", "nats_url", "jwks_url", "database_url"}


def test_a_password_in_any_address_is_masked():
    shown = ServiceSettings(
        rest_port=1, nats_url="nats://oep:very-secret@nats:4222", jwks_url="http://auth:8101/keys"
    ).masked()
    assert "very-secret" not in shown
    assert "nats://oep:***@nats:4222" in shown
    assert "http://auth:8101/keys" in shown
