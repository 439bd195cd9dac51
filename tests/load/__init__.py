"""What the platform costs and holds, measured against twins that do less.

`__main__` takes the commands, `rig` starts the platform and the twins and signs people in, `world`
says who and what there is, `client` sends and times, `meters` reads what processes cost, `ledger`
compares what was acknowledged with what is stored, `figures` counts and prints. `bench_save`,
`bench_begin` and `bench_login` are the measurements. Nothing here asserts a time; README.md tells
how to read the numbers.
"""
