"""Takes in events and timings, keeps them as evidence, counts them; a map, from the outside in.

`app` composes; `rest` and `rpc` translate; `schemas` are the bodies; `intake` groups what waits
(`grouping`) and lets `recording` write it in one transaction; `inbox` hears what attempts says and
`delivering` compares it with what came; `legacy` imports. `store`, `timing_store`, `delivery_store`
and `numbering` hold the SQL, `notices` what is announced, `attempts_client` and `auth_client` the
ways out. `risk` scores attempts, `listing` sorts those of an exam. The rules are `attempt`,
`event`, `timing`, `delivery`, `chain` and `origins`.
"""
