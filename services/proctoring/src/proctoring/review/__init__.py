"""What people make of the evidence: review, decision, appeal, decision by another (ADR 23).

`case` is the state machine and `reasons` the list of reasons, both pure; `history` says what the
append-only record of a review holds; `reviewing` has the deeds, `clock` closes what is over;
`holds` tells retention what must be kept. Nothing here changes an attempt or a mark.
"""
