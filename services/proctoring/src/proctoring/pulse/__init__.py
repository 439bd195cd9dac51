"""How the events of an exam came in its last minutes: where the sparklines of a board begin."""
