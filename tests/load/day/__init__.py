"""One exam day under load: five scenarios on one platform, each beside its naive twin.

`size` says how much, `course` starts the platform and plays the scenarios in turn, `book` keeps
what was acknowledged and lays it beside the database, `outcome` tells. The scenarios: `morning`
(a), `storm` (b), `hour` (c), `bell` (d), `wave` (e). `seat` is a student's socket, `posting` what
students post at fixed times.
"""
