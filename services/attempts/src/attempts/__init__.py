"""attempts: exams, attempts, answers and grades; the one that decides until when a student may.

Where to look. Rules, pure: `attempt` (statuses and the clock), `answer` (what counts as an answer
and how a save changes it), `question`, `exam`, `grading`, `result`. Deeds, one transaction each:
`lifecycle` (begin, submit, expire, collect), `saving` (answers and flags), `marking` (the grade of
stored answers, by the machine or by hand), `reading`, `exchanging` (files of other systems, which
the rules in `exchange` read and write). Edges: `rest`, `rpc`, `clock`, `importer`.
Every SQL statement is in `store`; what is announced is built in `notices`.
"""
