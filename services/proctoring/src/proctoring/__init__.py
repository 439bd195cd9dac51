"""Takes in events and timings, keeps them as evidence, counts them; a map, from the outside in.

`app` composes; `rest` and `rpc` translate. What students post comes on the lanes of `posting`
(`limits`, `schemas`), is grouped by `intake` (`grouping`) and written by `recording`: events by one
statement (`intake_store`), timings by `timekeeping`. `days` makes the partitions. `inbox` hears
what attempts says, `delivering` compares it with what came, `legacy` imports. `store`,
`timing_store`, `delivery_store` and `numbering` hold further SQL, `notices` what is announced,
`attempts_client` and `auth_client` the ways out, `keyring` the key that signs, `edge` what the REST
modules share. `recorded` is the text of a notice. The rules are `attempt`, `event`, `timing`,
`delivery` and `chain`. Packages: `evidence`, `retention`, `risk`, `review`, `listing`, `pulse`,
`report`, `acting`, `snapshots`, `outgoing` and `replay`.
"""
