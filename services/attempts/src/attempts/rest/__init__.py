"""REST: translates, authorises and calls one deed on a worker thread; decides nothing itself.

`exams` (reading) and `content` (writing) serve /api/v1/exams, `sitting` (by students),
`attempts` and `receipts` serve /api/v1/attempts, `audit` its audit; `shared` holds what all need.
"""
