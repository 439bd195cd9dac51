"""/api/v1/attempts: receipts of submits, and the public keys with which they are checked."""

from chassis.access import AnyCaller
from fastapi import APIRouter, Response

from attempts.rest.shared import App, PathId, Sees
from attempts.schemas.receipts import KeysBody, ReceiptBody

router = APIRouter(prefix="/api/v1/attempts", tags=["attempts"])

_KEYS_SECONDS = 300


@router.get("/receipt-keys")
async def list_keys(app: App, response: Response) -> KeysBody:
    """Return all keys that have signed receipts, and the one that signs now, to anybody."""
    used = await app.database.run(app.reading.receipt_keys)
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_SECONDS}"
    return KeysBody.of([app.receipt_key, *used])


@router.get("/{attempt_id}/receipt")
async def get_receipt(
    caller: AnyCaller, app: App, attempt_id: PathId, sees_all: Sees
) -> ReceiptBody:
    """Return the receipt as it was signed, to whom the result is shown."""
    receipt = await app.database.run(
        app.reading.receipt, attempt_id, caller.user_id, sees_all=sees_all
    )
    return ReceiptBody.of(receipt)
