"""Every SQL statement of the service; functions return the rules' objects, never rows.

`exams` (trades, questions, exams), `attempts` (attempts and their transitions), `answers` (answers,
their first results and marks), `receipts` (of submits), `grades` (their versions, regrades),
`hand_marks`, `rubrics`. A function with `lock` in its name locks what it returns.
"""
