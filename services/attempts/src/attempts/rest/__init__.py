"""REST: translates, authorises and calls one deed on a worker thread; decides nothing itself.

`exams` serves /api/v1/exams, `attempts` serves /api/v1/attempts, `shared` holds what both need.
"""
