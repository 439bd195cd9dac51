"""Forgets what need not be kept: payloads after their time, a person on demand.

`due` says what is to go, `record` what is signed about it; `erasing` does it to one attempt, a run
or a person, `clock` by itself; `keeping` holds the exams' policies and the holds; `exporting` tells
a person what is stored about him. `holdings` is where other concepts join with what they hold.
"""
