"""Statements on the receipts of submits and on the keys that signed them; both only grow."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select, text
from sqlalchemy.orm import Session

from attempts.receipt import Receipt
from attempts.tables import ReceiptKeyRow, ReceiptRow

_ADD = text("""
WITH key AS (
  INSERT INTO attempts.receipt_keys (kid, public_key) VALUES (:kid, :public_key)
  ON CONFLICT (kid) DO NOTHING
)
INSERT INTO attempts.receipts (attempt_id, body, signature, kid)
SELECT attempt_id, body, signature, :kid
FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:bodies AS text[]),
            CAST(:signatures AS bytea[])) AS new (attempt_id, body, signature)
ON CONFLICT (attempt_id) DO NOTHING
""")


def add(session: Session, kid: str, public_key: bytes, receipts: Sequence[Receipt]) -> None:
    """Store receipts signed by one key; the first receipt of an attempt stays."""
    if not receipts:
        return
    session.execute(
        _ADD,
        {
            "kid": kid,
            "public_key": public_key,
            "attempt_ids": [receipt.attempt_id for receipt in receipts],
            "bodies": [receipt.body for receipt in receipts],
            "signatures": [receipt.signature for receipt in receipts],
        },
    )


def of_attempt(session: Session, attempt_id: int) -> Receipt | None:
    """Return the receipt of one attempt."""
    query = select(ReceiptRow.__table__).where(ReceiptRow.attempt_id == attempt_id)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else _receipt(row)


def public_keys(session: Session) -> list[bytes]:
    """Return every public key that has signed a receipt, the newest first."""
    query = select(ReceiptKeyRow.public_key).order_by(ReceiptKeyRow.first_used_at.desc())
    return [bytes(key) for key in session.execute(query).scalars()]


def _receipt(row: RowMapping) -> Receipt:
    return Receipt(row["attempt_id"], row["body"], bytes(row["signature"]), row["kid"])
