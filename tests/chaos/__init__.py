"""Faults done to the running platform, and the oracle that says what survived (README.md)."""
