"""The command line: settings named when missing, masked when shown, verbs only where they mean."""

import io
import json
import sys

import pytest
from chassis.commands import Service, main
from chassis.settings import DatabaseSettings, ServiceSettings
from chassis.store_commands import Import
from fastapi import FastAPI
from sqlalchemy import insert

ENVIRONMENT = {
    "REST_PORT": "1",
    "GRPC_PORT": "2",
    "NATS_URL": "nats://reader:swordfish@127.0.0.1:1",
    "JWKS_URL": "http://127.0.0.1:1/keys",
    "DATABASE_URL": "postgresql://app:swordfish@127.0.0.1:1/d",
}
STATELESS = Service("thing", "A thing.", ServiceSettings, lambda _: FastAPI())
STATEFUL = Service("thing", "A thing.", DatabaseSettings, lambda _: FastAPI())


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_are_shown_without_their_secrets(capsys):
    assert main(STATEFUL, ["check-settings"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown)["rest_port"] == 1
    assert "swordfish" not in shown


def test_what_is_missing_or_wrong_is_named_without_its_value(environment, capsys):
    environment.delenv("DATABASE_URL")
    environment.setenv("REST_PORT", "swordfish")
    assert main(STATEFUL, ["serve"]) == 2
    said = capsys.readouterr().err
    assert "DATABASE_URL: " in said
    assert "REST_PORT: " in said
    assert "swordfish" not in said


@pytest.mark.parametrize("verb", ["migrate", "import", "nonsense"])
def test_a_service_without_a_store_offers_no_verb_for_it(verb: str, capsys):
    with pytest.raises(SystemExit) as ended:
        main(STATELESS, [verb])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_import_hands_its_options_to_the_importer(environment, urls, outbox, capsys):
    environment.setenv("DATABASE_URL", urls.app_url)
    line = json.dumps({"table": "notes", "row": {"order_key": 3}})
    environment.setattr(sys, "stdin", io.StringIO(line))

    def loader(chosen):
        def load(session, rows, report, progress):
            for row in rows["notes"]:
                session.execute(insert(outbox).values(subject="s", payload={}, **row))
            report.changed.append(f"colour {chosen.colour}, windows kept {chosen.keep_windows}")

        return load

    verb = Import(loader, lambda parser: parser.add_argument("--colour"))
    service = Service("thing", "", DatabaseSettings, lambda _: FastAPI(), (verb,))
    assert main(service, ["import", "--colour", "red", "--keep-windows"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])["report"]
    assert report["changed"] == ["colour red, windows kept True"]
