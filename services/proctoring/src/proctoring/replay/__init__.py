"""Puts back into the stream what it has lost of events (ADR 34).

`command → rebuilding → store → held`: the verb; the deed, which looks at what the stream holds and
says the rest again; the notices as rows give them; what is there, in little room.
"""
