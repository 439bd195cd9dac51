"""The receipt of a submit on the wire, and the keys with which anybody may check it (ADR 0014)."""

import base64
import json
from collections.abc import Iterable
from typing import Any, Self

from chassis import signing
from pydantic import BaseModel

from attempts.receipt import Receipt
from attempts.schemas.results import AttemptResultBody, result_fields
from attempts.submitting import Submission


class ReceiptBody(BaseModel):
    """What `oep verify` takes: `signature` (base64) covers the canonical JSON of `receipt`."""

    receipt: dict[str, Any]
    signature: str
    kid: str
    algorithm: str

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        return cls(
            receipt=json.loads(receipt.body),
            signature=base64.b64encode(receipt.signature).decode("ascii"),
            kid=receipt.kid,
            algorithm=signing.ALGORITHM,
        )


class SubmissionBody(AttemptResultBody):
    receipt: ReceiptBody

    @classmethod
    def of_submission(cls, done: Submission) -> Self:
        return cls(**result_fields(done.attempt), receipt=ReceiptBody.of(done.receipt))


class KeysBody(BaseModel):
    """A JWKS."""

    keys: list[dict[str, str]]

    @classmethod
    def of(cls, public: Iterable[bytes]) -> Self:
        return cls(keys=[signing.jwk(key) for key in dict.fromkeys(public)])
