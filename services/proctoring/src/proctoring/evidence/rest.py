"""REST of evidence: the published keys with which anybody may check what was signed here."""

from chassis.signing import SigningKey
from fastapi import APIRouter, Request, Response

from proctoring import keyring
from proctoring.edge import read
from proctoring.evidence.schemas import KeysBody

router = APIRouter(prefix="/api/v1/proctoring", tags=["evidence"])

_KEYS_SECONDS = 300


@router.get("/evidence-keys")
async def list_keys(request: Request, response: Response) -> KeysBody:
    """Return all keys that have signed evidence, and the one that signs now, to anybody."""
    key: SigningKey = request.app.state.signing_key
    used = await read(request, keyring.public_keys)
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_SECONDS}"
    return KeysBody.of([key.public, *used])
