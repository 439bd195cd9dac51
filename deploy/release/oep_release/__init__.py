"""Releases of one service at a time: what was released, its build, its parts, its neighbours.

Read in this order: `versions` and `changelog` are rules on texts, `history` what git and
`releases.toml` know, `building` makes a release again from its commit, `parts` lists and audits
what it is made of, `matrix` runs it between today's neighbours, `releasing` makes a new one.
`python -m oep_release` is the command; docs/releases.md says how a team uses it.
"""

SERVICES = ("auth", "attempts", "proctoring", "realtime")
