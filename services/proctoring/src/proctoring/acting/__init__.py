"""What staff and student do with each other while he sits: actions, claims, hands, chat.

`rest_actions`, `rest_claims` and `rest_talk` translate (`rest` gathers them, `guarding` says who
may, `schemas` are the bodies). `doing` asks for actions and settles them, `seeing` shows and
acknowledges them, `claiming` says who looks after whom, `talking` is hands and chat, `closing` ends
what is open when an attempt is closed; the service's `inbox` and `sweeping` see to that. `store`,
`claim_store` and `talk_store` hold the SQL, `clients` are the ways out. The rules are `action`,
`claim` and `talk`.
"""
