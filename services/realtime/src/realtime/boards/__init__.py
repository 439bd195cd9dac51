"""Proctors' boards: what an exam looks like now, kept on the node and shown in two ways (ADR 30).

`row` is one attempt and how a notice changes it, `order` puts rows incident-first and filters them,
`board` is an exam's rows as they are now, `window` the part of a board that some proctors look at,
`pace` says when a frame may leave. None of them asks anybody. `loading` asks attempts and
proctoring, once for all who wait, `arrivals` auth for the names of new attempts; `watching` ties
boards to connections.
"""
