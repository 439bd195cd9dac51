"""What OpenAPI says of problems follows from what an operation is made of."""

import contextlib

import pytest
from chassis.access import AnyCaller
from chassis.serving import service
from pydantic import BaseModel


class Thing(BaseModel):
    name: str


@contextlib.asynccontextmanager
async def nothing(_):
    yield


@pytest.fixture
def document():
    app = service("things", "1", nothing, {})

    @app.get("/open")
    async def show() -> Thing: ...

    @app.get("/things/{thing_id}")
    async def one(caller: AnyCaller, thing_id: int) -> Thing: ...

    @app.post("/things", responses={409: {"description": "Its own word"}})
    async def add(caller: AnyCaller, body: Thing) -> Thing: ...

    @app.post("/login")
    async def login(body: Thing) -> Thing: ...

    return app.openapi()


def statuses(document, path, method):
    return set(document["paths"][path][method]["responses"])


def test_an_operation_names_the_problems_that_its_parts_bring(document):
    assert statuses(document, "/open", "get") == {"200", "503"}
    assert statuses(document, "/things/{thing_id}", "get") == {
        "200", "400", "401", "403", "404", "422", "503"
    }  # fmt: skip
    assert statuses(document, "/things", "post") == {
        "200", "400", "401", "403", "404", "409", "413", "422", "503"
    }  # fmt: skip
    assert "429" in statuses(document, "/login", "post")


def test_what_a_route_says_itself_stays(document):
    assert document["paths"]["/things"]["post"]["responses"]["409"] == {
        "description": "Its own word"
    }


def test_every_problem_has_the_one_shape_and_its_own_media_type(document):
    schema = {"$ref": "#/components/schemas/Problem"}
    found = document["paths"]["/things"]["post"]["responses"]["422"]
    assert found["content"] == {"application/problem+json": {"schema": schema}}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    again = document["paths"]["/things"]["post"]["responses"]["503"]
    assert set(again["headers"]) == {"Retry-After"}


def test_who_needs_a_token_says_so(document):
    assert document["paths"]["/things"]["post"]["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/open"]["get"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
