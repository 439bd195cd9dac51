"""The runner `oep`: the whole platform on one machine without containers, and every test's servers.

Read in this order: `layout` and `plan` say what the platform consists of, `supervisor` keeps it
alive, `hosting` brings both together for a terminal (`__main__`) and for tests (`rig`, `fixtures`);
`control` acts on it from outside. Below them `postgres`, `nats` and `containers` know one server
each, `access` the ways into a database, `processes` and `launch` how a child is born and dies,
`unprivileged` whom PostgreSQL runs as, `state` and `ports` where everything is.

Beside the runner live its users: `legacy` imports a portal's dump, `seed` the demo data, `demo`
plays an exam.
"""
