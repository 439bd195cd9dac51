# ruff: noqa: INP001  # a script that is run by its path
"""Write openapi.json from the services as they stand in this checkout, without starting one.

`make openapi` runs it and then types the pages' client by it; a test fails when the committed
document says something else, and `make lint` when the client does.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, get_type_hints

FOLDER = Path(__file__).parent
SERVICES = ("auth", "attempts", "proctoring", "realtime")
NOWHERE = "127.0.0.1:1"
PLACEHOLDERS = {
    "REST_PORT": "1",
    "GRPC_PORT": "1",
    "DATABASE_URL": f"postgresql://nobody:nothing@{NOWHERE}/nowhere",
    "NATS_URL": f"nats://{NOWHERE}",
    "JWKS_URL": f"http://{NOWHERE}/",
    "AUTH_GRPC": NOWHERE,
    "ATTEMPTS_GRPC": NOWHERE,
    "PROCTORING_GRPC": NOWHERE,
    "SIGNING_KEY_SECRET": "describes itself, signs nothing at all",
    "RECEIPT_SIGNING_SECRET": "describes itself, signs nothing at all",
    "EVIDENCE_SIGNING_SECRET": "describes itself, signs nothing at all",
    "NODE_ID": "nowhere",
}


def document(service: str) -> dict[str, Any]:
    """Return a service's own OpenAPI document; nothing is connected."""
    os.environ.update(PLACEHOLDERS)
    create_app = importlib.import_module(f"{service}.app").create_app
    settings = get_type_hints(create_app)["settings"].from_environment()
    described: dict[str, Any] = create_app(settings).openapi()
    return described


def collected() -> str:
    """Return the text of the merged document."""
    sys.path.insert(0, str(FOLDER))
    merge = importlib.import_module("openapi").merge
    merged = merge({service: document(service) for service in SERVICES})
    return json.dumps(merged, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (FOLDER / "openapi.json").write_text(collected(), encoding="utf-8")
