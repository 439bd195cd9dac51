"""Hands out what was recorded so that others can check it: sealed heads, the bundle."""
