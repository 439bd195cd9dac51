"""What leaves the platform: facts for other systems as signed webhooks, mail (ADR 65, 66).

The rules: `topic` says which notice is told, `letter` which is mailed, and in which words; `place`
where something may be sent; `signature` how it is signed (Standard Webhooks 1.0.0); `schedule` what
an answer means and when to try again. `hearing` turns the bus into rows, `sending` takes what is
due and gives it to a carrier (`carrying`): `webhook` or `mail`. `keeping` holds what administrators
do, `sweeping` forgets what is old. `store` and `endpoint_store` hold the SQL, `parts` puts it
together, `holdings` joins retention and a person's export.
"""
