"""Who may come in: users and their roles, logins, tokens and the keys that sign them.

Read `accounts`, `throttle`, `passwords` and `tokens` first: they decide and do no I/O. `sign_in` is
the one deed: it loads, asks the rules, saves and announces. `store` and `keyring` hold the SQL,
`hashing` the threads, `turns` the line in front of them; `rest` and `rpc` translate, `clock`
repeats what must be repeated, `importer` takes people over from another system, `app` puts
everything together.
"""
