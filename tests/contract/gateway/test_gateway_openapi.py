"""The merged description: every public path once, every reference meets its target."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[3] / "deploy" / "gateway"


def service(path: str, field: str) -> dict:
    user = {"type": "object", "properties": {field: {"type": "string"}}}
    page = {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}
    operation = {"operationId": "read", "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "paths": {path: {"get": operation}, "/metrics": {"get": {}}, "/health/live": {"get": {}}},
        "components": {
            "schemas": {"User": user, "Page": page, "Role": {"type": "string"}},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


@pytest.fixture
def merge(tmp_path):
    def run(**documents: dict) -> subprocess.CompletedProcess[str]:
        for name, document in documents.items():
            (tmp_path / name).write_text(json.dumps(document))
        sources = [f"{name}={tmp_path / name}" for name in documents]
        command = [sys.executable, str(GATEWAY / "openapi.py"), *sources]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    return run


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "$ref" else references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def missing(document: dict) -> list[str]:
    schemas = {f"#/components/schemas/{name}" for name in document["components"].get("schemas", ())}
    return [target for target in references(document) if target not in schemas]


def test_only_public_paths_are_described(merge):
    made = json.loads(merge(auth=service("/api/v1/auth/me", "name")).stdout)
    assert set(made["paths"]) == {"/", "/health", "/api/v1/auth/me"}


def test_one_name_for_two_things_becomes_two_names(merge):
    made = json.loads(
        merge(
            auth=service("/api/v1/auth/me", "name"),
            attempts=service("/api/v1/attempts/me", "title"),
        ).stdout
    )
    schemas = made["components"]["schemas"]
    assert set(schemas) == {"User", "Page", "Role", "attempts.User", "attempts.Page"}
    assert missing(made) == []
    assert "title" in json.dumps(schemas["attempts.User"])


def test_what_refers_to_a_renamed_shape_is_renamed_too(merge):
    made = json.loads(
        merge(
            auth=service("/api/v1/auth/me", "name"),
            attempts=service("/api/v1/attempts/me", "title"),
        ).stdout
    )
    assert follow(made, "/api/v1/auth/me") == {"name"}
    assert follow(made, "/api/v1/attempts/me") == {"title"}


def follow(document: dict, path: str) -> set[str]:
    schemas = document["components"]["schemas"]

    def target(reference: dict) -> dict:
        return schemas[reference["$ref"].rpartition("/")[2]]

    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    return set(target(target(content["application/json"]["schema"])["items"])["properties"])


def test_operation_ids_stay_unique(merge):
    made = json.loads(
        merge(auth=service("/api/v1/auth/me", "a"), attempts=service("/api/v1/exams/", "a")).stdout
    )
    ids = [
        made["paths"][p]["get"].get("operationId") for p in ("/api/v1/auth/me", "/api/v1/exams/")
    ]
    assert ids == ["read", "read_2"]


def test_a_path_of_two_services_is_an_error(merge):
    seen = merge(auth=service("/api/v1/auth/me", "a"), attempts=service("/api/v1/auth/me", "a"))
    assert seen.returncode != 0
    assert "/api/v1/auth/me is described twice" in seen.stderr


def test_the_committed_description_is_whole():
    made = json.loads((GATEWAY / "openapi.json").read_text())
    assert {"/", "/health"} <= set(made["paths"])
    assert missing(made) == []
