"""`oep capacity`: from how many students to how many nodes, and what breaks first.

`measured.json` holds what one of each request takes (`make bench-units ARGS=--keep`); `costs` adds
what other benchmarks measured and what nobody did. `demand` says what a crowd does in the worst
moments of an exam, `sizing` makes machines of it, `walls` finds what cannot be made larger, `money`
what it costs, and `simulation` plays the moments with the measured times. Pure but for the command;
docs/capacity.md explains it.
"""
